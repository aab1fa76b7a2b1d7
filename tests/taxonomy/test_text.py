"""A pattern is tried on every text it could match: the words it is said to need are needed."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import balsa_data.checks
import balsa_data.claims
from balsa_data.taxonomy.text import Pattern, vocabulary
from tests.claims.labelled import load

PACKAGES = (balsa_data.checks, balsa_data.claims)
MODULES = [*PACKAGES, *(import_module(f"{p.__name__}.{m.name}") for p in PACKAGES for m in iter_modules(p.__path__))]
PATTERNS = {
    f"{m.__name__}.{name}": value for m in MODULES for name, value in vars(m).items() if isinstance(value, Pattern)
}


def test_there_are_patterns() -> None:
    assert "balsa_data.checks.refusal._REFUSAL" in PATTERNS


@pytest.mark.parametrize("name", PATTERNS)
def test_whatever_a_pattern_matches_has_a_word_it_needs(name: str) -> None:
    pattern = PATTERNS[name]

    @settings(max_examples=25, deadline=None)
    @given(st.from_regex(pattern.pattern, alphabet=st.characters(codec="ascii")))
    def holds(text: str) -> None:
        found = list(pattern.pattern.finditer(text))
        for one in found:
            assert pattern.may_match(text), f"{one.group()!r} has none of the words {name} needs"
        assert [one.span() for one in pattern.finditer(text)] == [one.span() for one in found], "not in lower case"

    holds()


def test_no_labelled_text_is_passed_over() -> None:
    texts = [one.item.response for one in load()]
    for pattern in PATTERNS.values():
        assert [m.span() for t in texts for m in pattern.finditer(t)] == [
            m.span() for t in texts for m in pattern.pattern.finditer(t)
        ]


def test_a_word_needed_stands_alone_unless_said_otherwise() -> None:
    whole, part = Pattern("rain", "rain"), Pattern("-rain", "rain")
    assert [bool(whole.search(text)) for text in ("RAIN!", "it_rain_s", "trains")] == [True, True, False]
    assert part.search("Trains")


@given(st.text())
def test_the_vocabulary_is_the_words_in_lower_case(text: str) -> None:
    assert vocabulary(text) == set(re.findall(r"[^\W_]+", text.casefold()))
