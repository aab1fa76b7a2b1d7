"""A response must say something that the instruction does not."""

from __future__ import annotations

import re
from functools import lru_cache

from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict

REASONS = {"echo": "the response repeats the instruction"}


def check(item: Item, *, new_words: float = 0.3) -> Verdict:
    """Refuse a response in which less than this share of the words is new against the prompt.

    Whether a sound is there may be said in the question's own words ("Yes, a dog is audible in the recording"), but for
    another question.
    """
    if item.task == "existence" and not item.response.rstrip().endswith("?"):
        return passed("echo")
    words = re.findall(r"\w+", item.response.lower())
    old = sum(map(_words(item.prompt).__contains__, words))
    if len(words) >= 4 and len(words) - old < new_words * len(words):
        return failed("echo", "echo", f"the response repeats the instruction: {item.response[:80]!r}")
    return passed("echo")


@lru_cache(maxsize=1024)  # a run has few prompts
def _words(prompt: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", prompt.lower()))
