"""The labelled set: clips, prompts and responses, each read by a person, who said whether it is true and if not why.

``labelled.jsonl`` holds one item a line. `source` tells where a response is from: "SmolLM2-135M" is verbatim output of
the embedded backbone over AudioCaps captions (MIT), AudioSet tags (CC-BY-4.0) and transcripts of spoken prompts; "written" is ours, in
the manner of a stronger model, most in minimal pairs. `split` tells how it was used: "dev" was looked at while the rules
were written; "held" and "test" were labelled, one after the other, before the checks ran on them, and looked at after; "third" is what the checks had
accepted of 900 requests to the embedded backbone, read to find what they let pass; "fourth" what they let pass of 420 more, with a few written beside it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from balsa_data.checks import CHECKS, Item
from balsa_data.schemas import AudioClip, Verdict

CHECKED = ("grounded", "absence", "coverage", "speech", "source", "identity", "plain")


@cache
def bound(beyond: str = "tolerate") -> list[Callable[[Item], Verdict]]:
    """Return the checks, their options filled in."""
    return [CHECKS.bind(name, {"beyond": beyond} if name == "grounded" else {}) for name in CHECKED]


@dataclass(frozen=True)
class Labelled:
    id: str
    split: str
    item: Item
    options: dict[str, Any]
    reason: str | None  # None: it is true

    def verdicts(self, response: str | None = None) -> list[Verdict]:
        item = self.item if response is None else replace(self.item, response=response)
        return [check(item) for check in bound(beyond=self.options.get("beyond", "tolerate"))]

    def refused_for(self) -> list[str]:
        return [v.reason or "" for v in self.verdicts() if not v.ok]


def load() -> list[Labelled]:
    rows = [json.loads(line) for line in Path(__file__).with_name("labelled.jsonl").read_text().splitlines()]
    return [
        Labelled(
            id=row["id"],
            split=row["split"],
            item=Item(
                task=row["task"],
                clips=(AudioClip(id=row["id"], **row["clip"]),),
                prompt=row["prompt"],
                response=row["response"],
                absent=tuple(row["absent"]),
            ),
            options=row.get("options", {}),
            reason=row["reason"],
        )
        for row in rows
    ]


def confusion(items: list[Labelled]) -> str:
    """Return a table of what each item was labelled against what it was refused for, and the items judged wrongly."""
    table: Counter[tuple[str, str]] = Counter()
    wrong = []
    for one in items:
        refused = one.refused_for()
        label = one.reason or "ok"
        table[label, label if label in refused else (refused[0] if refused else "ok")] += 1
        if bool(refused) != bool(one.reason):
            wrong.append(f"{one.id}: {label}, refused for {refused}: {one.item.response!r}")
    names = sorted({name for pair in table for name in pair})
    rows = [f"{'labelled / judged':<18}" + "".join(f"{name:>13}" for name in names)]
    rows += [
        f"{a:<18}" + "".join(f"{table[a, b] or '·':>13}" for b in names)
        for a in names
        if any(table[a, b] for b in names)
    ]
    return "\n".join([*rows, "", *wrong])


if __name__ == "__main__":
    for split in ("dev", "held", "test", "third", "fourth"):
        print(f"\n{split}\n{confusion([one for one in load() if one.split == split])}")
