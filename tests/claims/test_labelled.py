"""How well the checks tell true responses from false ones, on the labelled set."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from balsa_data.checks import CHECKS
from balsa_data.claims import claims
from tests.claims.labelled import CHECKED, Labelled, confusion, load

ITEMS = load()


def test_the_set_has_enough_of_everything() -> None:
    reasons = {reason for name in CHECKED for reason in CHECKS.module(name).REASONS}
    counts = Counter(one.reason for one in ITEMS)
    assert len(ITEMS) >= 500
    assert {reason: counts[reason] for reason in reasons if counts[reason] < 25} == {}


def test_the_set_has_minimal_pairs() -> None:
    """For one clip, task and prompt there are true and false responses that share most of their words."""
    groups = defaultdict(list)
    for one in ITEMS:
        groups[one.item.clips[0].model_dump_json(exclude={"id"}), one.item.task, one.item.prompt].append(one)
    pairs = sum(
        1
        for group in groups.values()
        for good in group
        for bad in group
        if good.reason is None and bad.reason and _nearly_same(good.item.response, bad.item.response)
    )
    assert pairs >= 100


def _nearly_same(a: str, b: str) -> bool:
    first, second = Counter(a.split()), Counter(b.split())
    return (first - second).total() <= 3 and (second - first).total() <= 3


@pytest.mark.parametrize("split", ["dev", "held", "test", "all"])
def test_false_responses_are_refused_and_true_ones_pass(split: str) -> None:
    items = [one for one in ITEMS if split in {one.split, "all"}]
    bad = [bool(one.refused_for()) for one in items if one.reason]
    good = [not one.refused_for() for one in items if not one.reason]
    assert sum(bad) / len(bad) >= 0.99, confusion(items)
    assert sum(good) / len(good) >= 0.90, confusion(items)


def test_a_refusal_points_at_the_words_and_says_why() -> None:
    reasons = {name: CHECKS.module(name).REASONS for name in CHECKED}
    for one in ITEMS:
        for verdict in one.verdicts():
            if verdict.ok:
                continue
            assert verdict.reason in reasons[verdict.check]
            assert verdict.detail
            assert "\n" not in verdict.detail
            if verdict.span:
                start, end = verdict.span
                assert 0 <= start < end <= len(one.item.response)


def test_space_around_a_response_changes_nothing() -> None:
    for one in ITEMS:
        padded = [(v.ok, v.reason) for v in one.verdicts(f"\n\n  {one.item.response}  \n")]
        assert padded == [(v.ok, v.reason) for v in one.verdicts()], one.id


def _named(one: Labelled, *, affirmed: bool) -> list[str]:
    said = claims(one.item.response, prompt=one.item.prompt)
    return [one.item.response[c.start : c.end] for c in said if c.affirms is affirmed and " " not in c.sound]


def test_the_opposite_of_a_true_response_is_refused() -> None:
    """What a true positive affirms, denied; what a true negative denies, affirmed."""
    flipped = 0
    for one in ITEMS:
        if one.reason or one.refused_for() or one.item.task not in {"positive", "negative"}:
            continue
        positive = one.item.task == "positive"
        for name in _named(one, affirmed=positive):
            opposite = f"There is no {name}." if positive else f"There is {name}."
            expected = "absence" if positive else "grounded"
            said = [c.sound for c in claims(opposite)]
            if said and said == [c.sound for c in claims(name)]:
                assert expected in [v.check for v in one.verdicts(opposite) if not v.ok], (one.id, opposite)
                flipped += 1
    assert flipped >= 100
