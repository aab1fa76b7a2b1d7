"""A response about several clips speaks of every one."""

from __future__ import annotations

from collections.abc import Sequence

from balsa_data.attribution import told
from balsa_data.checks import Item, failed, passed
from balsa_data.facts import related, supported
from balsa_data.schemas import Verdict

RANK = 1
REASONS = {"clip_not_covered": "says nothing of one of the clips"}


def check(item: Item) -> Verdict:
    """Refuse a difference that says of no sound whether a clip has it, and a joint caption without a sound of one."""
    if len(item.clips) < 2:
        return passed("clips")
    said, each = told(item.response, item.clips).said, item.heard
    for i, sounds in enumerate(each):
        if item.task == "difference":
            covered = any(i in (s.clips or ()) for s in said)
        else:
            mine = {s.sound for s in said if s.affirms and (s.clips is None or i in s.clips)}
            covered = any(_covers(sound, sounds, each) for sound in mine)
        if not covered:
            return failed(
                "clips", "clip_not_covered", f"says nothing of clip {i + 1}, which has {', '.join(sorted(sounds))}"
            )
    return passed("clips")


def _covers(sound: str, sounds: frozenset[str], each: Sequence[frozenset[str]]) -> bool:
    """Whether a clip has a sound; or the class above it, and no clip has it more exactly: "a woman speaking" is hers."""
    theirs = any(supported(sound, other) for other in each)
    return supported(sound, sounds) if theirs else any(related(sound, own) for own in sounds)
