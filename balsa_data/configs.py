"""What a dataset folder may hold beside its samples: preference pairs, and the questions of an evaluation set.

Each is a config of its own. ``data/`` holds samples only, so that the config ``default`` never mixes them.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from balsa_data.errors import InputError

__all__ = ["EVALUATION", "PREFERENCE", "Counts", "declared", "questions", "take_in", "version"]

PREFERENCE, EVALUATION = "preference", "hallucination_eval"
Counts = Mapping[str, Mapping[str, int]]


def declared(others: Counts) -> list[dict[str, Any]]:
    """Return the card's entries for these configs."""
    patterns = {PREFERENCE: f"{PREFERENCE}/{{}}-*.parquet", EVALUATION: f"{EVALUATION}/{{}}.parquet"}
    return [
        {"config_name": name, "data_files": [{"split": s, "path": patterns[name].format(s)} for s in splits]}
        for name, splits in others.items()
    ]


def version(contents: Any) -> str:
    """Return the version of a config whose contents were hashed.

    datasets keeps what it has loaded by the folder's name, config and version: without one of its own, a dataset made anew,
    or another folder of the same name, would be taken for the one it knows.
    """
    return f"0.0.{int.from_bytes(contents.digest()[:4])}"


def questions(evalset: Path) -> dict[str, int]:
    """Return how many questions an evaluation set asks, by sampling.

    Raises:
        InputError: The folder is not one that ``balsa evalset`` wrote.
    """
    found = {path.stem: pq.read_metadata(path).num_rows for path in sorted(evalset.glob("*.parquet"))}
    if not found or not (evalset / "clips.csv").is_file():
        raise InputError(
            f"{evalset} is not an evaluation set (no clips.csv, no .parquet): make one with `balsa evalset`"
        )
    return found


def take_in(evalset: Path, folder: Path) -> None:
    """Copy an evaluation set's questions and what is known of its clips into a dataset folder; never its recordings."""
    (folder / EVALUATION).mkdir()
    for path in (*sorted(evalset.glob("*.parquet")), evalset / "clips.csv"):
        shutil.copyfile(path, folder / EVALUATION / path.name)
