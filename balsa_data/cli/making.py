"""Commands that make samples, and look at them before and after."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from balsa_data.cli.options import Json, Limit, RecipeArgument, Set, app, recipe_of, values


def _print_table(lines: list[dict[str, str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*(name for name in lines[0]), box=box.SIMPLE_HEAD, show_lines=False)
    for line in lines:
        table.add_row(*line.values())
    Console(markup=False).print(table)


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
def show(recipe: RecipeArgument, settings: Set = []) -> None:
    """Print a recipe, and one clip of each task as it will be sent.

    A corpus that is not on this machine is told of in one sentence; the recipe is printed all the same.

    Example: balsa show demo
    """
    import yaml

    from balsa_data.errors import CorpusError
    from balsa_data.estimate import first_requests
    from balsa_data.recipe import recipe_opening

    made = recipe_of(recipe, settings)
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
    api_base: Annotated[list[str], typer.Option(help="The backbone's address; several share the load.")] = [],
    concurrency: Annotated[int, typer.Option(min=1, help="Requests in flight, at most.")] = 64,
    seed: Annotated[int | None, typer.Option(help="Decides every draw.")] = None,
    retry_failures: Annotated[bool, typer.Option("--retry-failures", help="Ask again what got no answer.")] = False,
    judge_again: Annotated[
        bool, typer.Option("--judge-again", help="Judge all answers anew, by other checks; ask only what is missing.")
    ] = False,
    engine: Annotated[
        str, typer.Option(help="online; batch (a provider's Batch API); jsonl (files for an offline runner); ray.")
    ] = "online",
    cache: Annotated[Path | None, typer.Option(help="A file of answers that runs share.")] = None,
    limit: Limit = None,
    settings: Set = [],
    as_json: Json = False,
) -> None:
    """Make samples of a recipe. The same command again continues where it stopped.

    Example: balsa synthesize demo --out runs/demo --backbone local
    """
    from balsa_data.summary import summary, summary_table
    from balsa_data.synthesis import synthesize as run_it

    made = recipe_of(recipe, settings, limit, backbone=backbone, api_base=api_base, seed=seed)
    run = run_it(
        made, out=out, concurrency=concurrency, progress=not as_json, retry_failures=retry_failures, judge_again=judge_again,
        engine=engine, cache=cache,
    )  # fmt: skip
    if as_json:
        print(json.dumps(summary(run)))
    else:
        summary_table(run)


@app.command()
def estimate(
    recipe: RecipeArgument,
    calibrate: Annotated[int, typer.Option(min=0, help="Really ask so many; `synthesize` goes on from them.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder these are kept in; runs/NAME where not given.")
    ] = None,
    limit: Limit = None,
    settings: Set = [],
    as_json: Json = False,
) -> None:
    """Count requests, tokens and cost before a cent is spent. With --calibrate, after very few.

    Example: balsa estimate demo --set backbone=gpt-4o-mini
    """
    from balsa_data.estimate import estimate as count
    from balsa_data.progress import dollars

    found = count(recipe_of(recipe, settings, limit), calibrate=calibrate, out=out)
    if as_json:
        print(json.dumps(found))
        return
    for task, line in found["tasks"].items():
        print(
            f"{task:<16} {line['requests']:>10,} requests {line['prompt_tokens']:>14,} tokens in {line['completion_tokens']:>14,} out"
        )
    cost = "unknown: give `prices` in the recipe" if found["cost"] is None else dollars(found["cost"])
    print(
        f"{'total':<16} {found['requests']:>10,} requests {found['prompt_tokens']:>14,} tokens in {found['completion_tokens']:>14,} out"
    )
    print(f"cost: {cost}  ({found['assuming']})")


@app.command()
def check(
    samples: Annotated[
        Path, typer.Argument(help="A run's folder, or a JSONL file of samples.", metavar="RUN|FILE.jsonl")
    ],
    settings: Set = [],
    taxonomy: Annotated[list[Path], typer.Option(help="A file that extends the sound taxonomy.")] = [],
    as_json: Json = False,
) -> None:
    """Run the checks over samples, also ones made elsewhere. Exit 1 when any fails.

    A line of FILE.jsonl has task, prompt, response, and clips (a list of clips: captions, events, speech) or one clip's
    captions, events and speech beside them; absent (a list) where the sounds to deny were given.

    Example: balsa check samples.jsonl --set length.max_words=80
    """
    from balsa_data.checking import check_file
    from balsa_data.recipe import nested

    found = check_file(samples, nested({}, values(settings)), taxonomy)
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
