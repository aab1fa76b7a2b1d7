"""A response about several clips speaks of every one."""

from __future__ import annotations

from balsa_data.attribution import told
from balsa_data.checks import Item, failed, passed
from balsa_data.facts import heard, related
from balsa_data.schemas import Verdict

RANK = 1
REASONS = {"clip_not_covered": "says nothing of one of the clips"}


def check(item: Item) -> Verdict:
    """Refuse a difference that says of no sound whether a clip has it, and a joint caption without a sound of one."""
    if len(item.clips) < 2:
        return passed("clips")
    telling = told(item.response, item.clips)
    for i, clip in enumerate(item.clips):
        sounds = heard(clip)
        if item.task == "difference":
            covered = any(i in (s.clips or ()) for s in telling.said)
        else:
            mine = (s for s in telling.said if s.affirms and (s.clips is None or i in s.clips))
            covered = any(related(s.sound, sound) for s in mine for sound in sounds)
        if not covered:
            return failed(
                "clips", "clip_not_covered", f"says nothing of clip {i + 1}, which has {', '.join(sorted(sounds))}"
            )
    return passed("clips")
