"""One sound is not another, and who answers is none: no penguin is a seagull, and nobody says "I am a gunshot"."""

from __future__ import annotations

import re
from itertools import pairwise

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import mentions, unquoted
from balsa_data.facts import akin, supported, unlisted
from balsa_data.schemas import Verdict
from balsa_data.taxonomy import default
from balsa_data.taxonomy.text import Pattern

RANK = 1
REASONS = {
    "confused": "says that one sound is another",
    "persona": "speaks as a sound or somebody of the clip, or of what somebody in it hears",
}
FALSE = {"confused"}

_IS = re.compile(
    r"\s+(?:is|are|was|were|sounds?\s+like)\s+(?:really |actually |also |just |indeed )?(?:an?|the)\s+(?:sounds?\s+of\s+(?:an?\s+|the\s+)?|(?:[\w-]+\s+){0,2})",
    re.IGNORECASE,
)
_I_AM = Pattern("m am", r"\bi(?:['’]m| am)\s+(?:(?:not|just|only|also)\s+)*(?:an?|the)\s+(?:(?!of\b)[\w-]+\s+){0,2}$")
_SOMEBODY = Pattern("m am", r"\bi(?:['’]m| am)\s+an?\s+(?!bit|little|listener)\w")
_I_DO = Pattern("m am", r"\bi(?:['’]m| am)\s+(?:not\s+)?(\w+ing)\b")
_HEARS = Pattern(
    "hear hearing & not t cannot & person man woman child boy girl baby dog cat people crowd audience speaker does doesn | "
    "heard & by",
    r"\b(?:person|man|woman|child|boy|girl|baby|dog|cat|people|crowd|audience|speaker)(?: in (?:the|this) (?:recording|clip|audio))?"
    r"\s+(?:can(?:['’]t|not| not)|(?:is|are)(?:n['’]t| not)(?: able to)?|do(?:es)?(?:n['’]t| not))\s+hear(?:ing)?\b"
    r"|\bdoes(?:n['’]t| not)\s+hear\b|\bheard by\s+(?:an?|the|some)\s+(?!listener|audience|ear)",
)


def check(item: Item) -> Verdict:
    """Refuse "the penguin is a seagull", or sounds like one: the two are unrelated, and no listener takes one for the other.

    And "I am a helicopter", "the man cannot hear a train": neither says what is heard in the clip.
    """
    found = mentions(item.response, labels=unlisted(frozenset().union(*item.heard)))
    own = unquoted(item.response)  # "the man says, 'I am a dog'" is for the check on speech
    i_am = found if _I_AM.may_match(own) else ()
    said_by = (_I_AM.pattern.search(own, max(0, m.start - 60), m.start) for m in i_am)
    does = (done for done in _I_DO.finditer(own) if mentions(done.group(1)))  # "I'm sneezing", not "I'm hearing"
    if persona := next(filter(None, (_HEARS.search(own), _SOMEBODY.search(own), *said_by, *does)), None):
        detail = f"speaks as if it were in the clip: {persona.group()!r}"
        return failed("identity", "persona", detail, persona.span())
    for one, other in pairwise(found if _IS.search(item.response) else ()):
        if not _IS.fullmatch(item.response, one.end, other.start):
            continue
        if _two(one.sound, other.sound, item):
            said = item.response[one.start : other.end]
            return failed("identity", "confused", f"says {said!r}, but they are two sounds", (one.start, other.end))
    return passed("identity")


def _two(one: str, other: str, item: Item) -> bool:
    """Whether no listener takes one sound for the other; of a label that is no class, whether they are of two clips."""
    taxonomy = default()
    if not {one, other} <= taxonomy.sounds.keys():
        return len(item.clips) > 1 and not any(supported(one, s) and supported(other, s) for s in item.heard)
    generic = taxonomy.sounds[one].generic or taxonomy.sounds[other].generic
    return not (generic or akin(one, other) or taxonomy.confusable(one, other))
