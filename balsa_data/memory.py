"""Memory that is free, given back: what an allocator keeps in pieces grows with a run, and looks like a leak."""

from __future__ import annotations

import ctypes
from contextlib import suppress

__all__ = ["give_back"]


def give_back() -> None:
    """Let the C library return what is free to the system; without glibc, do nothing."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
