"""Commands that take samples out: reports, exports, datasets, evaluation sets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from balsa_data.cli.options import Json, Limit, RecipeArgument, RunArgument, Set, app, recipe_of


def length(seconds: float) -> str:
    """Say how long something is, in hours, minutes or seconds."""
    unit, name = next((u, n) for u, n in ((3600, "h"), (60, "min"), (1, "s")) if seconds >= u or u == 1)
    return f"{seconds / unit:.1f} {name}"


def known_formats(incomplete: str) -> list[str]:
    """Return what a shell may complete to."""
    from balsa_data.exports import formats

    return [name for name in formats() if name.startswith(incomplete)]


@app.command()
def report(
    run: RunArgument,
    out: Annotated[Path | None, typer.Option(help="The page; RUN/report.html where not given.")] = None,
    recordings: Annotated[int, typer.Option(min=0, help="How many recordings to put into the page.")] = 80,
) -> None:
    """Write one self-contained HTML page: listen, read, plot.

    Example: balsa report runs/demo/run
    """
    from balsa_data.report import render
    from balsa_data.run import Run

    print(render(Run(run), out or run / "report.html", audio=recordings))


@app.command()
def export(
    source: Annotated[
        str, typer.Argument(help="A run, a dataset folder, or a dataset on the Hub.", metavar="RUN|DATASET")
    ],
    to: Annotated[str, typer.Option("--format", help="The trainer's format.", autocompletion=known_formats)],
    out: Annotated[Path, typer.Option(help="A folder that is empty or not there yet.")],
    rate: Annotated[int, typer.Option(min=1, help="Of the mono WAV files, in Hz.")] = 16000,
    join: Annotated[
        float | None, typer.Option(min=0, help="For one-clip formats: join clips with so many seconds of silence.")
    ] = None,
    preference: Annotated[
        bool, typer.Option("--preference", help="Pairs: accepted, and rejected for a false claim.")
    ] = False,
    audio_root: Annotated[
        Path | None, typer.Option(help="Where the recordings of a dataset without audio are.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write samples in the format of a trainer.

    Example: balsa export runs/demo/run --format desta --out exports/desta
    """
    from balsa_data import exports
    from balsa_data.run import Run

    opened = Run(Path(source)) if (Path(source) / "journal.db").exists() else source
    made = exports.export(opened, to, out, audio_rate=rate, join=join, preference=preference, audio_root=audio_root)
    if as_json:
        print(made.model_dump_json())
        return
    for file, n in made.files.items():
        print(f"{made.folder / file}: {n:,} records")
    print(f"{made.clips:,} recordings, {length(made.seconds)}")
    for why, n in made.left_out.items():
        print(f"left out: {n:,} ({why})")
    for warning in made.warnings:
        print(f"note: {warning}")
    print(made.usage)


@app.command()
def publish(
    run: RunArgument,
    name: Annotated[str, typer.Argument(help="Of the dataset on the Hub.", metavar="OWNER/NAME")],
    public: Annotated[bool, typer.Option("--public/--private", help="Who may see it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Build, verify and compare; upload nothing.")] = False,
    revision: Annotated[str | None, typer.Option(help="The branch.")] = None,
    audio: Annotated[str | None, typer.Option(help="embed, reference or none; by licence where not given.")] = None,
    template: Annotated[Path | None, typer.Option(help="A Jinja template of your own for the card.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where it is built; RUN/dataset where not given.")] = None,
    preference: Annotated[
        bool, typer.Option("--preference", help="Add pairs: accepted, and rejected for a false claim.")
    ] = False,
    evaluation: Annotated[
        Path | None, typer.Option("--evalset", help="Add the questions of a folder that `balsa evalset` wrote.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Build a dataset with its card, verify it, upload what changed.

    Example: balsa publish runs/demo/run me/my-dataset --dry-run
    """
    from huggingface_hub.utils import disable_progress_bars

    from balsa_data.recipe import PublishSpec, Recipe
    from balsa_data.run import Run

    if not sys.stderr.isatty():
        disable_progress_bars()
    chosen = Recipe.make(publish={"audio": audio}).publish.audio if audio else PublishSpec().audio
    made = Run(run).push_to_hub(
        name, private=not public, dry_run=dry_run, revision=revision, audio=chosen, template=template, folder=folder,
        preference=preference, evalset=evaluation,
    )  # fmt: skip
    if as_json:
        print(made.model_dump_json())
        return
    manifest = made.manifest
    print(f"{made.folder}: {manifest.total:,} samples, verified")
    for task, left_out in manifest.left_out.items():
        print(f"left out: {left_out:,} of {task}, whose clips are in both train and test")
    for config, splits in manifest.others.items():
        print(f"{config}: {sum(splits.values()):,} rows")
    if preference and "preference" not in manifest.others:
        print("preference: no response was refused for a false claim before another was accepted, so it is left out")
    if manifest.withheld:
        why = "; ".join(manifest.withheld)
        print(f"the audio is referred to, not embedded, for its licences ({why}): --audio embed if you may pass it on")
    else:
        print(f"audio: {manifest.audio}")
    sent = f"{len(made.uploaded)} files ({sum(made.uploaded.values()) / 1e6:.1f} MB), {made.unchanged} unchanged"
    print(f"{'would upload' if dry_run else 'uploaded'} {sent}, {'public' if public else 'private'}")
    print(made.url)


@app.command()
def evalset(
    recipe: RecipeArgument,
    out: Annotated[Path, typer.Option(help="A folder that is empty or does not exist yet.")],
    limit: Limit = None,
    settings: Set = [],
    as_json: Json = False,
) -> None:
    """Write hallucination questions in the field's format. From the metadata: no backbone is needed.

    Example: balsa evalset hallucination-eval --out eval/objects
    """
    from balsa_data.evalset import evalset as write

    asked = recipe_of(recipe, settings, limit)
    made = write(asked, out)
    if as_json:
        print(made.model_dump_json())
        return
    for name, count in made.questions.items():
        guessed = f", {made.blind[name]:.1%} right without hearing" if name in made.blind else ""
        print(f"{name:<12} {count:>9,} questions, half of them Yes{guessed}")
    for why, count in made.left_out.items():
        print(f"{count:,} clips are not asked about: {why}")
    if not asked.publish.test_fraction:
        print("no clip is held out: give publish.test_fraction, or a model trained on this recipe has heard them all")
    print(f"{out}: {made.clips:,} of {made.of_clips:,} clips, {made.recordings:,} recordings in audio/")
