"""Minimal pairs about several clips: a true response, and a false one that shares most of its words.

``multiclip.jsonl`` holds one pair a line, all written by hand, the halves "dev" and "held" before the checks were; the
rules were tried on "dev" alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from balsa_data.checks import Check, Item, judge, selected
from balsa_data.schemas import AudioClip, SoundEvent

PROMPTS = {
    "difference": "What is the difference between these audios?",
    "joint_caption": "Write one caption that covers all of these recordings.",
}


@dataclass(frozen=True)
class Pair:
    id: str
    split: str
    task: str
    clips: tuple[AudioClip, ...]
    reason: str
    good: str
    bad: str

    def reasons(self, response: str) -> list[str]:
        """The reasons for which all checks refuse a response, in order."""
        item = Item(task=self.task, clips=self.clips, prompt=PROMPTS[self.task], response=response)
        return [v.reason or "" for v in judge(item, every_check()) if not v.ok]


@cache
def every_check() -> dict[str, Check]:
    return selected()


@cache
def load() -> list[Pair]:
    rows = (json.loads(line) for line in Path(__file__).with_suffix(".jsonl").read_text().splitlines())
    return [Pair(**{**row, "clips": tuple(map(_clip, range(9), row["clips"]))}) for row in rows]


def _clip(number: int, labels: list[str]) -> AudioClip:
    return AudioClip(id=f"c{number}", events=[SoundEvent(label=label) for label in labels])


def judged(split: str) -> tuple[float, float, float, list[str]]:
    """Return the share of bad ones refused, of those refused for their reason, of good ones accepted, and what was wrong."""
    pairs = [p for p in load() if p.split == split]
    bad, good = [p.reasons(p.bad) for p in pairs], [p.reasons(p.good) for p in pairs]
    wrong = [f"{p.id}: {p.reason}, got {b}: {p.bad!r}" for p, b in zip(pairs, bad, strict=True) if p.reason not in b]
    wrong += [f"{p.id}: good, got {g}: {p.good!r}" for p, g in zip(pairs, good, strict=True) if g]
    named = sum(p.reason in b for p, b in zip(pairs, bad, strict=True))
    return sum(map(bool, bad)) / len(pairs), named / len(pairs), sum(not g for g in good) / len(pairs), wrong


if __name__ == "__main__":
    import sys

    for name in [arg for arg in sys.argv[1:] if arg != "-v"] or ("dev", "held"):
        refused, named, accepted, wrong = judged(name)
        print(f"{name}: bad refused {refused:.3f}, for the reason {named:.3f}; good accepted {accepted:.3f}")
        if name == "dev" or "-v" in sys.argv:
            print("\n".join(wrong))
