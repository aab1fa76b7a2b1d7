"""English inflection, as far as names of sounds need it: plurals, third person, participles.

Regular rules and the irregular words that sounds really use; checked against lemminflect over every form of the shipped
taxonomy. A form's head is inflected: a noun's last word (or the one before *of*), a verb's first.
"""

from __future__ import annotations

import re

__all__ = ["noun", "verb"]

_PLURALS = {
    "child": "children", "man": "men", "woman": "women", "person": "people", "foot": "feet", "tooth": "teeth",
    "goose": "geese", "mouse": "mice", "wolf": "wolves", "calf": "calves", "leaf": "leaves", "knife": "knives",
    "hoof": "hooves", "ox": "oxen", "louse": "lice", "bus": "buses", "echo": "echoes", "mosquito": "mosquitoes",
    "buffalo": "buffaloes", "volcano": "volcanoes", "tornado": "tornadoes", "quiz": "quizzes", "thief": "thieves",
}  # fmt: skip
_PAST = {
    "sing": "sang sung", "ring": "rang rung", "speak": "spoke spoken", "blow": "blew blown", "break": "broke broken",
    "drive": "drove driven", "shake": "shook shaken", "sweep": "swept", "weep": "wept", "fly": "flew flown", "say": "said",
    "tear": "tore torn", "write": "wrote written", "burst": "burst", "hit": "hit", "cut": "cut", "shut": "shut", "go": "went gone",
    "swing": "swung", "slide": "slid", "spin": "spun", "eat": "ate eaten", "drink": "drank drunk", "strike": "struck",
    "shoot": "shot", "run": "ran", "draw": "drew drawn", "beat": "beaten", "throw": "threw thrown", "sputter": "sputtered",
    "ride": "rode ridden", "fall": "fell fallen", "bite": "bitten", "saw": "sawed sawn", "split": "split", "tell": "told",
    "crow": "crowed", "bleed": "bled", "give": "gave given", "set": "set", "let": "let", "blare": "blared", "come": "came",
    "lay": "laid", "make": "made", "take": "took taken", "grind": "", "read": "read", "freewheel": "freewheeled",
    "play": "played", "spit": "spat", "unwind": "unwound", "hum": "hummed", "swim": "swam", "wring": "wrung", "feed": "fed",
}  # fmt: skip  # grind's past is left out: "ground" is the floor
_STRESSED_LAST = re.compile(r"[^aeiou]*(?:qu)?[aeiouy][bdgklmnprtvz]")  # stop → stopping, whir → whirring


def noun(form: str) -> tuple[str, ...]:
    """Return a noun phrase's singular and plural: ``("gust of wind", "gusts of wind")``."""
    head, of, rest = form.partition(" of ")
    start, _, last = head.rpartition(" ")
    plural = f"{start} {_plural(last)}".strip() + of + rest
    return (form, plural)


def verb(form: str) -> tuple[str, ...]:
    """Return a verb phrase's base, third person, participles: ``("bark", "barks", "barking", "barked")``."""
    head, space, rest = form.partition(" ")
    past = _PAST[head].split() if head in _PAST else [_past(head)]
    return tuple(dict.fromkeys(w + space + rest for w in (head, _plural(head), _participle(head), *past)))


def _plural(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    if re.search(r"(?:[sxz]|[cs]h)$", word):
        return word + "es"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if word in {"go", "do"} else "s")


def _participle(word: str) -> str:
    if word.endswith("ie"):
        return word[:-2] + "ying"
    if re.search(r"[^eoy]e$", word):
        return word[:-1] + "ing"
    return (word + word[-1] if _STRESSED_LAST.fullmatch(word) else word) + "ing"


def _past(word: str) -> str:
    if word.endswith("e"):
        return word + "d"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ied"
    return (word + word[-1] if _STRESSED_LAST.fullmatch(word) else word) + "ed"
