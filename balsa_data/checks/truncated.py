"""A response must end where the backbone meant to end."""

from __future__ import annotations

import re

from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict

REASONS = {"truncated": "the response was cut by max_tokens, or breaks off"}

_BREAKS_OFF = re.compile(
    r"(?:[,;:–—-]|\b(?:a|an|the|and|or|nor|but|of|with|to|in|on|at|by|for|from|is|are|as|that))\s*$", re.IGNORECASE
)


def check(item: Item) -> Verdict:
    """Refuse a response the backbone could not finish; where it is not told, one that ends in mid-sentence."""
    if item.finish_reason == "length":
        return failed("truncated", "truncated", "the response was cut by max_tokens: raise it, or ask for less")
    if item.finish_reason is None and (cut := _BREAKS_OFF.search(item.response)):
        return failed("truncated", "truncated", f"the response breaks off at {cut.group().strip()!r}", cut.span())
    return passed("truncated")
