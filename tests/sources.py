"""A small run held in memory, over real (synthesised) recordings, for the tests of datasets and exports."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from balsa_data.schemas import (
    Attempt,
    AudioClip,
    Failure,
    Provenance,
    Rejection,
    Sample,
    SoundEvent,
    SpeechSegment,
    Usage,
    Verdict,
)


@dataclass
class Source:
    folder: Path
    samples: Sequence[Sample] = ()
    rejections: Sequence[Rejection] = ()
    failures: Sequence[Failure] = ()
    usage: Usage = field(default_factory=Usage)
    recipe: dict[str, Any] = field(default_factory=lambda: {"name": "demo"})

    @property
    def planned(self) -> int:
        return len(self.samples) + len(self.rejections) + len(self.failures)


def tone(seconds: float = 0.5, rate: int = 22050, hertz: float = 440.0, channels: int = 1, kind: str = "WAV") -> bytes:
    time = np.arange(int(seconds * rate)) / rate
    samples = 0.3 * np.sin(2 * np.pi * hertz * time)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([samples] * channels, axis=1), rate, format=kind)
    return buffer.getvalue()


def clip(name: str = "c1", audio: Any = None, **fields: Any) -> AudioClip:
    defaults: dict[str, Any] = {"license": "CC-BY-4.0", "dataset": "demo", "captions": ("A dog barks.",)}
    return AudioClip(id=name, audio=tone() if audio is None else audio, **defaults | fields)


def provenance(request: str, **fields: Any) -> Provenance:
    defaults: dict[str, Any] = {
        "backbone": "hosted_vllm/meta-llama/Llama-3.1-8B-Instruct",
        "parameters": {"temperature": 0.7, "max_tokens": 256},
        "recipe": "demo",
        "prompt_name": "positive",
        "prompt_hash": "0123abcd",
        "library_version": "0.1.0",
        "seed": 0,
        "request_id": request,
        "usage": Usage(requests=1, prompt_tokens=90, completion_tokens=30, cost=None),
    }
    return Provenance(**defaults | fields)


def sample(
    name: str = "s1",
    clips: Sequence[AudioClip] = (),
    task: str = "positive",
    prompt: str = "Replay the audio.",
    response: str = "A dog barks twice.",
    **fields: Any,
) -> Sample:
    return Sample(
        id=name,
        task=task,
        clips=tuple(clips) or (clip(),),
        prompt=prompt,
        response=response,
        seed_description="[00:00-00:01] (A dog barks.)",
        provenance=fields.pop("provenance", None) or provenance(name),
        **fields,
    )


def refused(response: str, check: str, reason: str) -> Attempt:
    return Attempt(response=response, verdicts=(Verdict(ok=False, check=check, reason=reason, detail="It is so."),))


def demo(folder: Path) -> Source:
    """One run with every kind of thing in it: bytes and paths, one and two clips, speech, earlier draws, a rejection."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(8):
        path = folder / "audio" / f"take {index}.flac"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(
            tone(0.4 + 0.1 * index, 16000 if index % 2 else 44100, 200 + 50 * index, 1 + index % 2, "FLAC")
        )
        paths.append(str(path))
    clips = [clip(f"clip-{i}", path, duration=0.4 + 0.1 * i) for i, path in enumerate(paths)]
    clips[1] = clip(
        "clip-1",
        paths[1],
        duration=0.5,
        events=(SoundEvent(label="dog"),),
        speech=(SpeechSegment(transcript="Good boy."), SpeechSegment(transcript="Sit!")),
    )
    samples = [
        sample(f"pos-{i}", [c], response=f'  Take {i}: a tone.\n\nIt "holds".\n', present=("tone",))
        for i, c in enumerate(clips)
    ]
    samples += [
        sample(
            f"neg-{i}",
            [c],
            task="negative",
            prompt="What is not heard?",
            response="There is no dog. Ünïcode: 狗 🐕",
            present=("tone",),
            absent=("dog", "siren"),
            provenance=provenance(f"neg-{i}", strategy="adversarial", guided=True, prompt_name="negative"),
            earlier=(
                refused("A dog is heard.", "absence", "contradicted"),
                refused("", "empty", "empty"),
                refused("A park.", "grounded", "beyond"),
            )
            if i % 2
            else (),
        )
        for i, c in enumerate(clips[:4])
    ]
    samples += [
        sample(
            f"dif-{i}",
            [clips[i], clips[i + 1]],
            task="difference",
            prompt="Explain the difference between the two audio clips.",
            response="The first is lower.",
        )
        for i in range(0, 6, 2)
    ]
    rejection = Rejection(
        id="rej-0",
        task="negative",
        clips=(clips[5],),
        prompt="What is not heard?",
        seed_description="(tone)",
        absent=("dog",),
        provenance=provenance("rej-0"),
        attempts=(refused("A dog.", "absence", "contradicted"),),
    )
    return Source(folder, samples, [rejection], [], recipe={"name": "demo", "tasks": {"positive": 1.0}, "publish": {}})
