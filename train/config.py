"""What a training run is told: one flat YAML file, every error reported at once."""

from __future__ import annotations

import math
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from balsa_data.errors import InputError, nearest
from balsa_data.schemas import Record, problems

__all__ = ["Stage", "TrainConfig", "load_config"]

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _system() -> str:
    return (files("balsa_data") / "prompts" / "system.jinja").read_text("utf-8").strip()


class Stage(Record):
    """One stage of the curriculum.

    Attributes:
        steps: Optimizer steps.
        tasks: Each task's share of the samples, relative to the others'; None takes the rows as they come.
    """

    steps: Count
    tasks: dict[str, Share] | None = Field(default=None, min_length=1)


class TrainConfig(Record):
    """A training run.

    Attributes:
        dataset: A dataset's Hub id or folder, or a run.
        out: The folder to write; training again with the same config continues there.
        backbone: Any causal LM with a chat template, by Hub id or path.
        encoder: Any Whisper, by Hub id or path.
        start: A trained folder whose connector (and LoRA) training begins with, so that several runs share a first stage.
        stages: The curriculum; BALSa-MA trains on single clips first, then on several (2505.20166).
        split: The dataset's split to train on.
        validation: The split to measure loss on every `validate_every` steps; the best weights are the ones kept.
        patience: Stop after so many validations without a better loss; None never does.
        streaming: Read the rows as they arrive, shuffled within a buffer, instead of downloading them first.
        audio_root: What relative audio paths start from; None is the dataset's folder (of a run, this one).
        feature_cache: A folder that keeps what the frozen encoder made of each recording, so that it is encoded once;
            four layers of Whisper small in fp32 take 0.6 MB a second of audio.
        backbone_name: What the backbone is called in the dataset's provenance, where `backbone` is a folder that is not.
        any_backbone: Train also on another backbone's responses. They are not self-generated then: expect forgetting.
        system: The system message; the default is the one the responses were asked for with.
        connector: ``qformer``, or ``linear`` as the simple alternative.
        queries: Embeddings per 30 seconds of audio.
        encoder_layers: Which layers' states are read, from 0; None takes four, evenly spaced, with the last.
        qformer_layers: Blocks of the Q-Former; DeSTA2.5-Audio has 6.
        lora_rank: Rank of LoRA in the backbone's linear layers; 0 leaves the backbone as it is.
        lora_scale: What LoRA's output is multiplied by (its alpha by its rank): a larger one lets it learn faster than the
            connector, at the same rate.
        batch_size: Samples a forward pass and process.
        accumulate: Forward passes a step.
        clip_norm: The gradient's largest norm.
        warm_start: Samples on which the connector is fitted before it is trained (`balsa_data.train.warmstart`); their
            recordings are encoded for it, so with `feature_cache` it costs nothing more.
        loss_per: What counts alike in the loss, every ``token`` or every ``response``: else a yes or no counts little beside
            the words of a description.
        warmup: Steps until the learning rate is reached; it falls by a cosine afterwards.
        stable: Share of the other steps in which it holds first.
        max_seconds: Samples with a longer clip are left out, and counted.
        max_tokens: Samples of more tokens, audio included, are left out, and counted.
        precision: ``auto`` is bf16 where the processor has instructions for it, else fp32.
        attention: The backbone's, as transformers' `attn_implementation` names it (``flash_attention_2``, …). None is
            transformers' choice on a GPU; on a processor rows are read end to end (`balsa_data.train.attention`), where a
            step takes a third less time.
        checkpoint_every: Steps between the checkpoints from which an interrupted training goes on.
    """

    dataset: str
    out: str
    backbone: str
    encoder: str
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    start: str | None = None
    split: str = "train"
    validation: str | None = None
    validate_every: Count = 100
    patience: Count | None = None
    streaming: bool = False
    audio_root: str | None = None
    feature_cache: str | None = None
    backbone_name: str | None = None
    any_backbone: bool = False
    system: str = Field(default_factory=_system)
    connector: Literal["qformer", "linear"] = "qformer"
    queries: Count = 64
    encoder_layers: tuple[Annotated[int, Field(ge=0)], ...] | None = Field(default=None, min_length=1)
    qformer_layers: Count = 2
    lora_rank: Annotated[int, Field(ge=0)] = 0
    lora_scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    batch_size: Count = 8
    accumulate: Count = 1
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.01
    warm_start: Annotated[int, Field(ge=0)] = 256
    loss_per: Literal["token", "response"] = "token"
    warmup: Annotated[int, Field(ge=0)] = 100
    stable: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clip_norm: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    max_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 30.0
    max_tokens: Count = 2048
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    attention: str | None = None
    checkpoint_every: Count = 500
    seed: Annotated[int, Field(ge=0)] = 0

    @field_validator("dataset", "out", "backbone", "encoder")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty")
        return value

    @model_validator(mode="after")
    def _agrees(self) -> TrainConfig:
        if self.patience is not None and self.validation is None:
            raise ValueError("patience needs a validation split")
        return self

    @property
    def steps(self) -> int:
        """All stages' steps."""
        return sum(stage.steps for stage in self.stages)

    def rate(self, step: int) -> float:
        """Return the share of the learning rate that holds in `step`, counted from 0."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        falling = max(0.0, done - self.stable) / (1 - self.stable)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, falling)))


def load_config(path: str | Path) -> TrainConfig:
    """Read a training run's YAML file.

    Raises:
        InputError: It cannot be read, or keys or values in it are wrong; all of them are named.
    """
    try:
        data = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    except yaml.YAMLError as error:
        line = f":{mark.line + 1}" if (mark := getattr(error, "problem_mark", None)) else ""
        raise InputError(f"{path}{line} is not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(data, dict):
        raise InputError(f"{path} must hold keys and values, such as 'dataset: …'")
    try:
        return TrainConfig.model_validate(data)
    except ValidationError as error:
        hints = [
            f" ({e['loc'][-1]}{nearest(str(e['loc'][-1]), TrainConfig.model_fields)})"
            for e in error.errors()
            if e["type"] == "extra_forbidden" and len(e["loc"]) == 1
        ]
        raise InputError(f"{path}: {problems(error)}{''.join(hints)}") from None
