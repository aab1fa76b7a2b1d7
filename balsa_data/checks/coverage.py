"""A response does what its task is for: a positive tells what is heard, a negative denies something, a combined both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import ceil
from typing import Annotated

from pydantic import Field

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import EVERYTHING, Polarity, answers, claims, mentions
from balsa_data.facts import narrowest, related, unlisted
from balsa_data.schemas import Verdict
from balsa_data.taxonomy import default

RANK = 1
REASONS = {
    "uncovered": "leaves out too much of what is heard",
    "undenied": "denies nothing, or not what it was given to deny",
    "unanswered": "does not answer the yes/no question",
}

Share = Annotated[float, Field(ge=0, le=1)]
_AFFIRM = {"positive", "combined", "joint_caption"}
_DENY = {"negative", "combined"}
_YES_OR_NO = re.compile(r"\W*(?:yes|no)\b", re.IGNORECASE)


def check(item: Item, *, present_share: Share = 0.5, absent_share: Share = 1.0, yes_or_no: bool = False) -> Verdict:
    """Refuse a response that leaves out what its task asks for.

    Args:
        item: What is judged.
        present_share: The share of the sounds in the metadata (or of those given to affirm) that a positive must
            affirm, and always one; a class counts as affirmed by a kind of it or a kind it belongs to.
        absent_share: The share of the sounds given to deny (guided) that must be denied, and always one.
        yes_or_no: Whether the answer to a yes/no question must begin with yes or no; else a statement answers it as well.
    """
    given = [default().resolve(s) or s.casefold() for s in item.absent]
    wanted = [default().resolve(s) or s.casefold() for s in item.present] or narrowest(frozenset().union(*item.heard))
    found = claims(item.response, prompt=item.prompt, labels=unlisted({*given, *wanted}))
    affirmed = {c.sound for c in found if c.polarity is Polarity.PRESENT}
    denied = {c.sound for c in found if c.polarity is Polarity.ABSENT} - {EVERYTHING}

    if item.task == "existence":
        if yes_or_no and not _YES_OR_NO.match(item.response):
            return failed("coverage", "unanswered", f"does not begin its answer to {item.prompt!r} with yes or no")
        asked = {m.sound for m in mentions(item.prompt, unlisted({*given, *wanted}))}
        if not asked or (answers(item.response) and any(related(a, s) for a in asked for s in affirmed | denied)):
            return passed("coverage")
        return failed("coverage", "unanswered", f"says neither yes nor no to {item.prompt!r}")
    if not wanted:
        detail = "the metadata names no sound that the taxonomy knows: nothing can be told"
        return failed("coverage", "uncovered", detail, doubt=True)
    if item.task in _AFFIRM:
        left = _left_out(wanted, affirmed)
        if len(wanted) - len(left) < max(1, ceil(len(wanted) * present_share)):
            return failed("coverage", "uncovered", f"does not say that there is {', '.join(left)}")
    if item.task in _DENY:
        if not denied:
            return failed("coverage", "undenied", "says of no sound that it is not heard")
        left = _left_out(given, denied)
        if given and len(given) - len(left) < max(1, ceil(len(given) * absent_share)):
            return failed("coverage", "undenied", f"was given {', '.join(left)} to deny and does not")
    return passed("coverage")


def _left_out(wanted: Iterable[str], said: set[str]) -> list[str]:
    return sorted(w for w in wanted if not any(related(w, s) for s in said))
