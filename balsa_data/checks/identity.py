"""One sound is not another: no penguin is a seagull."""

from __future__ import annotations

import re
from itertools import pairwise

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import mentions
from balsa_data.facts import akin
from balsa_data.schemas import Verdict
from balsa_data.taxonomy import default

RANK = 1
REASONS = {"confused": "says that one sound is another"}

_IS = re.compile(
    r"\s+(?:is|are|was|were)\s+(?:really |actually |also |just )?(?:an?|the)\s+(?:[\w-]+\s+){0,2}", re.IGNORECASE
)


def check(item: Item) -> Verdict:
    """Refuse "the penguin is a seagull": the two are unrelated, and no listener takes one for the other."""
    if not _IS.search(item.response):
        return passed("identity")
    taxonomy = default()
    for one, other in pairwise(mentions(item.response)):
        if not _IS.fullmatch(item.response, one.end, other.start):
            continue
        a, b = taxonomy.sounds[one.sound], taxonomy.sounds[other.sound]
        if not (a.generic or b.generic or akin(one.sound, other.sound) or taxonomy.confusable(one.sound, other.sound)):
            said = item.response[one.start : other.end]
            return failed("identity", "confused", f"says {said!r}, but they are two sounds", (one.start, other.end))
    return passed("identity")
