"""A response must be in the language it was asked for."""

from __future__ import annotations

from functools import cache
from typing import Any

from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict

REASONS = {"wrong_language": "the response is in another language"}

ENGLISH = frozenset(
    "a an and are but can from hear heard i in is it of or sound sounds that the there this to were which while with you".split()
)
PLAIN = 0.3  # share of such words from which English needs no classifier: it says otherwise of none of 3,815 such texts
FEWEST_WORDS = 5  # of fewer words no classifier can tell; a foreign script tells at once


def check(item: Item, *, expected: str = "en", sure: float = 0.9) -> Verdict:
    """Refuse a response in another language than `expected` (ISO 639-1), where the classifier is at least so sure."""
    words = item.response.lower().split()
    if expected == "en" and item.response.isascii() and sum(map(ENGLISH.__contains__, words)) > PLAIN * len(words):
        return passed("language")
    letters = [c for c in item.response if c.isalpha()]
    foreign = sum(not c.isascii() for c in letters)
    if len(words) < FEWEST_WORDS and not foreign > len(letters) / 2:
        return passed("language")
    found, probability = _classifier().classify(item.response)
    if found != expected and probability >= sure:
        return failed("language", "wrong_language", f"the response seems to be in {found!r}, not {expected!r}")
    return passed("language")


@cache
def _classifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
