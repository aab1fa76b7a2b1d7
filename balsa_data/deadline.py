"""A limit in time for many at once, each of whom it gives as long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["Deadline"]

Got = TypeVar("Got")


class Deadline:
    """`asyncio.timeout` with one timer for all, who come due in the order in which they began.

    A timer each, set and taken back, is a fiftieth of all that the library does for a request.

    Args:
        seconds: What each may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[asyncio.Task[Any], float] = {}  # in order
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def wait_for(self, work: Coroutine[Any, Any, Got]) -> Got:
        """Await work in this task, which waits for one at a time.

        Raises:
            TimeoutError: It took too long, and was cancelled.
        """
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        cancelling = task.cancelling()
        self._due[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._late and task.cancelling() - 1 <= cancelling:  # by nobody else
                raise TimeoutError from None
            raise
        finally:
            self._due.pop(task, None)
            if task in self._late:
                self._late.remove(task)
                task.uncancel()
            if self._timer is not None and not self._due:  # the next may come in another loop
                self._timer.cancel()
                self._timer = None

    def _look(self) -> None:
        """Cancel whoever is due, and look again when the next one is."""
        loop, self._timer = asyncio.get_running_loop(), None
        for task, due in list(self._due.items()):
            if due > loop.time():
                self._timer = loop.call_at(due, self._look)
                break
            del self._due[task]
            self._late.add(task)
            task.cancel()
