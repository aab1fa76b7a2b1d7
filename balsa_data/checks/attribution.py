"""What a response says of one of several clips is said of the right one."""

from __future__ import annotations

import re

from balsa_data.attribution import told
from balsa_data.checks import Item, failed, passed
from balsa_data.facts import narrowest, related, supported
from balsa_data.schemas import Verdict

RANK = 1
REASONS = {"swapped": "says of one clip what only another's metadata has, or denies it of the clip that has it"}
FALSE = {"swapped"}

_ONE = re.compile(
    r"\b(?:this|the) (?:audio|recording|sound)?(?: ?(?:clip|file|recording))? (?:has|contains|features|includes)\b[^.!?;\n]*",
    re.IGNORECASE,
)


def check(item: Item) -> Verdict:
    """Refuse a response that gives a sound to the wrong clip, or denies it of a clip that has it.

    That a sound is in no clip at all is for `grounded` to say. A clip that is not there ("the third" of two) has no sound.
    """
    sounds = item.heard
    if len(sounds) < 2:
        return passed("attribution")
    all_said = told(item.response, item.clips).said
    for one in _ONE.finditer(item.response) if item.task == "difference" else ():
        its = {s.sound for s in all_said if s.affirms and not s.clips and one.start() <= s.start < one.end()}
        if not any(all(supported(sound, clip) for sound in its) for clip in sounds):
            detail = (
                f"says of one clip, without saying which, that it has {', '.join(sorted(its))}, but none has them all"
            )
            return failed("attribution", "swapped", detail, one.span())
    for said in all_said:
        span, words = (said.start, said.end), item.response[said.start : said.end]
        for clip in sorted(said.clips or ()):
            if clip >= len(sounds):
                return failed("attribution", "swapped", f"speaks of clip {clip + 1}, but there are {len(sounds)}", span)
            if (
                said.affirms
                and not supported(said.sound, sounds[clip])
                and any(supported(said.sound, s) for s in sounds)
            ):
                detail = f"says {words!r} is heard in clip {clip + 1}, but only another clip has it"
                return failed("attribution", "swapped", detail, span)
            if not said.affirms and any(related(p, said.sound) for p in narrowest(sounds[clip])):
                return failed(
                    "attribution", "swapped", f"says {words!r} is not heard in clip {clip + 1}, which has it", span
                )
    return passed("attribution")
