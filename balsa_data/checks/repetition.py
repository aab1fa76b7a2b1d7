"""A response must not run in a loop."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import mentions
from balsa_data.schemas import Verdict

REASONS = {"repetition": "the response repeats itself"}

SAME_SOUND = 4  # mentions of one sound in one sentence
LONGEST = 12  # words of a phrase that is looked for three times running
_PHRASE = re.compile(rf"\b(\w+(?:\W+\w+){{1,{LONGEST - 1}}}?)(?:\W+\1\b){{2,}}", re.IGNORECASE)
_WORD = re.compile(r"\b(\w+)(?:\W+\1\b){5,}", re.IGNORECASE)  # "woof woof woof" is no loop, six times is
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]?")


def check(item: Item, *, same_sentence: int = 2, distinct: float = 0.25) -> Verdict:
    """Refuse loops of words or phrases, and more of the same than a text can need.

    Args:
        item: What is judged.
        same_sentence: How often a sentence of four words or more may stand in the response.
        distinct: The least share of different words in a response of 40 words or more.
    """
    words = re.findall(r"\w+", item.response.lower())
    often = max(Counter(pairwise(words)).values(), default=0)
    if often > min(2, same_sentence):  # in a loop, or a sentence said again, two words stand together as often
        if _loops(words) and (loop := _WORD.search(item.response) or _PHRASE.search(item.response)):
            return failed("repetition", "repetition", f"the response repeats {loop[1]!r} without end", loop.span())
        if again := _said_again(item.response, same_sentence) or _named_again(item.response):
            return again
    if len(words) >= 40 and len(set(words)) < distinct * len(words):
        return failed("repetition", "repetition", f"of {len(words)} words only {len(set(words))} are different")
    return passed("repetition")


def _loops(words: list[str]) -> bool:
    """Whether two to twelve words stand three times running: soon told, and what the slow patterns cannot match without."""
    at: dict[tuple[str, str], list[int]] = {}
    for here, pair in enumerate(pairwise(words)):
        for before in reversed(seen := at.setdefault(pair, [])):
            n = here - before
            if n > LONGEST:
                break
            if n > 1 and words[before:here] == words[here : here + n] == words[here + n : here + 2 * n]:
                return True
        seen.append(here)
    return False


def _said_again(text: str, same_sentence: int) -> Verdict | None:
    seen: dict[str, int] = {}
    for sentence in _SENTENCE.finditer(text):
        words = re.findall(r"\w+", sentence.group().lower())
        if len(words) >= 4:
            key = " ".join(words)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > same_sentence:
                detail = f"the response says {key!r} {seen[key]} times"
                return failed("repetition", "repetition", detail, sentence.span())
    return None


def _named_again(text: str) -> Verdict | None:
    """Refuse "a sheep, a lamb, a sheep, a goat, a sheep": a loop that varies."""
    for sentence in _SENTENCE.finditer(text):
        sound, often = next(iter(Counter(m.sound for m in mentions(sentence.group())).most_common(1)), ("", 0))
        if often >= SAME_SOUND:
            detail = f"the response names {sound!r} {often} times in a sentence"
            return failed("repetition", "repetition", detail, sentence.span())
    return None
