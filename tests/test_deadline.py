"""A limit in time for many at once: what `asyncio.timeout` would do for each, with one timer for all."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from soon import soon

from balsa_data.deadline import Deadline


async def after(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


async def outlasting(seconds: float) -> str:
    """Work that does not let itself be cancelled."""
    try:
        return await after(seconds)
    except asyncio.CancelledError:
        return "went on"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9).filter(lambda takes: takes != 5))))
def test_each_is_given_as_long_whenever_it_begins(plan: list[tuple[int, int]]) -> None:
    async def one(deadline: Deadline, begins: int, takes: int) -> str:
        await asyncio.sleep(begins)
        try:
            return await deadline.wait_for(after(takes))
        except TimeoutError:
            return "late"

    async def main() -> list[str]:
        deadline = Deadline(5)
        return await asyncio.gather(*(one(deadline, *times) for times in plan))

    assert soon(main()) == ["late" if takes > 5 else "done" for _, takes in plan]


def test_it_limits_in_one_loop_after_the_other() -> None:
    deadline = Deadline(5)
    for _ in range(2):
        assert soon(deadline.wait_for(after(1))) == "done"
        with pytest.raises(TimeoutError):
            soon(deadline.wait_for(after(9)))


def test_an_error_is_the_works_own() -> None:
    async def fails() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        soon(Deadline(5).wait_for(fails()))


@pytest.mark.parametrize("when", [3, 5])
def test_a_task_that_somebody_else_cancels_is_not_late(when: int) -> None:
    async def main() -> None:
        task = asyncio.create_task(Deadline(5).wait_for(after(9)))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_at(when, task.cancel)
        await task

    with pytest.raises(asyncio.CancelledError):
        soon(main())


def test_a_task_that_was_late_goes_on_as_if_never_cancelled() -> None:
    async def main() -> str:
        deadline, task = Deadline(5), asyncio.current_task()
        assert task is not None
        with pytest.raises(TimeoutError):
            await deadline.wait_for(after(9))
        assert task.cancelling() == 0
        assert await deadline.wait_for(outlasting(9)) == "went on"
        assert task.cancelling() == 0
        return await deadline.wait_for(after(1))

    assert soon(main()) == "done"
