"""A yes/no question is answered as the metadata answers it."""

from __future__ import annotations

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import Polarity, claims, mentions
from balsa_data.facts import related, supported, unlisted
from balsa_data.schemas import Verdict

REASONS = {
    "wrong_answer": "answers yes of a sound that is not in the metadata, or no of one that is, or both",
    "undecided": "was asked after a sound of which the metadata says neither that it is heard nor that it is not",
}
FALSE = {"wrong_answer"}


def check(item: Item) -> Verdict:
    """Refuse the wrong answer to "is there a sound of …?", and one that says both.

    What was asked for is read from the prompt, so that questions made elsewhere are judged alike.
    """
    if item.task != "existence":
        return passed("answer")
    sounds = frozenset().union(*item.heard)
    labels = unlisted({*sounds, *item.present, *item.absent})
    asked = {m.sound for m in mentions(item.prompt, labels)}
    there = {sound for sound in asked if supported(sound, sounds)}
    if not asked or (not there and any(related(a, s) for a in asked for s in sounds)):
        return failed("answer", "undecided", f"whether the answer to {item.prompt!r} is yes, the metadata does not say")
    wrong = Polarity.ABSENT if there else Polarity.PRESENT
    for claim in claims(item.response, prompt=item.prompt, labels=labels):
        if claim.polarity is wrong and any(related(claim.sound, a) for a in there or asked):
            right = "yes" if there else "no"
            said = item.response[claim.start : claim.end]
            return failed(
                "answer",
                "wrong_answer",
                f"the answer is {right}, but {said!r} says otherwise",
                (claim.start, claim.end),
            )
    return passed("answer")
