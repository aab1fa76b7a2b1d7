"""The field's figures as pure functions of labels and answers.

Object hallucination (Kuan et al., Interspeech 2024; kuan2jiu99/audio-hallucination) asks whether a sound is there and
takes "No" as the positive class. CHAIR, Cover and Hal judge which sounds a description names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

__all__ = [
    "bootstrap",
    "difference",
    "generative",
    "object_hallucination",
    "parse_reference",
    "parse_strict",
    "parse_which",
    "which_clip",
]

T = TypeVar("T")

_REFERENCE = (  # in this order; the first that occurs decides
    ("Yes", "yes"), ("yes", "yes"), ("No", "no"), ("there is no", "no"), ("does not contain", "no"), ("contain", "yes"),
    ("not", "no"), ("unable", "no"), ("can't", "no"),
)  # fmt: skip


def parse_reference(response: str) -> str | None:
    """Read an answer as the field's reference does: ``yes``, ``no``, or None where no known piece of text occurs.

    It looks for pieces anywhere in the text, so "I cannot say yes" is a yes; see `parse_strict`.
    """
    return next((answer for piece, answer in _REFERENCE if piece in response), None)


def parse_strict(response: str) -> str | None:
    """Read an answer that opens with the word yes or no; anything else is None, and no answer."""
    found = re.match(r"[\s\W_]*(yes|no)\b(?!\s*(?:idea|way to (?:tell|know)|one can))", response, re.IGNORECASE)
    return found[1].lower() if found else None


def object_hallucination(labels: Sequence[str], answers: Sequence[str | None], *, none_is_no: bool) -> dict[str, float]:
    """Judge answers to "Is there a sound of …?"; "No" is the positive class.

    Args:
        labels: What is right, ``yes`` or ``no``.
        answers: What was read from each response; None where neither was found.
        none_is_no: Count None as "no", as the Interspeech reference does; else it is wrong and neither answer.

    Returns:
        accuracy, precision, recall, f1, weighted_f1 (both classes' F1 by their support), yes_rate, unparsed: all in [0, 1];
        0 where a denominator is.
    """
    given = [("no" if none_is_no else "none") if answer is None else answer for answer in answers]
    count = len(labels)
    right = {c: sum(x == y == c for x, y in zip(labels, given, strict=True)) for c in ("yes", "no")}
    gold = {c: sum(label == c for label in labels) for c in ("yes", "no")}
    said = {c: sum(answer == c for answer in given) for c in ("yes", "no")}
    f1 = {c: _share(2 * right[c], gold[c] + said[c]) for c in ("yes", "no")}
    return {
        "accuracy": _share(right["yes"] + right["no"], count),
        "precision": _share(right["no"], said["no"]),
        "recall": _share(right["no"], gold["no"]),
        "f1": f1["no"],
        "weighted_f1": _share(sum(f1[c] * gold[c] for c in ("yes", "no")), count),
        "yes_rate": _share(said["yes"], count),
        "unparsed": _share(sum(answer is None for answer in answers), count),
    }


def generative(
    mentioned: Collection[str], present: Collection[str], related: Callable[[str, str], bool] = str.__eq__
) -> dict[str, float | None]:
    """Judge one description by the sounds it names.

    Args:
        mentioned: The sounds it affirms.
        present: The sounds that are there.
        related: Whether a mention is borne out by a sound that is there: the same, or one a kind of the other.

    Returns:
        chair: share of mentions that nothing there bears out; None (not the reference's -1, which its averages then
        include) where nothing is mentioned. cover: share of what is there that a mention names. hal: 1 where any mention
        is wrong.
    """
    wrong = [m for m in mentioned if not any(related(m, p) for p in present)]
    found = [p for p in present if any(related(m, p) for m in mentioned)]
    return {
        "chair": len(wrong) / len(mentioned) if mentioned else None,
        "cover": len(found) / len(present) if present else None,
        "hal": float(bool(wrong)),
    }


def parse_which(response: str) -> str | None:
    """Read which clip an answer names: ``first``, ``second``, ``both``, ``neither``, or None when it names none or each."""
    words = re.findall(r"\b(first|second|both|neither)\b", response.lower())
    named = set(words)
    if "neither" in named or "both" in named:
        return "neither" if "neither" in named else "both"
    return named.pop() if len(named) == 1 else None


def which_clip(labels: Sequence[str], responses: Sequence[str]) -> dict[str, float]:
    """Judge answers to "Which of the clips has a sound of …?"."""
    answers = [parse_which(response) for response in responses]
    return {
        "accuracy": _share(sum(x == y for x, y in zip(labels, answers, strict=True)), len(labels)),
        "unparsed": _share(answers.count(None), len(labels)),
    }


def difference(
    mentioned: Collection[str],
    first: Collection[str],
    second: Collection[str],
    related: Callable[[str, str], bool] = str.__eq__,
) -> bool:
    """Whether an explanation of two clips' difference is right.

    It names a sound of each side that the other side lacks, where there is one, and no sound that is on neither side.
    """
    sides = [[s for s in here if s not in there] for here, there in ((first, second), (second, first))]
    named = all(not side or any(related(m, s) for m in mentioned for s in side) for side in sides)
    return named and all(any(related(m, s) for s in (*first, *second)) for m in mentioned)


def bootstrap(
    items: Sequence[T],
    statistic: Callable[[Sequence[T]], Mapping[str, float | None]],
    groups: Sequence[Hashable],
    *,
    draws: int = 1000,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Return each figure's 95% interval by the percentile bootstrap.

    Args:
        items: What the statistic is of.
        statistic: Named figures of some items.
        groups: What each item belongs to (its recording). Whole groups are drawn, since questions about one recording
            fail together and would make intervals too narrow.
        draws: How many resamples.
        seed: Of the draws.
    """
    members: dict[Hashable, list[T]] = {}
    for item, group in zip(items, groups, strict=True):
        members.setdefault(group, []).append(item)
    blocks = list(members.values())
    random = np.random.default_rng(seed)
    found: dict[str, list[float]] = {}
    for _ in range(draws):
        sample = [item for k in random.integers(len(blocks), size=len(blocks)) for item in blocks[k]]
        for name, value in statistic(sample).items():
            if value is not None:
                found.setdefault(name, []).append(value)
    return {
        name: (float(low), float(high)) for name, v in found.items() for low, high in [np.quantile(v, [0.025, 0.975])]
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
