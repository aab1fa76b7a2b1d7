"""Commands for the first hour: a recipe for one's own corpus, and a look at what is installed and answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from balsa_data.cli.options import Json, Set, app, known_recipes, recipe_of
from balsa_data.errors import InputError


@app.command()
def init(
    corpus: Annotated[
        Path, typer.Argument(help="A folder of recordings, a .csv, .tsv or .jsonl.", metavar="FOLDER|FILE")
    ],
    out: Annotated[Path | None, typer.Option(help="The recipe; NAME.yaml here where not given.")] = None,
) -> None:
    """Look at a corpus of yours and write a recipe for it.

    Example: balsa init clips.csv
    """
    from balsa_data.looking import draft, look, named, remarks

    out = out or Path(f"{named(corpus)}.yaml")
    if out.exists():
        raise InputError(f"{out} exists: give another with --out, or remove it")
    found = look(corpus)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(draft(found, out), "utf-8")
    print(f"{found.path}: {found.clips:,} clips, read as {found.reader}")
    for field, column in found.fields.items():
        print(f"  {field:<12} {column}")
    for remark in remarks(found):
        print(f"note: {remark}")
    print(f"{out}: `balsa show {out}` shows what will be asked, `balsa synthesize {out} --limit 5` tries it")


@app.command()
def doctor(
    recipe: Annotated[
        str | None,
        typer.Argument(
            help="What you want to run: what it needs must be there.",
            metavar="[RECIPE]",
            autocompletion=known_recipes,
        ),
    ] = None,
    api_base: Annotated[list[str], typer.Option(help="An address that should answer.")] = [],
    settings: Set = [],
    as_json: Json = False,
) -> None:
    """Say what is installed, what answers, whether the token works. Exit 1 where something is broken.

    Example: balsa doctor my.yaml
    """
    import json
    from dataclasses import asdict

    from balsa_data.doctor import examine

    lines = []
    for line in examine(recipe_of(recipe, settings) if recipe else None, tuple(api_base)):
        lines.append(line)
        if not as_json:
            print(f"{line.state:<8} {line.what:<11} {line.said}", flush=True)
    if as_json:
        print(json.dumps([asdict(line) for line in lines]))
    if any(line.state == "broken" for line in lines):
        raise typer.Exit(1)
