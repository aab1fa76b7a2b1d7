"""A difference between clips is one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from balsa_data.attribution import Said, told
from balsa_data.checks import Item, failed, passed
from balsa_data.facts import related, supported
from balsa_data.schemas import Verdict
from balsa_data.taxonomy import default

RANK = 2
REASONS = {
    "common_as_difference": "names a sound as one clip's that another has as well",
    "no_real_difference": "names nothing that one clip has and another lacks, or says that they are alike",
}
_ALIKE = re.compile(
    r"\b(?:audios?|clips|files|recordings)\b (?:are|sound) (?:\w+ )?identical\b(?!,? (?:except|apart|but for|save|other than))",
    re.IGNORECASE,
)


def check(item: Item) -> Verdict:
    """Refuse a difference that is none: a sound given to one clip alone though others have it, or no sound at all.

    A sound may be common when the response says so, of all clips that have it, together or one by one.
    """
    if item.task != "difference":
        return passed("difference")
    if alike := _ALIKE.search(item.response):  # whatever else it tells apart, one of the two is wrong
        return failed("difference", "no_real_difference", f"says that {alike[0]!r}", alike.span())
    sounds = item.heard
    said = [s for s in told(item.response, item.clips).said if s.clips is not None]
    for one in said:
        words, span = item.response[one.start : one.end], (one.start, one.end)
        for other in range(len(sounds)):
            shared = other not in (one.clips or ()) and supported(one.sound, sounds[other])
            if one.affirms and shared and not _also(one, other, said):
                detail = f"gives {words!r} to one clip, but clip {other + 1} has it as well"
                return failed("difference", "common_as_difference", detail, span)
    if any(_tells_apart(one, sounds) for one in said):
        return passed("difference")
    return failed("difference", "no_real_difference", "names no sound that one clip has and another lacks")


def _also(one: Said, clip: int, said: list[Said]) -> bool:
    """Whether the response says it of the other clip too, in no wider word: "a bird … a crow" tells two crows apart."""
    return any(s.affirms and clip in (s.clips or ()) and _names(s.sound, one.sound) for s in said)


def _names(word: str, sound: str) -> bool:
    return supported(sound, frozenset({word})) or (related(word, sound) and default().sounds[word].generic)


def _tells_apart(one: Said, sounds: Sequence[frozenset[str]]) -> bool:
    """Whether some clips have the sound of a claim, and others nothing like it."""
    without = [i for i, s in enumerate(sounds) if not any(related(one.sound, p) for p in s)]
    having = [i for i, s in enumerate(sounds) if supported(one.sound, s)]
    return bool(having and without) and not (one.clips or frozenset()).isdisjoint(having if one.affirms else without)
