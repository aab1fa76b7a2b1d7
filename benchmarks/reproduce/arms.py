"""The arms of the reproduction: what each is trained on, and the training of one.

Arms differ in the mix of tasks alone: each is trained for the same number of steps and samples, with the same seed. All go on
from one first stage of descriptions, in which the connector learns to hear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch

from balsa_data.train.config import Stage, TrainConfig
from balsa_data.train.trainer import train

ANSWERS = "answers.json"  # in the folder of a model that was trained and asked
FIRST = "descriptions first"
ARMS: dict[str, dict[str, float]] = {
    "positives only": {"positive": 1},
    "+ negatives": {"positive": 1, "negative": 1},
    "+ combined": {"positive": 1, "negative": 1, "combined": 1},
    "+ existence": {"positive": 3, "negative": 1, "combined": 1, "existence": 14},  # with fewer questions some seeds learn no yes and no
    "+ multi-audio": {
        "positive": 3, "negative": 1, "combined": 1, "existence": 14, "difference": 0.5, "joint_caption": 0.5,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How large an experiment is.

    Attributes:
        train: Soundscapes to train on.
        test: Soundscapes of held-out recordings; `unseen` those of held-out classes.
        seeds: How often everything is trained.
        first: Steps of the first stage, which all arms go on from.
        steps: Of each arm's own training.
        arms: Tasks and their weights.
        batch: Samples a step.
    """

    train: int
    test: int
    unseen: int
    seeds: int
    first: int
    steps: int
    arms: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: ARMS)
    batch: int = 8

    @property
    def tasks(self) -> set[str]:
        """What any arm is trained on."""
        return {task for tasks in self.arms.values() for task in tasks}


FEW = {"positives only": {"positive": 1}, "+ existence": {"positive": 1, "existence": 9}}
SIZES = {
    "full": Size(train=160, test=45, unseen=15, seeds=3, first=60, steps=95),
    "small": Size(train=50, test=18, unseen=0, seeds=1, first=25, steps=60, arms=FEW),
}


@dataclass(frozen=True)
class Place:
    """Where things are: the real parts, and the folder that the experiment writes."""

    parts: Path
    out: Path

    def model(self, arm: str, seed: int) -> Path:
        """Return the folder of one trained model."""
        return self.out / f"seed-{seed}" / arm.strip("+ ").replace(" ", "-")


def config(arm: str, seed: int, size: Size, place: Place) -> TrainConfig:
    """Return an arm's training run, or the first stage's, in which the learning rate does not fall."""
    first = arm == FIRST
    steps, tasks = (size.first, {"positive": 1.0}) if first else (size.steps, dict(size.arms[arm]))
    return TrainConfig(
        dataset=str(place.out / "run"),
        out=str(place.model(arm, seed)),
        backbone=str(place.parts / "smollm2-hf"),
        backbone_name="local",
        encoder=str(place.parts / "whisper-tiny.en"),
        feature_cache=str(place.out / "features"),
        start=None if first else str(place.model(FIRST, seed)),
        stages=(Stage(steps=steps, tasks=tasks),),
        connector="linear",
        queries=8,
        batch_size=size.batch,
        lora_rank=8,  # a backbone of 135M parameters cannot answer a question about text it is given either
        lora_scale=16,  # at 1, and twice the rate, yes and no are not told apart yet after so few steps
        learning_rate=5e-4,
        loss_per="response",  # in which a yes or no counts as much as a description
        warmup=10,
        stable=0.99 if first else 0.65,
        max_seconds=10,
        checkpoint_every=50,
        seed=seed,
    )


def fit(arm: str, seed: int, size: Size, place: Place) -> Path:
    """Train one arm on one core, or go on where it was interrupted; return its folder."""
    if (place.model(arm, seed) / ANSWERS).is_file():
        return place.model(arm, seed)
    torch.set_num_threads(1)
    return train(config(arm, seed, size, place), say=lambda line: print(f"{arm}, seed {seed}: {line}", flush=True))
