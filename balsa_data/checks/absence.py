"""What a response says is not heard, is not heard."""

from __future__ import annotations

from balsa_data.attribution import told
from balsa_data.checks import Item, failed, passed
from balsa_data.claims import EVERYTHING, Claim, Polarity, claims
from balsa_data.facts import akin_to, narrowest, related, sourceless, unlisted, unmentioned
from balsa_data.schemas import Verdict

RANK = 1
REASONS = {"contradicted": "says that a sound is not heard which the metadata has"}
FALSE = {"contradicted"}


def check(item: Item) -> Verdict:
    """Refuse a response that denies a sound in the metadata, a kind it belongs to, or a kind of it.

    With *dog* there, "no dog", "no animals" and "no growling" are refused. A class that stands beside one of its kinds
    (the tags *Animal, Dog*) says no more than the kind: "no cats" passes. What a listener could take for the denied
    sound is no contradiction (metadata that names *rain* says it is no shower), but what a radio may be playing, or a
    speaker holding, is one. Of several clips to be told apart, only what is in all of them contradicts, unless the
    denial is of no clip in particular.
    """
    sets = item.heard
    every = frozenset().union(*sets)
    present = narrowest(frozenset.intersection(*sets) if item.task == "difference" and sets else every)
    if item.task != "difference":
        present |= sourceless(*item.clips)  # "no clanking" of a clanking train
    else:
        for one in told(item.response, item.clips).said:
            if one.clips is None and not one.affirms and any(related(p, one.sound) for p in narrowest(every)):
                detail = f"says {item.response[one.start : one.end]!r} is not heard, of no clip in particular, and one has it"
                return failed("absence", "contradicted", detail, (one.start, one.end))
    doubted = None
    for claim in claims(item.response, prompt=item.prompt, labels=unlisted(every)):
        if claim.polarity in {Polarity.ABSENT, Polarity.UNCLEAR} and (found := _denied(claim, present)):
            said, names, span = (
                item.response[claim.start : claim.end],
                ", ".join(sorted(found)),
                (claim.start, claim.end),
            )
            if claim.polarity is Polarity.ABSENT:
                return failed(
                    "absence", "contradicted", f"says {said!r} is not heard, but the metadata has {names}", span
                )
            detail = f"says {said!r} is not heard or leaves it open, but the metadata has {names}"
            doubted = doubted or failed("absence", "contradicted", detail, span, doubt=True)
    return doubted or passed("absence")


def _denied(claim: Claim, present: frozenset[str]) -> set[str]:
    """Return what is present of what a claim denies."""
    if claim.sound != EVERYTHING:
        contrary = {p for p in present if related(p, claim.sound) or claim.sound in unmentioned(p)}
        return {p for p in contrary if not any(related(p, b) for b in claim.besides)}
    return {p for p in present if akin_to(p).isdisjoint(claim.besides)}
