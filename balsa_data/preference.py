"""Preference pairs: what was accepted, and what was refused to the same request because it said something false."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from balsa_data.checks import false
from balsa_data.rows import COLUMNS
from balsa_data.schemas import Sample

__all__ = ["PAIRS", "Rejected", "false_claims", "pairs"]

_KEPT = ("id", "dataset", "seed_description", "prompt", "task", "audios", "clip_ids", "present", "absent")
PAIRS = pa.schema([*map(COLUMNS.field, _KEPT), *(pa.field(n, pa.string()) for n in ("chosen", "rejected", "reason"))])


@dataclass(frozen=True)
class Rejected:
    """A response to the same request that made a false claim, and which."""

    response: str
    reason: str


def false_claims(sample: Sample) -> Iterator[Rejected]:
    """Yield the earlier responses to a sample's request that made a false claim, each text once."""
    seen = {sample.response}
    for attempt in sample.earlier:
        verdict = next(filter(false, attempt.verdicts), None)
        if verdict is not None and attempt.response not in seen:
            seen.add(attempt.response)
            yield Rejected(attempt.response, verdict.reason or verdict.check)


def pairs(sample: Sample, published: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a published row's pairs, in the columns of `PAIRS`; `id` is the sample's."""
    kept = {name: published[name] for name in _KEPT} | {"chosen": sample.response}
    for refused in false_claims(sample):
        yield {**kept, "rejected": refused.response, "reason": refused.reason}
