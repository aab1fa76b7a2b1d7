"""Minimal pairs about several clips: a true response, and a false one that shares most of its words.

``multiclip.jsonl`` holds one pair a line, all written by hand: "dev" and "held" before the checks were (the rules were tried
on "dev" alone), "fresh" after. Of those, at first sight, 42 of 42 false ones were refused for their reason and 31 true ones
accepted.

    python -m tests.checks.multiclip

prints, by reason and by split, how many false ones are refused (for that reason) and how many true ones are accepted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from balsa_data.checks import Check, Item, judge, selected
from balsa_data.schemas import AudioClip, SoundEvent

SPLITS = ("dev", "held", "fresh")
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


@dataclass(frozen=True)
class Judged:
    """How the checks did on some pairs: shares of false ones refused, and for their reason, and of true ones accepted."""

    pairs: int
    refused: float
    named: float
    accepted: float
    wrong: tuple[str, ...]


def judged(pairs: Sequence[Pair]) -> Judged:
    bad, good = [p.reasons(p.bad) for p in pairs], [p.reasons(p.good) for p in pairs]
    wrong = [f"{p.id}: {p.reason}, got {b}: {p.bad!r}" for p, b in zip(pairs, bad, strict=True) if p.reason not in b]
    wrong += [f"{p.id}: good, got {g}: {p.good!r}" for p, g in zip(pairs, good, strict=True) if g]
    named = sum(p.reason in b for p, b in zip(pairs, bad, strict=True))
    number = len(pairs)
    return Judged(number, sum(map(bool, bad)) / number, named / number, sum(not g for g in good) / number, tuple(wrong))


def main() -> None:
    groups = [("reason", reason) for reason in sorted({p.reason for p in load()})] + [("split", s) for s in SPLITS]
    print(f"{'':24}pairs  refused  for the reason  true accepted")
    for field, value in [*groups, ("task", "all")]:
        found = judged([p for p in load() if value in ("all", getattr(p, field))])
        print(f"{value:24}{found.pairs:5}  {found.refused:7.3f}  {found.named:14.3f}  {found.accepted:13.3f}")
    print("", *judged(load()).wrong, sep="\n")


if __name__ == "__main__":
    main()
