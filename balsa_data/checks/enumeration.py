"""A joint caption is one text, not a list of clips."""

from __future__ import annotations

import re

from balsa_data.attribution import told
from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict

RANK = 1
REASONS = {"enumerates": "tells the clips one by one where one caption was asked for"}

_ASKED_FOR = re.compile(
    r"\b(?:each|every|one by one|separately|respectively|in turn|number(?:ed)?|in order)\b", re.IGNORECASE
)


def check(item: Item) -> Verdict:
    """Refuse a joint caption with "audio 1 …, audio 2 …" or "the first …, the second …", unless the prompt asks for that."""
    if item.task != "joint_caption" or _ASKED_FOR.search(item.prompt):
        return passed("enumeration")
    if len(named := told(item.response, item.clips).named) > 1:
        places = ", ".join(str(i + 1) for i in sorted(named))
        return failed("enumeration", "enumerates", f"tells of clips {places} one by one")
    return passed("enumeration")
