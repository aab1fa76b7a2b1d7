"""With real weights and real recordings: the encoder hears, and training a real backbone works."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import datasets
import pytest
import torch

from balsa_data.errors import InputError
from balsa_data.train.config import Stage, TrainConfig
from balsa_data.train.encoder import Encoder
from balsa_data.train.trainer import train

pytestmark = pytest.mark.parts
CLASSES = ("tabla", "bd", "animals/birds", "elec")


def test_a_linear_probe_on_the_features_tells_kinds_of_sounds_apart(parts: Path) -> None:
    """Ridge regression on what the connector reads, two-fold, 13 recordings of each of four kinds."""
    encoder = Encoder(str(parts / "whisper-tiny.en"))
    features, kinds = [], []
    for row in map(json.loads, (parts / "sounds/clips.jsonl").read_text().splitlines()):
        if row["category"] in CLASSES and kinds.count(CLASSES.index(row["category"])) < 13:
            try:
                sound = encoder.load(parts / "sounds" / row["audio"], row["id"])
            except InputError:  # a few recordings are silent
                continue
            states = encoder([sound])[0]  # (layers, frames, width)
            features.append(torch.cat([states.mean(dim=1), states.std(dim=1, correction=0)], dim=1).flatten())
            kinds.append(CLASSES.index(row["category"]))
    x, y = torch.stack(features), torch.tensor(kinds)
    right = 0
    for fold in (0, 1):
        known = torch.arange(len(y)) % 2 == fold
        z = (x - x[known].mean(dim=0)) / (x[known].std(dim=0) + 1e-3)
        targets = torch.nn.functional.one_hot(y[known]).float() - 0.25
        kernel = z[known] @ z[known].T
        ridge = kernel.diagonal().mean() * torch.eye(len(kernel))
        weights = z[known].T @ torch.linalg.solve(kernel + ridge, targets)
        right += int(((z[~known] @ weights).argmax(dim=1) == y[~known]).sum())
    assert len(y) == 52
    assert right > 26  # chance is 13, and gets there once in 10,000 times


def test_a_real_backbone_learns_to_say_what_it_hears(parts: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (parts / "sounds/clips.jsonl").read_text().splitlines()]
    chosen = [next(row for row in lines if row["label"] == label) for label in ("crow", "horse")]
    rows = [
        {
            "id": row["id"], "prompt": "What do you hear?", "response": f"A {row['label']}.", "task": "positive",
            "audios": [{"bytes": (parts / "sounds" / row["audio"]).read_bytes(), "path": None}],
            "provenance": {"backbone": "local"},
        }
        for row in chosen
    ]  # fmt: skip
    datasets.Dataset.from_list(rows).to_parquet(tmp_path / "train.parquet")
    config = TrainConfig(
        dataset=str(tmp_path), out=str(tmp_path / "out"), backbone=str(parts / "smollm2-hf"), backbone_name="SmolLM2-135M-Instruct",
        encoder=str(parts / "whisper-tiny.en"), stages=(Stage(steps=6),), batch_size=2, queries=4, learning_rate=1e-3, warmup=1,
        connector="linear", feature_cache=str(tmp_path / "cache"), precision="fp32",
    )  # fmt: skip
    out = train(config, say=lambda _: None)
    losses = [json.loads(line)["loss"] for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0] - 1


def test_a_folder_needs_its_backbones_name(parts: Path, tmp_path: Path, dataset: Callable[..., str]) -> None:
    row = {"id": "a", "prompt": "?", "response": "A.", "task": "positive", "audios": ["a.wav"]}
    data = dataset([{**row, "provenance": {"backbone": "local"}}])
    config = TrainConfig(
        dataset=data, out=str(tmp_path / "o"), stages=(Stage(steps=1),),
        backbone=str(parts / "smollm2-hf"), encoder=str(parts / "whisper-tiny.en"),
    )  # fmt: skip
    with pytest.raises(InputError, match="name it by backbone_name"):
        train(config)
