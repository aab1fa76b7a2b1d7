"""A published dataset of tones, and the tiny parts' names."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import soundfile

ANIMALS = ("dog", "cat", "owl", "cow", "pig", "hen", "fox", "bee")
BACKBONE = "tiny/backbone-instruct"

Row = dict[str, Any]


def wav(
    seconds: float = 0.5, *, rate: int = 16_000, channels: int = 1, pitch: float = 440.0, peak: float = 0.5
) -> bytes:
    """A tone as the bytes of a WAV file."""
    time = np.arange(int(seconds * rate)) / rate
    tone = peak * np.sin(2 * np.pi * pitch * time)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([tone] * channels, axis=1).astype(np.float32), rate, format="WAV")
    return buffer.getvalue()


def published(number: int, *, clips: int = 1, task: str | None = None, **changes: Any) -> Row:
    """A row as the library publishes it."""
    animal = ANIMALS[number % len(ANIMALS)]
    audios = [
        {"bytes": wav(0.3 + 0.1 * clip, pitch=200 * 1.4**number * 1.2**clip), "path": None} for clip in range(clips)
    ]
    row: Row = {
        "id": f"r{number}",
        "dataset": "tones",
        "seed_description": f"Sounds: {animal}",
        "prompt": "What do you hear?" if clips == 1 else "What is the difference?",
        "response": f"A {animal}, number {number}.",
        "task": task or ("positive" if clips == 1 else "difference"),
        "audios": audios,
        "clip_ids": [f"c{number}-{clip}" for clip in range(clips)],
        "present": [animal],
        "absent": [],
        "provenance": {"backbone": f"hosted_vllm/{BACKBONE}"},
    }
    return {**row, **changes}
