"""A response must have a usable length."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict

REASONS = {"too_short": "the response has too few words", "too_long": "the response has too many words"}


def check(
    item: Item, *, min_words: Annotated[int, Field(ge=1)] = 2, max_words: Annotated[int, Field(ge=1)] = 250
) -> Verdict:
    """Refuse responses of too few or too many words; the answer to a yes/no question may be one word."""
    words = len(item.response.split())
    if words < (1 if item.task == "existence" else min_words):
        return failed("length", "too_short", f"the response has {words} words, fewer than {min_words}")
    if words > max_words:
        return failed("length", "too_long", f"the response has {words} words, more than {max_words}")
    return passed("length")
