"""One outcome as the page shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import accumulate
from typing import Any, Protocol

from balsa_data.report.selection import Stratum
from balsa_data.schemas import Attempt, Failure, Rejection, Sample

__all__ = ["Finder", "Mention", "Outcome", "as_json", "entry", "short", "stratum", "word"]

Outcome = Sample | Rejection | Failure


class Mention(Protocol):
    """A sound named in a text, from character `start` to `end`."""

    @property
    def start(self) -> int: ...  # noqa: D102 - the class says it
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def sound(self) -> str: ...  # noqa: D102


Finder = Callable[[str], Iterable[Mention]]


def stratum(outcome: Outcome) -> Stratum:
    """Return what an outcome is counted and drawn by."""
    return short(outcome.task), outcome.outcome, "" if isinstance(outcome, Sample) else short(outcome.reason)


def short(text: str, most: int = 80) -> str:
    """Return a label to count by and to show in a chart: `text`, or its beginning and an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def as_json(value: object) -> str:
    """Return JSON that may stand inside <script>: ASCII only, and nothing in it can end the element."""
    return json.dumps(value, separators=(",", ":"), default=str).replace("<", "\\u003c")


def entry(outcome: Outcome, find: Finder | None = None) -> dict[str, Any]:
    """Return an outcome as plain data, without its clips.

    Spans count UTF-16 units there, as JavaScript's strings do.

    Args:
        outcome: A sample, rejection or failure.
        find: Names the sounds a text mentions, in words other than those of `present` and `absent` too.
    """
    sounds = {s.casefold(): "absent" for s in outcome.absent} | {s.casefold(): "present" for s in outcome.present}
    attempts = outcome.earlier if isinstance(outcome, Sample) else outcome.attempts
    if isinstance(outcome, Sample):
        attempts += (Attempt(response=outcome.response),)
    provenance = outcome.provenance
    return {
        "id": outcome.id,
        "task": stratum(outcome)[0],
        "outcome": outcome.outcome,
        "reason": stratum(outcome)[2],
        "detail": outcome.detail if isinstance(outcome, Failure) else "",
        "prompt": outcome.prompt,
        "seed": outcome.seed_description,
        "present": outcome.present,
        "absent": outcome.absent,
        "attempts": [_attempt(attempt, sounds, find) for attempt in attempts],
        "made": {
            "prompt": f"{provenance.prompt_name} · {provenance.prompt_hash[:12]}",
            "guidance": provenance.strategy or "yes" if provenance.guided else "none",
            "seed": provenance.seed,
            "requests": provenance.usage.requests,
            "tokens": provenance.usage.prompt_tokens + provenance.usage.completion_tokens,
        },
    }


def _attempt(attempt: Attempt, sounds: dict[str, str], find: Finder | None) -> dict[str, Any]:
    text = attempt.response
    units = [0, *accumulate(1 + (c > "\uffff") for c in text)]  # where each character starts, in UTF-16 units

    def span(start: int, end: int) -> list[int] | None:
        return [units[start], units[end]] if 0 <= start < end < len(units) else None

    marks = {(m[0], m[1], kind, sound) for s, e, kind, sound in _mentions(text, sounds, find) if (m := span(s, e))}
    return {
        "text": text,
        "marks": sorted(marks),
        "verdicts": [
            {"ok": v.ok, "check": v.check, "reason": v.reason, "detail": v.detail, "span": v.span and span(*v.span)}
            for v in attempt.verdicts
        ],
    }


def _mentions(text: str, sounds: dict[str, str], find: Finder | None) -> list[tuple[int, int, str, str]]:
    """Return (start, end, kind, sound) of the sounds in `text` that are to be there or not; a longer name hides a shorter."""
    folded = text.casefold()
    found = [(m.start(), m.end(), sounds[s], s) for s in sounds if s in folded for m in word(s).finditer(text)]
    if find and sounds:
        mentions = [(m.start, m.end, m.sound.casefold()) for m in find(text)]
        found += [(start, end, sounds[s], s) for start, end, s in mentions if s in sounds]
    return [a for a in found if not any(b[0] <= a[0] and a[1] <= b[1] and b[1] - b[0] > a[1] - a[0] for b in found)]


@lru_cache(maxsize=4096)
def word(sound: str) -> re.Pattern[str]:
    """Return a pattern that finds a sound's name as whole words, in the plural too."""
    return re.compile(rf"(?<!\w){re.escape(sound)}(?:e?s)?(?!\w)", re.IGNORECASE)
