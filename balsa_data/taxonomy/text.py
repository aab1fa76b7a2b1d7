"""Text → words, the same way for what is searched and for the forms that are looked for; and patterns that need words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import accumulate, count

__all__ = ["Pattern", "key", "placed", "vocabulary", "words"]

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


def vocabulary(text: str) -> frozenset[str]:
    """Return a text's words, each once, in lower case and without any mark in them: "can't" is two."""
    return frozenset(_WORD.findall(text.casefold()))


def key(text: str) -> str:
    """Return a form as its words with single spaces: "Cock-a-doodle-doo!" → "cock a doodle doo"."""
    if _PLAIN.fullmatch(text):
        return text
    return " ".join(word for word in words(text) if word[0].isalnum())


_vocabulary = lru_cache(maxsize=256)(vocabulary)  # one response is looked through for many patterns


class Pattern:
    """A regular expression, tried on those texts alone that have a word it cannot match without.

    Many patterns look through each response and few find anything; to look up its words takes a tenth of a search, and to
    search in lower case half of one without regard to case.

    Args:
        needs: Words, in lower case and without any mark in them, of which every match has at least one, whole; "-able"
            is one that need not stand alone, and "_" in such a one is a blank. ``a b & c`` needs one of the first two beside
            the third, ``a & b | c`` the third where it has not both others.
        pattern: The regular expression, in lower case; upper and lower case are one.
        flags: More of `re`'s.
    """

    def __init__(self, needs: str, pattern: str, flags: int = 0) -> None:
        self.pattern = re.compile(pattern, re.IGNORECASE | flags)
        self._words: dict[str, int] = {}  # and which conditions each meets, as bits
        self._parts: dict[str, int] = {}
        self._enough: list[int] = []
        number = count()
        for conditions in needs.split(" | "):
            bits = [1 << next(number) for _ in conditions.split(" & ")]
            self._enough.append(sum(bits))
            for words, bit in zip(conditions.split(" & "), bits, strict=True):
                for word in words.split():
                    if word[0] == "-":
                        word, known = word[1:].replace("_", " "), self._parts
                    else:
                        known = self._words
                    known[word] = known.get(word, 0) | bit
        self._looked_for = frozenset(self._words)

    @cached_property  # compiled by what judges, not at import
    def _lower(self) -> re.Pattern[str]:
        return re.compile(self.pattern.pattern, self.pattern.flags & ~re.IGNORECASE)

    def may_match(self, text: str) -> bool:
        """Return whether a text has the words that are needed."""
        met = 0
        for word in _vocabulary(text) & self._looked_for:
            met |= self._words[word]
        folded = text.casefold() if self._parts else ""
        for part, bits in self._parts.items():
            if part in folded:
                met |= bits
        return any(met & enough == enough for enough in self._enough) if met else False

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match."""
        return self.pattern.search(text) if self._matches(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Return the matches, in order."""
        return self.pattern.finditer(text) if self._matches(text) else iter(())

    def _matches(self, text: str) -> bool:
        """Return whether a text has a match; True for one of which it is slow to tell."""
        return self.may_match(text) and (not text.isascii() or self._lower.search(text.lower()) is not None)
