"""Text → words, the same way for what is searched and for the forms that are looked for."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Token", "key", "tokens"]

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[.,;:!?()\[\]\"“”—–/\n•*]")
_PLAIN = re.compile(r"[a-z]+(?: [a-z]+)*")


class Token(NamedTuple):
    """A word or a punctuation mark: lower case, possessive gone; `start` and `end` are its place in the text."""

    word: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Return a text's words and punctuation. Hyphens and underscores only part words: "tick-tock" is two."""
    found = []
    for match in _TOKEN.finditer(text):
        word = match.group().lower()
        if "'" in word or "’" in word:
            word = word.replace("’", "'").removesuffix("'s")
        found.append(Token(word, match.start(), match.end()))
    return found


def key(text: str) -> str:
    """Return a form as its words with single spaces: "Cock-a-doodle-doo!" → "cock a doodle doo"."""
    if _PLAIN.fullmatch(text):
        return text
    return " ".join(t.word for t in tokens(text) if t.word[0].isalnum())
