"""A response must say something that the instruction does not."""

from __future__ import annotations

import re

from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict

REASONS = {"echo": "the response repeats the instruction"}


def check(item: Item, *, new_words: float = 0.3) -> Verdict:
    """Refuse a response in which less than this share of the words is new against the prompt."""
    words, said = (re.findall(r"\w+", text.lower()) for text in (item.response, item.prompt))
    if len(words) >= 4 and sum(w not in said for w in words) < new_words * len(words):
        return failed("echo", "echo", f"the response repeats the instruction: {item.response[:80]!r}")
    return passed("echo")
