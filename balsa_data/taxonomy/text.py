"""Text → words, the same way for what is searched and for the forms that are looked for."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate

__all__ = ["key", "placed", "vocabulary", "words"]

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[.,;:!?()\[\]\"“”—–/\n•*]")
_TOKENS = re.compile(f"({_TOKEN.pattern})")
_WORD = re.compile(r"[^\W_]+")
_PLAIN = re.compile(r"[a-z]+(?: [a-z]+)*")


def words(text: str) -> list[str]:
    """Return a text's words and punctuation: lower case, possessives gone.

    Hyphens and underscores only part words: "tick-tock" is two.
    """
    return _plain(_TOKEN.findall(text))


def placed(text: str) -> tuple[list[str], list[int]]:
    """Return a text's `words`, and where each begins and ends: the nth from ``places[2n]`` to ``places[2n + 1]``."""
    parts = _TOKENS.split(text)  # what stands between, and a word, in turn
    return _plain(parts[1::2]), list(accumulate(map(len, parts)))


def _plain(found: list[str]) -> list[str]:
    lower = list(map(str.lower, found))
    if "'" in (letters := "".join(lower)) or "’" in letters:
        lower = [word.replace("’", "'").removesuffix("'s") for word in lower]
    return lower


@lru_cache(maxsize=256)  # one response is looked through for many patterns
def vocabulary(text: str) -> frozenset[str]:
    """Return a text's words, each once, in lower case and without any mark in them: "can't" is two."""
    return frozenset(_WORD.findall(text.casefold()))


def key(text: str) -> str:
    """Return a form as its words with single spaces: "Cock-a-doodle-doo!" → "cock a doodle doo"."""
    if _PLAIN.fullmatch(text):
        return text
    return " ".join(word for word in words(text) if word[0].isalnum())
