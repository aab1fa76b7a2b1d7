"""Commands of the reference trainer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from balsa_data.cli.options import CheckpointArgument, Json, app
from balsa_data.errors import InputError


@app.command()
def train(config: Annotated[Path, typer.Argument(help="A YAML file.", metavar="CONFIG")]) -> None:
    """Train the reference model on a published dataset. The same command again continues.

    Example: balsa train train.yaml
    """
    from balsa_data.train import train as fit

    _without_bars()
    print(fit(config))


@app.command()
def evaluate(
    checkpoint: CheckpointArgument,
    questions: Annotated[Path, typer.Option(help="A folder that `balsa evalset` wrote.")],
    out: Annotated[
        Path | None, typer.Option(help="Where figures and responses go; CKPT/evaluation where not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure what a trained model hears, invents and forgot.

    Example: balsa evaluate runs/model --questions evalset
    """
    from dataclasses import asdict

    from balsa_data.train import AudioLM
    from balsa_data.train.evaluate import evaluate as measure

    _without_bars()
    figures = measure(
        AudioLM.from_pretrained(checkpoint),
        questions,
        out=out or checkpoint / "evaluation",
        say=lambda told: typer.echo(told, err=True),
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
    from balsa_data.train import ask as answer

    *recordings, question = words
    if not recordings:
        raise InputError("give at least one recording, and the question after it")
    _without_bars()
    print(answer(checkpoint, recordings, question))


def _without_bars() -> None:
    """Keep other libraries' progress bars out of what is printed: loading weights and casting columns take a second."""
    import datasets
    from transformers.utils import logging

    datasets.disable_progress_bars()
    logging.disable_progress_bar()
