"""Memory that is free does not stay with the process in pieces."""

from __future__ import annotations

import resource
from pathlib import Path

from balsa_data.memory import give_back

PIECES = 40_000  # of 2 kB


def resident() -> float:
    """MB that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def test_what_is_free_between_what_is_held_is_given_back() -> None:
    pieces = [bytes(2000) for _ in range(PIECES)]
    held = pieces[::50]  # keep the heap from being cut at its end
    full = resident()
    del pieces
    give_back()
    assert resident() < full - 40
    assert len(held) == PIECES // 50
