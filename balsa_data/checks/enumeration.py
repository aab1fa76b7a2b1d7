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
_LIST = re.compile(r"^[ \t]*(?:\d+[.)]|[-*•])[ \t]", re.MULTILINE)


def check(item: Item) -> Verdict:
    """Refuse a joint caption with "audio 1 …, audio 2 …", "the first …, the second …" or a list, unless the prompt asks for it."""
    if item.task != "joint_caption" or _ASKED_FOR.search(item.prompt):
        return passed("enumeration")
    if len(named := told(item.response, item.clips).named) > 1:
        places = ", ".join(str(i + 1) for i in sorted(named))
        return failed("enumeration", "enumerates", f"tells of clips {places} one by one")
    if len(lines := list(_LIST.finditer(item.response))) > 1:
        return failed("enumeration", "enumerates", f"is a list of {len(lines)} lines", lines[1].span())
    return passed("enumeration")
