"""Answers over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["pace"]

_WIDTHS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400, 604800)
_BARS = 72


def pace(timeline: Callable[[], Iterable[tuple[float, str]]]) -> dict[str, Any] | None:
    """Count answers in bars of equal time; hours in which nothing ran take no room.

    Args:
        timeline: Gives the unix time and outcome of each answer, anew at each call (it is read twice).

    Returns:
        `width` of a bar in seconds, `start` and `end`, and `bars`: [gap before it, samples, rejections, failures]. None
        for fewer than two answers.
    """
    minutes = {int(time // 60) for time, _ in timeline()}
    active = 60 * len(minutes)
    width = next((w for w in _WIDTHS if active / w <= _BARS), _WIDTHS[-1])
    counts: dict[int, Counter[str]] = {}
    for time, kind in timeline():
        counts.setdefault(int(time // width), Counter())[kind] += 1
    if sum(c.total() for c in counts.values()) < 2:
        return None
    slots = sorted(counts)
    bars: list[list[int]] = []
    before = slots[0] - 1
    for slot in slots:
        gap = slot - before - 1
        pause = gap > 3 and gap * width >= 60
        bars += [] if pause else [[0, 0, 0, 0]] * gap
        of = counts[slot]
        bars.append([width * gap if pause else 0, of["sample"], of["rejection"], of["failure"]])
        before = slot
    return {"width": width, "start": slots[0] * width, "end": (slots[-1] + 1) * width, "bars": bars}
