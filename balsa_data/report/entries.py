"""One outcome as the page shows it."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import Any

from balsa_data.report.marks import marks
from balsa_data.report.selection import Stratum
from balsa_data.schemas import Attempt, Failure, Rejection, Sample
from balsa_data.taxonomy import Taxonomy

__all__ = ["Outcome", "as_json", "entry", "short", "stratum"]

Outcome = Sample | Rejection | Failure


def stratum(outcome: Outcome) -> Stratum:
    """Return what an outcome is counted and drawn by."""
    return short(outcome.task), outcome.outcome, "" if isinstance(outcome, Sample) else short(outcome.reason)


def short(text: str, most: int = 80) -> str:
    """Return a label to count by and to show in a chart: `text`, or its beginning and an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def as_json(value: object) -> str:
    """Return JSON that may stand inside <script>: ASCII only, and nothing in it can end the element."""
    return json.dumps(value, separators=(",", ":"), default=str).replace("<", "\\u003c")


def entry(outcome: Outcome, taxonomy: Taxonomy) -> dict[str, Any]:
    """Return an outcome as plain data, without its clips.

    Spans count UTF-16 units there, as JavaScript's strings do.
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
        "attempts": [_attempt(attempt, sounds, taxonomy) for attempt in attempts],
        "made": {
            "prompt": f"{provenance.prompt_name} · {provenance.prompt_hash[:12]}",
            "guidance": provenance.strategy or "yes" if provenance.guided else "none",
            "seed": provenance.seed,
            "requests": provenance.usage.requests,
            "tokens": provenance.usage.prompt_tokens + provenance.usage.completion_tokens,
        },
    }


def _attempt(attempt: Attempt, sounds: dict[str, str], taxonomy: Taxonomy) -> dict[str, Any]:
    text = attempt.response
    units = [0, *accumulate(1 + (c > "\uffff") for c in text)]  # where each character starts, in UTF-16 units

    def span(start: int, end: int) -> list[int] | None:
        return [units[start], units[end]] if 0 <= start < end < len(units) else None

    return {
        "text": text,
        "marks": [[units[a], units[b], sounds[sound], sound] for a, b, sound in marks(text, sounds, taxonomy)],
        "verdicts": [
            {"ok": v.ok, "check": v.check, "reason": v.reason, "detail": v.detail, "span": v.span and span(*v.span)}
            for v in attempt.verdicts
        ],
    }
