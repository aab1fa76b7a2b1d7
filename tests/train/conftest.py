"""Tiny random parts and a tiny published dataset, made in a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
from tiny import BACKBONE, Row, random_parts

from balsa_data.train.config import Stage, TrainConfig
from balsa_data.train.model import AudioLM


@pytest.fixture(scope="session", autouse=True)
def _quiet(tmp_path_factory: pytest.TempPathFactory) -> None:
    torch.set_num_threads(1)
    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("datasets")
    datasets.disable_progress_bars()
    datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN = 0  # five seconds at the end of each stream of Parquet


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random backbone and a random Whisper with windows of two seconds, as folders."""
    folder = tmp_path_factory.mktemp("parts")
    random_parts(folder)
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Callable[..., str]:
    """Writes rows as a dataset folder and returns its path."""

    def write(rows: list[Row], name: str = "data", split: str = "train") -> str:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        datasets.Dataset.from_list(rows).to_parquet(folder / f"{split}.parquet")
        return str(folder)

    return write


@pytest.fixture
def config(tiny: Path, tmp_path: Path) -> Callable[..., TrainConfig]:
    """A small run over the tiny parts."""

    def make(dataset: str = "unused", steps: int = 4, **changes: Any) -> TrainConfig:
        values: dict[str, Any] = {
            "dataset": dataset, "out": str(tmp_path / "out"), "backbone": str(tiny / "backbone"),
            "backbone_name": BACKBONE, "encoder": str(tiny / "encoder"), "stages": (Stage(steps=steps),), "system": "Listen.",
            "queries": 3, "qformer_layers": 1, "batch_size": 4, "warmup": 1, "learning_rate": 1e-2, "precision": "fp32",
        }  # fmt: skip
        return TrainConfig(**{**values, **changes})

    return make


@pytest.fixture
def model(config: Callable[..., TrainConfig]) -> AudioLM:
    """An untrained model."""
    return AudioLM(config())
