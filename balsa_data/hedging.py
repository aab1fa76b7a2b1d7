"""Asking a second time where an answer is late: the first answer counts, and the other is not waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["Hedge"]

ONE_IN = 10  # is asked twice, at most: where all answers are late, asking twice would make them later

Got = TypeVar("Got")


class Hedge:
    """Gives what is late a second try beside the first.

    Args:
        after: Seconds until it is late; each time they pass, a second try is thought of again.
        passing: What a try may fail with while the other is still waited for.
    """

    def __init__(self, after: float, passing: tuple[type[Exception], ...]) -> None:
        self._after = after
        self._passing = passing
        self._asked = self._again = 0

    async def first_of(
        self, work: Coroutine[Any, Any, Got], again: Callable[[], Coroutine[Any, Any, Got] | None]
    ) -> tuple[Got, int]:
        """Return what comes first, and how many tries were given up for it; where none brings anything, raise the first's error.

        Args:
            work: The first try.
            again: Makes the second; None while there is no room for it.
        """
        self._asked += 1
        tries = [asyncio.ensure_future(work)]
        try:
            while pending := [this for this in tries if not this.done()]:
                await asyncio.wait(pending, timeout=self._after, return_when=asyncio.FIRST_COMPLETED)
                ended = [this for this in tries if this.done()]
                for this in ended:
                    if not isinstance(this.exception(), self._passing):
                        return this.result(), sum(other is not this and not _failed(other) for other in tries)
                late = len(tries) == 1 and not ended
                if late and self._again * ONE_IN < self._asked and (second := again()):
                    self._again += 1
                    tries.append(asyncio.ensure_future(second))
            return tries[0].result(), 0
        finally:
            for this in tries:
                this.cancel()
            await asyncio.gather(*tries, return_exceptions=True)  # each gives back what it holds


def _failed(this: asyncio.Task[Any]) -> bool:
    return this.done() and this.exception() is not None
