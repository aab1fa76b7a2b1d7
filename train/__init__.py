"""The reference trainer: a frozen Whisper, a trained connector and a frozen backbone.

    from balsa_data.train import AudioLM, train

    folder = train("train.yaml")
    AudioLM.from_pretrained(folder).generate(["a.wav"], "What can you hear?")

`balsa_data.train.evaluate` measures what came out. Nothing here is imported before it is used: torch is heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from balsa_data.errors import MissingExtra

if __name__ == "train":
    raise ImportError("import balsa_data.train, not train: two copies of a module would not be each other's")

if TYPE_CHECKING:
    from balsa_data.train.config import TrainConfig
    from balsa_data.train.model import AudioLM, ask
    from balsa_data.train.trainer import train

__all__ = ["AudioLM", "TrainConfig", "ask", "train"]

_HOMES = {"AudioLM": "model", "ask": "model", "TrainConfig": "config", "train": "trainer"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {
            "torch",
            "transformers",
            "peft",
            "accelerate",
            "safetensors",
            "numpy",
        }:
            raise
        raise MissingExtra(error.name or "torch", "train", "the trainer") from None
