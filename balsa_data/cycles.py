"""Python's search for cycles, made seldom where millions of objects come and go and hardly any is in one."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["searched_seldom"]

ALLOCATED = 50_000  # objects more than before until cycles are looked for: at Python's 700 it takes a sixth of planning


@contextmanager
def searched_seldom() -> Iterator[None]:
    """Look for cycles seldom within; a process that looks more seldom still, or never, is left as it is."""
    before, *older = gc.get_threshold()
    gc.set_threshold(max(before, ALLOCATED) if before else 0, *older)
    try:
        yield
    finally:
        gc.set_threshold(before, *older)
