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
CLASSES = ("tabla", "bd", "animals/birds", "ambi")


@pytest.mark.parts
def test_a_linear_probe_on_the_features_tells_kinds_of_sounds_apart(parts: Path) -> None:
    """Trained on half of the recordings of four kinds and tried on the other half; chance is at most the largest kind's share."""
    encoder = Encoder(str(parts / "whisper-tiny.en"), [2, 3])
    features, kinds = [], []
    for row in map(json.loads, (parts / "sounds/clips.jsonl").read_text().splitlines()):
        if row["category"] in CLASSES and kinds.count(CLASSES.index(row["category"])) < 10:
            try:
                sound = encoder.load(parts / "sounds" / row["audio"], row["id"])
            except InputError:  # a few recordings are silent
                continue
            features.append(encoder([sound])[0].mean(dim=1).flatten())
            kinds.append(CLASSES.index(row["category"]))
    x, y = torch.stack(features), torch.tensor(kinds)
    x = (x - x[::2].mean(dim=0)) / (x[::2].std(dim=0) + 1e-3)
    targets = torch.nn.functional.one_hot(y[::2]).float()
    kernel = x[::2] @ x[::2].T
    weights = x[::2].T @ torch.linalg.solve(kernel + 10 * torch.eye(len(kernel)), targets - 0.25)  # ridge regression
    right = ((x[1::2] @ weights).argmax(dim=1) == y[1::2]).float().mean()
    assert len(y) == 40
    assert right > 0.6  # chance: 0.25


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
    with pytest.raises(InputError, match="name it by backbone_name"):
        row = {
            "id": "a",
            "prompt": "?",
            "response": "A.",
            "task": "positive",
            "audios": ["a.wav"],
            "provenance": {"backbone": "local"},
        }
        settings = {"backbone": str(parts / "smollm2-hf"), "encoder": str(parts / "whisper-tiny.en")}
        train(TrainConfig(dataset=dataset([row]), out=str(tmp_path / "o"), stages=(Stage(steps=1),), **settings))
