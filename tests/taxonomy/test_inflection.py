"""Inflected forms."""

from __future__ import annotations

import pytest

from balsa_data.taxonomy.inflection import noun, verb


@pytest.mark.parametrize(
    ("form", "plural"),
    [
        ("dog", "dogs"),
        ("church bell", "church bells"),
        ("gust of wind", "gusts of wind"),
        ("bus", "buses"),
        ("crash", "crashes"),
        ("cry", "cries"),
        ("toy", "toys"),
        ("fireman", "firemen"),
        ("human", "humans"),
        ("school mouse", "school mice"),
    ],
)
def test_nouns(form: str, plural: str) -> None:
    assert noun(form) == (form, plural)


@pytest.mark.parametrize(
    "forms",
    [
        "bark barks barking barked",
        "hum hums humming hummed",
        "sneeze sneezes sneezing sneezed",
        "cry cries crying cried",
        "whir whirs whirring whirred",
        "creak creaks creaking creaked",
        "sing sings singing sang sung",
        "squeeze squeezes squeezing squeezed",
        "tie ties tying tied",
        "chew chews chewing chewed",
    ],
)
def test_verbs(forms: str) -> None:
    base, *_ = forms.split()
    assert verb(base) == tuple(forms.split())
    assert verb(f"{base} loudly") == tuple(f"{form} loudly" for form in forms.split())
