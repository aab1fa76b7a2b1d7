"""A response must not run in a loop."""

from __future__ import annotations

import re

from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict

REASONS = {"repetition": "the response repeats itself"}

_PHRASE = re.compile(
    r"\b(\w+(?:\W+\w+){1,11}?)(?:\W+\1\b){2,}", re.IGNORECASE
)  # two to twelve words, three times running
_WORD = re.compile(r"\b(\w+)(?:\W+\1\b){5,}", re.IGNORECASE)  # "woof woof woof" is no loop, six times is
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]?")


def check(item: Item, *, same_sentence: int = 2, distinct: float = 0.25) -> Verdict:
    """Refuse loops of words or phrases, and more of the same than a text can need.

    Args:
        item: What is judged.
        same_sentence: How often a sentence of four words or more may stand in the response.
        distinct: The least share of different words in a response of 40 words or more.
    """
    if loop := _WORD.search(item.response) or _PHRASE.search(item.response):
        return failed("repetition", "repetition", f"the response repeats {loop[1]!r} without end", loop.span())
    seen: dict[str, int] = {}
    for sentence in _SENTENCE.finditer(item.response):
        words = tuple(re.findall(r"\w+", sentence.group().lower()))
        if len(words) >= 4:
            key = " ".join(words)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > same_sentence:
                return failed(
                    "repetition", "repetition", f"the response says {key!r} {seen[key]} times", sentence.span()
                )
    words = tuple(re.findall(r"\w+", item.response.lower()))
    if len(words) >= 40 and len(set(words)) < distinct * len(words):
        return failed("repetition", "repetition", f"of {len(words)} words only {len(set(words))} are different")
    return passed("repetition")
