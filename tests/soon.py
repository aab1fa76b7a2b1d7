"""A loop in which nobody waits: what would take minutes is tested at once, and to the second."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Got = TypeVar("Got")


class Soon(asyncio.SelectorEventLoop):
    """When all sleep, it is at once as late as the next one wakes."""

    late = 0.0

    def time(self) -> float:
        return self.late

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.late = max(self.late, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def soon(main: Coroutine[Any, Any, Got]) -> Got:
    with asyncio.Runner(loop_factory=Soon) as runner:
        return runner.run(main)
