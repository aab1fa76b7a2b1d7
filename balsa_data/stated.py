"""What metadata says for sure: the sounds it states in its own words, and all that its words could name.

Between the two lies what nobody should be asked about: a sound that a caption supposes or elsewhere denies, one whose
maker is merely named ("a man works on a saw", "talks to a horse"), or one whose class is called by another's name (a *tiger* is not "a
lion").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from balsa_data.facts import akin_to, spoken
from balsa_data.taxonomy import Taxonomy
from balsa_data.taxonomy.text import key

__all__ = ["Words", "clear", "named", "stated"]

WORDS = 3  # of a sound's name, at most, when it is looked for in metadata word by word
# Who is spoken to need not be heard: "a woman talks in a high-pitched voice to a horse".
_ADDRESSEE = re.compile(
    r"(\b(?:talk|speak|sing|whistl|whisper|yell|shout|scream|laugh|howl|call|coo)\w*\b[^,.;]{0,40}?\b(?:to|at) )"
    r"(?:(?:an?|the|some|his|her|their) )?(?:\w+ )?(?:horse|dog|cat|pet|animal|bird|bab(?:y|ie)|infant|child|children|kid"
    r"|boy|girl|m[ae]n|wom[ae]n|person|people|crowd|audience)s?\b(?! \w+ing\b)",
    re.IGNORECASE,
)
_SMALL = frozenset("a an the of on in by with being s".split())


class Words(NamedTuple):
    """What metadata says, word for word.

    Attributes:
        labels: Of its sound events.
        others: Its captions, and what its attributes say.
        voices: The gender and age of whoever speaks, where they are known.
    """

    labels: tuple[str, ...]
    others: tuple[str, ...]
    voices: tuple[tuple[str | None, str | None], ...]

    @classmethod
    def of(cls, clip: Mapping[str, Any]) -> Words:
        """Return the words of a clip, as it is written down: a field that is not there is not known."""
        return cls(
            tuple([event["label"] for event in clip.get("events", ())]),
            (*clip.get("captions", ()), *clip.get("attributes", {}).values()),
            tuple([(one.get("gender"), one.get("age")) for one in clip.get("speech", ())]),
        )


def stated(words: Words, sounds: frozenset[str], doubts: frozenset[str], taxonomy: Taxonomy) -> list[str]:
    """Return which of the sounds heard in a clip are stated in their own words and without doubt, and are not too broad.

    Args:
        words: What its metadata says.
        sounds: What is heard in it (`facts.heard`).
        doubts: Those of which its captions are not sure (`facts.doubted`).
        taxonomy: Says how they are called.
    """
    by_voice = spoken(words.voices, taxonomy) if words.voices else ()
    stems = frozenset().union(*[_stems(text) for text in words.labels + words.others])
    found = [
        sound
        for sound in sorted(taxonomy.narrowest(sounds))
        if not stems.isdisjoint(_called(sound, taxonomy)) or (sound in by_voice and _definite(sound, taxonomy))
    ]
    return [sound for sound in found if akin_to(sound, taxonomy).isdisjoint(doubts)] if doubts else found


def named(words: Words, taxonomy: Taxonomy) -> frozenset[str]:
    """Return every sound that a word or two of the metadata could name, whether or not it is said to be heard."""
    return frozenset().union(*[_named(text, taxonomy) for text in words.labels + words.others])


@lru_cache(maxsize=16384)  # a corpus has many clips and few labels, and several tasks ask about one caption
def _named(text: str, taxonomy: Taxonomy) -> frozenset[str]:
    found = (_class(words, taxonomy) for words in _runs(key(text).split()))
    return frozenset(sound for sound in found if sound)


def clear(words: Words, taxonomy: Taxonomy) -> bool:
    """Return whether the taxonomy knows every label of a clip as a whole, not a word in it."""
    return all(_class(label, taxonomy) for label in words.labels)


def _definite(sound: str, taxonomy: Taxonomy) -> bool:
    return sound in taxonomy.sounds and not taxonomy.sounds[sound].generic


@lru_cache(maxsize=4096)
def _called(sound: str, taxonomy: Taxonomy) -> frozenset[str]:
    """Return how the words begin of which metadata must have one to say that this sound is there; none say a broad one.

    Those of its name; of a kind (*a lion roaring*) those that say of what: a *tiger* is of the class that is called a
    lion, but is not called so.
    """
    if not _definite(sound, taxonomy):
        return frozenset()
    known = taxonomy.sounds
    of_what = (_stems(known[parent].phrase) for parent in known[sound].parents if not known[parent].generic)
    own = _stems(known[sound].phrase)
    return own & frozenset().union(*of_what) or own | _stems(sound)


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    """Return how a text's words begin: *barks* and *barking* begin alike."""
    return frozenset(word[:3] for word in key(_ADDRESSEE.sub(r"\1", text)).split() if word not in _SMALL)


def _runs(words: list[str]) -> Iterator[str]:
    return (" ".join(words[i : i + n]) for n in range(1, WORDS + 1) for i in range(len(words) - n + 1))


@lru_cache(maxsize=1 << 17)
def _class(words: str, taxonomy: Taxonomy) -> str | None:
    return taxonomy.resolve(words)
