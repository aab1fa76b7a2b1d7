"""Chance out of a hash: the same on every machine, even, and by weight."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balsa_data.draws import Draws, Weighted


def test_a_name_draws_the_same_numbers_on_every_machine() -> None:
    rng = Draws(b"a request")
    first = [rng.random() for _ in range(10)]  # more than one hash gives
    assert [round(number, 12) for number in (first[0], first[1], first[8], first[9])] == [
        0.663906516758,
        0.136230979791,
        0.10319522286,
        0.932617823351,
    ]
    again = Draws(b"a request")
    assert [again.random() for _ in range(10)] == first
    assert Draws(b"another").random() != first[0]


def test_numbers_are_spread_evenly() -> None:
    drawn = [number for i in range(2000) for rng in [Draws(b"%d" % i)] for number in (rng.random() for _ in range(10))]
    assert all(0 <= number < 1 for number in drawn)
    tenths = Counter(int(number * 10) for number in drawn)
    assert min(tenths.values()) > 1850  # of 2000: further off than once in a thousand times
    chosen = Counter(Draws(b"%d" % i).choice("abc") for i in range(3000))
    assert min(chosen.values()) > 900


weights = st.dictionaries(st.text(max_size=3), st.sampled_from([0.0, 0.1, 1.0, 7.0]), max_size=6)


@given(weights, st.integers(0, 2**32))
def test_what_has_no_weight_is_never_drawn(weights: dict[str, float], seed: int) -> None:
    table = Weighted(weights)
    assert dict(table.weights()) == pytest.approx({item: weight for item, weight in weights.items() if weight})
    assert table.total == pytest.approx(sum(weights.values()))
    if table.items:
        assert weights[table.draw(Random(seed))]
        assert weights[table.at(0)]
        assert weights[table.at(table.total)]  # rounding may come so far


def test_items_are_drawn_by_their_weights() -> None:
    table = Weighted({"a": 1.0, "never": 0.0, "b": 3.0})
    drawn = Counter(table.draw(Draws(b"%d" % i)) for i in range(4000))
    assert drawn["b"] == pytest.approx(3000, rel=0.05)
    assert set(drawn) == {"a", "b"}
