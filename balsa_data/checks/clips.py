"""A response about several clips speaks of every one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from balsa_data.attribution import Said, told
from balsa_data.checks import Item, failed, passed
from balsa_data.facts import related, supported
from balsa_data.schemas import Verdict

RANK = 1
REASONS = {"clip_not_covered": "says nothing of one of the clips"}

_ONE = re.compile(r"\ban?\s+(?:[\w-]+\s+){0,3}$", re.IGNORECASE)


def check(item: Item) -> Verdict:
    """Refuse a difference that says of no sound whether a clip has it, and a joint caption without a sound of one."""
    if len(item.clips) < 2:
        return passed("clips")
    said, each = told(item.response, item.clips).said, item.heard
    used: set[Said] = set()  # of one clip alone
    for i, sounds in enumerate(each):
        if item.task == "difference":
            covered = any(i in (s.clips or ()) for s in said)
        else:
            mine = [s for s in said if s.affirms and (s.clips is None or i in s.clips) and s not in used]
            speaking = [s for s in mine if _covers(s.sound, sounds, each)]
            covered = bool(speaking)
            if all(_one_of(s, item) for s in speaking):
                used.update(speaking[:1])
        if not covered:
            return failed(
                "clips", "clip_not_covered", f"says nothing of clip {i + 1}, which has {', '.join(sorted(sounds))}"
            )
    return passed("clips")


def _one_of(said: Said, item: Item) -> bool:
    """Whether it is one thing of a kind that several clips have different things of: "an instrument" is not two."""
    one = _ONE.search(item.response, 0, said.start)
    theirs = [sounds for sounds in item.heard if supported(said.sound, sounds)]
    return bool(one) and len(theirs) > 1 and not any(said.sound in sounds for sounds in theirs)


def _covers(sound: str, sounds: frozenset[str], each: Sequence[frozenset[str]]) -> bool:
    """Whether a clip has a sound; or the class above it, and no clip has it more exactly: "a woman speaking" is hers."""
    theirs = any(supported(sound, other) for other in each)
    return supported(sound, sounds) if theirs else any(related(sound, own) for own in sounds)
