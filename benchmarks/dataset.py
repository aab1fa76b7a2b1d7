"""How much memory and time a dataset of many samples with embedded audio takes to build and to verify.

    python benchmarks/dataset.py [--samples 100000] [--clips 2000] [--seconds 2] [--folder DIR]

Real samples over real WAV files (noise, which does not compress), streamed as a run streams them: nothing is held. Prints
one line of JSON: samples, bytes written, seconds, and the process' peak resident memory in MB before, and after the build.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from balsa_data.audio import wav
from balsa_data.dataset import build
from balsa_data.schemas import AudioClip, Failure, Provenance, Rejection, Sample, Usage

RATE = 16000
TASKS = ("positive", "negative", "combined", "difference")
RESPONSE = "A steady noise is heard, without a bark, a siren or any voice. " * 6


@dataclass
class Stream:
    """Samples made when asked for."""

    folder: Path
    count: int
    clips: int

    def __len__(self) -> int:
        return self.count

    def _clip(self, number: int) -> AudioClip:
        name = f"clip-{number % self.clips}"
        path = str(self.folder / f"{name}.wav")
        return AudioClip(id=name, audio=path, duration=2.0, captions=("Noise.",), dataset="noise", license="CC0-1.0")

    def __iter__(self) -> Iterator[Sample]:
        for number in range(self.count):
            task = TASKS[number % len(TASKS)]
            clips = (self._clip(number), self._clip(number + 1)) if task == "difference" else (self._clip(number),)
            made = Provenance(
                backbone="none",
                recipe="noise",
                prompt_name=task,
                prompt_hash="0",
                library_version="0",
                seed=0,
                request_id=str(number),
            )
            yield Sample(
                id=f"{task}-{number}",
                task=task,
                clips=clips,
                prompt="Replay the audio.",
                seed_description="(noise)",
                response=f"{number} {RESPONSE}",
                present=("noise",),
                absent=("dog", "siren"),
                provenance=made,
            )


@dataclass
class Source:
    """A run's face over the stream."""

    folder: Path
    samples: Stream
    rejections: tuple[Rejection, ...] = ()
    failures: tuple[Failure, ...] = ()
    usage: Usage = field(default_factory=Usage)
    recipe: dict[str, Any] = field(default_factory=lambda: {"name": "noise", "publish": {"test_fraction": 0.05}})

    @property
    def planned(self) -> int:
        """As many as there are samples."""
        return len(self.samples)


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        audio = Path(place) / "audio"
        audio.mkdir()
        noise = np.random.default_rng(0)
        for number in range(options.clips):
            samples = noise.uniform(-0.3, 0.3, int(options.seconds * RATE)).astype(np.float32)
            (audio / f"clip-{number}.wav").write_bytes(wav(samples, RATE))
        import datasets  # noqa: F401 - its memory is not the build's

        before, start = peak(), time.monotonic()
        manifest = build(Source(Path(place), Stream(audio, options.samples, options.clips)), Path(place) / "dataset")
        took = time.monotonic() - start
        shards = list((Path(place) / "dataset/data").rglob("*.parquet"))
        figures = {
            "samples": manifest.total,
            "left_out": sum(manifest.left_out.values()),
            "gigabytes": round(sum(path.stat().st_size for path in shards) / 1e9, 2),
            "shards": len(shards),
            "seconds": round(took),
            "peak_mb_before": before,
            "peak_mb": peak(),
            "command": " ".join(sys.argv),
        }
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
