"""What was seen is told from what was not, like a set does it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from balsa_data.corpora._seen import Seen


@given(
    st.lists(st.integers(1, 2**64 - 1) | st.integers(1, 30) | st.integers(2**64 - 30, 2**64 - 1)), st.integers(1, 999)
)
def test_a_number_is_there_once_it_was_added(numbers: list[int], step: int) -> None:
    """Among enough others that the table grows, some of which want one place."""
    seen, known = Seen(), set[int]()
    for number in (*numbers, *range(step, 3000 * step, step), *numbers):
        assert seen.add(number) is (number in known)
        known.add(number)
