"""The commands: thin, one function each; what they do is in the library."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from balsa_data import __version__
from balsa_data.errors import BalsaError, InputError

INTERRUPTED = 130  # what typer makes of Ctrl-C

app = typer.Typer(
    name="balsa",
    help="Training data for audio-aware language models: written by the backbone itself, every claim checked.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RecipeArgument = Annotated[str, typer.Argument(help="One of `balsa recipes`, or a YAML file.", metavar="RECIPE")]
RunArgument = Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")]
CheckpointArgument = Annotated[Path, typer.Argument(help="The folder that training wrote.", metavar="CKPT")]
Set = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Override a recipe's value, e.g. checks.length.max_words=80."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def _values(settings: list[str], **named: Any) -> dict[str, Any]:
    """Return the overrides of a recipe: named options that were given, and KEY=VALUE settings, whose keys may be dotted."""
    import yaml

    values = {key: value for key, value in named.items() if value not in (None, [], ())}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: write KEY=VALUE")
        *parents, last = key.split(".")
        inner = values
        for parent in parents:
            inner = inner.setdefault(parent, {})
        try:
            inner[last] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"--set {setting}: the value is not valid YAML") from None
    return values


def _print_table(lines: list[dict[str, str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*(name for name in lines[0]), box=box.SIMPLE_HEAD, show_lines=False)
    for line in lines:
        table.add_row(*line.values())
    Console(markup=False).print(table)


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"balsa-data {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    pass


@app.command()
def recipes(as_json: Json = False) -> None:
    """List the recipes that come with the library.

    Example: balsa recipes
    """
    from balsa_data.recipe import recipe_headlines

    lines = recipe_headlines()
    if as_json:
        print(json.dumps(lines))
    elif sys.stdout.isatty():
        _print_table(lines)
    else:
        for line in lines:
            print("\t".join(line.values()))


@app.command()
def show(recipe: RecipeArgument, settings: Set = []) -> None:  # noqa: B006 (typer reads the default, nobody changes it)
    """Print a recipe, and one clip of each task as it will be sent.

    A corpus that is not on this machine is told of in one sentence; the recipe is printed all the same.

    Example: balsa show demo
    """
    import yaml

    from balsa_data.errors import CorpusError
    from balsa_data.estimate import first_requests
    from balsa_data.recipe import Recipe, recipe_opening

    made = Recipe.load(recipe, **_values(settings))
    print(recipe_opening(recipe))
    print(yaml.safe_dump(made.model_dump(mode="json", exclude_defaults=True), sort_keys=False, allow_unicode=True))
    try:
        requests = first_requests(made)
    except CorpusError as error:
        if all(Path(corpus.path).exists() for corpus in made.corpora):
            raise
        print(f"balsa: no clip to show yet: {error}; how to get the corpus is said above", file=sys.stderr)
        return
    for request in requests:
        print(f"--- {request.task}: clip {request.clips[0].id}")
        for message in request.messages:
            print(f"{message['role']}: {message['content']}\n")


@app.command()
def synthesize(
    recipe: RecipeArgument,
    out: Annotated[Path | None, typer.Option(help="The run's folder; runs/NAME where not given.")] = None,
    backbone: Annotated[str | None, typer.Option(help="A litellm model string, or local.")] = None,
    api_base: Annotated[list[str], typer.Option(help="The backbone's address; several share the load.")] = [],  # noqa: B006
    concurrency: Annotated[int, typer.Option(min=1, help="Requests in flight, at most.")] = 64,
    seed: Annotated[int | None, typer.Option(help="Decides every draw.")] = None,
    retry_failures: Annotated[bool, typer.Option("--retry-failures", help="Ask again what got no answer.")] = False,
    settings: Set = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Make samples; the same command again continues where it stopped.

    Example: balsa synthesize demo --out runs/demo --backbone local
    """
    from balsa_data.summary import summary, summary_table
    from balsa_data.synthesis import synthesize as run_it

    values = _values(settings, backbone=backbone, api_base=api_base, seed=seed)
    run = run_it(
        recipe, out=out, concurrency=concurrency, progress=not as_json, retry_failures=retry_failures, **values
    )
    if as_json:
        print(json.dumps(summary(run)))
    else:
        summary_table(run)


@app.command()
def estimate(recipe: RecipeArgument, settings: Set = [], as_json: Json = False) -> None:  # noqa: B006
    """Count requests, tokens and cost before a cent is spent.

    Example: balsa estimate demo --set backbone=gpt-4o-mini
    """
    from balsa_data.estimate import estimate as count
    from balsa_data.recipe import Recipe

    found = count(Recipe.load(recipe, **_values(settings)))
    if as_json:
        print(json.dumps(found))
        return
    for task, line in found["tasks"].items():
        print(
            f"{task:<16} {line['requests']:>10,} requests {line['prompt_tokens']:>14,} tokens in {line['completion_tokens']:>14,} out"
        )
    cost = "unknown: give `prices` in the recipe" if found["cost"] is None else f"${found['cost']:.2f}"
    print(
        f"{'total':<16} {found['requests']:>10,} requests {found['prompt_tokens']:>14,} tokens in {found['completion_tokens']:>14,} out"
    )
    print(f"cost: {cost}  ({found['assuming']})")


@app.command()
def check(
    samples: Annotated[
        Path, typer.Argument(help="A run's folder, or a JSONL file of samples.", metavar="RUN|FILE.jsonl")
    ],
    settings: Set = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Run the checks over samples, also ones made elsewhere; exit 1 when any fails.

    A line of FILE.jsonl has task, prompt, response, and clips (a list of clips: captions, events, speech) or one clip's
    captions, events and speech beside them; absent (a list) where the sounds to deny were given.

    Example: balsa check samples.jsonl --set length.max_words=80
    """
    from balsa_data.checking import check_file

    found = check_file(samples, _values(settings))
    if as_json:
        print(json.dumps(found))
    else:
        for line in found["failures"]:
            print(f"{line['where']}: {line['reason']}: {line['detail']}")
        for reason, n in found["reasons"].items():
            print(f"{reason:<20} {n:>8}")
        print(f"{found['passed']} of {found['samples']} samples pass")
    if found["passed"] < found["samples"]:
        raise typer.Exit(1)


@app.command()
def evalset(
    recipe: RecipeArgument,
    out: Annotated[Path, typer.Option(help="A folder that is empty or does not exist yet.")],
    settings: Set = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Write hallucination questions in the field's format, from the metadata; no backbone is needed.

    Example: balsa evalset hallucination-eval --out eval/objects
    """
    from balsa_data.evalset import evalset as write
    from balsa_data.recipe import Recipe

    made = write(Recipe.load(recipe, **_values(settings)), out)
    if as_json:
        print(made.model_dump_json())
        return
    for name, count in made.questions.items():
        guessed = f", {made.blind[name]:.1%} right without hearing" if name in made.blind else ""
        print(f"{name:<12} {count:>9,} questions, half of them Yes{guessed}")
    for why, count in made.left_out.items():
        print(f"{count:,} clips are not asked about: {why}")
    print(f"{out}: {made.clips:,} of {made.of_clips:,} clips, {made.recordings:,} recordings in audio/")


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
    to: Annotated[str, typer.Option("--format", help="The trainer's format.")],
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
    print(f"{made.clips:,} recordings, {made.seconds / 3600:.1f} h")
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
    as_json: Json = False,
) -> None:
    """Build the dataset folder with its card, verify it, upload what changed.

    Example: balsa publish runs/demo/run me/my-dataset --dry-run
    """
    from balsa_data.recipe import PublishSpec, Recipe
    from balsa_data.run import Run

    chosen = Recipe.make(publish={"audio": audio}).publish.audio if audio else PublishSpec().audio
    made = Run(run).push_to_hub(name, private=not public, dry_run=dry_run, revision=revision, audio=chosen)
    if as_json:
        print(made.model_dump_json())
        return
    print(f"{made.folder}: verified")
    print(
        f"{'would upload' if dry_run else 'uploaded'} {len(made.uploaded)} files ({sum(made.uploaded.values()) / 1e6:.1f} MB)"
    )
    print(made.url)


@app.command()
def train(config: Annotated[Path, typer.Argument(help="A YAML file.", metavar="CONFIG")]) -> None:
    """Train the reference model on a published dataset; the same command again continues.

    Example: balsa train train.yaml
    """
    from balsa_data import train as trainer

    print(trainer.train(config))


@app.command()
def evaluate(
    checkpoint: CheckpointArgument,
    questions: Annotated[Path, typer.Option(help="A folder that `balsa evalset` wrote.")],
    out: Annotated[
        Path | None, typer.Option(help="Where figures and responses go; CKPT/evaluation where not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure hallucination, description and forgetting of a trained model.

    Example: balsa evaluate runs/model --questions evalset
    """
    from dataclasses import asdict

    from balsa_data.train.evaluate import evaluate as measure

    figures = measure(
        checkpoint, questions, out=out or checkpoint / "evaluation", say=lambda told: typer.echo(told, err=True)
    )
    if as_json:
        print(json.dumps([asdict(figure) for figure in figures]))
        return
    for figure in figures:
        print(
            "  ".join(f"{value:.3f}" if isinstance(value, float) else str(value) for value in asdict(figure).values())
        )


@app.command()
def ask(
    checkpoint: CheckpointArgument,
    words: Annotated[list[str], typer.Argument(help="Recordings, and last the question.", metavar="AUDIO... QUESTION")],
) -> None:
    """Ask a trained model about recordings.

    Example: balsa ask runs/model a.wav b.wav "How do they differ?"
    """
    from balsa_data import train as trainer

    *recordings, question = words
    if not recordings:
        raise InputError("give at least one recording, and the question after it")
    print(trainer.ask(checkpoint, recordings, question))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where the recordings and the run go.")] = Path("runs/demo"),
    clips: Annotated[Path | None, typer.Option(help="Your own recordings, a text file beside each.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many recordings.")] = None,
) -> None:
    """Make samples from real recordings with the embedded backbone.

    Example: balsa demo
    """
    from balsa_data.demo import run_demo

    run_demo(out, clips, limit)


def main() -> None:
    """Run the command; a mistake of the user's is one sentence on stderr, never a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except BalsaError as error:
        print(f"balsa: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print("balsa: stopped; what was answered is kept: run the same command again to continue", file=sys.stderr)
            sys.stderr.flush()
            os._exit(INTERRUPTED)  # all is on disk, and taking litellm's modules down takes seconds
        raise


if __name__ == "__main__":
    main()
