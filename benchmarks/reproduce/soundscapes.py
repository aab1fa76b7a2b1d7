"""Soundscapes with exact labels from single recordings: what `make reproduce` is trained on and asked about.

Recordings are grouped to the level at which there are enough of them, and split before anything is mixed. A soundscape is one
recording, or (every third) two of different groups of the same side of the split, each cut to four seconds, one after the other
with a short pause, so every event's onset and offset are known. The seed decides everything.

    python benchmarks/reproduce/soundscapes.py --parts PARTS --out DIR

writes ``train/clips.jsonl`` (for the corpus reader ``jsonl``) with its audio, and the questions of ``test/`` (other
recordings of the same groups) and ``unseen/`` (groups that training never had) with theirs.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from balsa_data.audio import decode, join, wav
from balsa_data.exports.hallucination_eval import QUESTIONS

RATE = 16_000  # Hz
LONGEST = 4.0  # seconds of each recording
PAUSE = 0.3  # seconds
SILENCE = 1e-3  # peak amplitude

GROUPS = (  # pattern over "category label", name in the taxonomy; the first that matches; the rest is not used
    (r"^speech ", "speech"),
    (r"^animals/birds ", "bird"),
    (r"cymbal|splash", "cymbal"),
    (r" bell$|chime|triangle|cowbell", "bell"),
    (r"^tabla |^bd |^sn |snare|heavy kick|elec .*kick", "drum"),
    (r"^bass ", "synthesizer"),
    (r"robot", "robot"),
    (r"^animals/insects ", "insect"),
    (r"^guit ", "guitar"),
)
ANSWER = "Answer yes or no."  # a model that never saw a question would otherwise describe the audio
UNSEEN = ("insect", "guitar", "bell")
LARGEST = 30  # recordings of one group, so that no answer is right by habit


@dataclass(frozen=True)
class Recording:
    """One recording with its group; `samples` is mono at RATE, peak 0.5."""

    id: str
    group: str
    samples: Any


@dataclass(frozen=True)
class Soundscape:
    """A mixture; `events` are (group, onset, offset) in seconds, `sources` the recordings in it."""

    id: str
    samples: Any
    events: tuple[tuple[str, float, float], ...]
    sources: tuple[str, ...]


def recordings(parts: Path) -> Iterator[Recording]:
    """Yield the audible recordings that belong to a group."""
    for folder in ("sounds", "speech"):
        for line in (parts / folder / "clips.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            described = f"{row.get('category', 'speech')} {row['label']}"
            group = next((name for pattern, name in GROUPS if re.search(pattern, described)), None)
            if group is None or "silence" in row["id"]:
                continue
            samples = decode((parts / folder / row["audio"]).read_bytes(), RATE, row["id"])[: int(LONGEST * RATE)]
            if (peak := float(np.abs(samples).max())) > SILENCE:
                yield Recording(row["id"], group, samples * (0.5 / peak))


def split(found: Sequence[Recording], seed: int, held_out: float = 0.35) -> dict[str, list[Recording]]:
    """Deal recordings to ``train``, ``test`` (same groups, other recordings) and ``unseen`` (other groups)."""
    sides: dict[str, list[Recording]] = {"train": [], "test": [], "unseen": []}
    draw = random.Random(seed)
    for group in sorted({r.group for r in found}):
        members = sorted((r for r in found if r.group == group), key=lambda r: r.id)
        draw.shuffle(members)
        members = members[:LARGEST]
        if group in UNSEEN:
            sides["unseen"] += members
            continue
        cut = max(2, round(held_out * len(members)))
        sides["test"] += members[:cut]
        sides["train"] += members[cut:]
    return sides


def mix(side: Sequence[Recording], count: int, seed: int) -> list[Soundscape]:
    """Make `count` soundscapes; every group and, within it, every recording is used as often as any other."""
    draw = random.Random(seed)
    groups = {g: _cycle([r for r in side if r.group == g], draw) for g in sorted({r.group for r in side})}
    order = _cycle(list(groups), draw)
    made = []
    for number in range(count):
        wanted = min(2 if number % 3 == 2 else 1, len(groups))
        chosen: list[str] = []
        while len(chosen) < wanted:
            if (group := next(order)) not in chosen:
                chosen.append(group)
        members = [next(groups[group]) for group in chosen]
        starts = np.cumsum([0.0] + [len(m.samples) / RATE + PAUSE for m in members]).tolist()
        events = tuple(
            (m.group, round(at, 3), round(at + len(m.samples) / RATE, 3))
            for m, at in zip(members, starts, strict=False)
        )
        samples = join([m.samples for m in members], RATE, PAUSE)
        made.append(Soundscape(f"scape-{number:04d}", samples, events, tuple(m.id for m in members)))
    return made


def questions(scapes: Sequence[Soundscape], groups: Sequence[str], seed: int) -> list[dict[str, Any]]:
    """Ask for each sound that is there and for as many that are not, by each sampling, in the field's columns.

    Random draws from all groups; popular takes the most frequent; adversarial those that most often stand beside a sound
    that is there.
    """
    draw = random.Random(seed)
    often = Counter(group for scape in scapes for group, _, _ in scape.events)
    beside = Counter((a, b) for s in scapes for a, _, _ in s.events for b, _, _ in s.events if a != b)
    rows: list[dict[str, Any]] = []
    for scape in scapes:
        present = [group for group, _, _ in scape.events]
        wording = {group: f"{draw.choice(QUESTIONS).format(group)} {ANSWER}" for group in sorted(groups)}
        absent = [group for group in sorted(groups) if group not in present]
        draw.shuffle(absent)
        ranked = {
            "random": absent,
            "popular": sorted(absent, key=lambda g: -often[g]),
            "adversarial": sorted(absent, key=lambda g: -sum(beside[p, g] for p in present)),
        }
        for sampling, denied in ranked.items():
            for thing, label in [(p, "Yes") for p in present] + [(a, "No") for a in denied[: len(present)]]:
                rows.append(
                    {
                        "entry_id": len(rows),
                        "audio_index": scape.id,
                        "prompt_text": wording[thing],
                        "object": thing,
                        "attribute": "positive" if label == "Yes" else "negative",
                        "label": label,
                        "sampling": sampling,
                    }
                )
    return rows


def write(parts: Path, out: Path, *, train: int, test: int, unseen: int, seed: int) -> None:
    """Write the training corpus and both sets of questions."""
    sides = split(list(recordings(parts)), seed)
    sizes = {"train": train, "test": test, "unseen": unseen}
    for name, side in sides.items():
        scapes = mix(side, sizes[name], seed + 1)
        (out / name / "audio").mkdir(parents=True, exist_ok=True)
        for scape in scapes:
            (out / name / "audio" / f"{scape.id}.wav").write_bytes(wav(scape.samples, RATE))
        if name == "train":
            rows: list[dict[str, Any]] = [
                {
                    "id": scape.id,
                    "audio": f"audio/{scape.id}.wav",
                    "duration": len(scape.samples) / RATE,
                    "events": [{"label": label, "onset": a, "offset": b} for label, a, b in scape.events],
                    "recording": "+".join(scape.sources),
                }
                for scape in scapes
            ]
        else:
            asked = {r.group for r in side} | {r.group for r in sides["train"]}
            rows = questions(scapes, sorted(asked), seed)
        path = out / name / ("clips.jsonl" if name == "train" else "questions.jsonl")
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _cycle(items: Sequence[Any], draw: random.Random) -> Iterator[Any]:
    while True:
        order = list(items)
        draw.shuffle(order)
        yield from order


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--parts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=120)
    parser.add_argument("--test", type=int, default=45)
    parser.add_argument("--unseen", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    write(given.parts, given.out, train=given.train, test=given.test, unseen=given.unseen, seed=given.seed)
