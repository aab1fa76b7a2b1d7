"""Training data for audio-aware language models, written by the backbone itself, every claim checked.

The method is BALSa's (arXiv 2505.20166) and LISTEN's (2505.14518). ``synthesize`` is the front door; the README shows
the rest. Names load what they need when they are first used, so that importing the package is quick.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from balsa_data.checks import check
    from balsa_data.recipe import Recipe
    from balsa_data.run import Run
    from balsa_data.schemas import AudioClip, Rejection, Sample, SoundEvent, SpeechSegment, Usage, Verdict
    from balsa_data.synthesis import asynthesize, synthesize

__version__ = "0.1.0"

# What is made here is nobody else's business: the libraries below report nothing home, unless the environment says otherwise.
for _silenced in ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
    os.environ.setdefault(_silenced, "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

_HOMES = {
    "asynthesize": "synthesis", "synthesize": "synthesis", "check": "checks", "Recipe": "recipe", "Run": "run",
    "AudioClip": "schemas", "Rejection": "schemas", "Sample": "schemas", "SoundEvent": "schemas",
    "SpeechSegment": "schemas", "Usage": "schemas", "Verdict": "schemas",
}  # fmt: skip

__all__ = [
    "AudioClip",
    "Recipe",
    "Rejection",
    "Run",
    "Sample",
    "SoundEvent",
    "SpeechSegment",
    "Usage",
    "Verdict",
    "asynthesize",
    "check",
    "synthesize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'balsa_data' has no attribute {name!r}")
    return getattr(import_module(f"balsa_data.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
