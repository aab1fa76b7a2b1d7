"""A response must have words."""

from __future__ import annotations

from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict

REASONS = {"empty": "the response has no words"}


def check(item: Item) -> Verdict:
    """Refuse a response without a letter or digit in it."""
    if any(c.isalnum() for c in item.response):
        return passed("empty")
    return failed("empty", "empty", f"the response has no words: {item.response!r}")
