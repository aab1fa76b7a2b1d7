"""Which numbers came before, in 16 to 32 bytes each: a set takes 85, which is felt where there are millions of clips."""

from __future__ import annotations

from array import array

__all__ = ["Seen"]


class Seen:
    """A set of numbers from 1 to 2^64 - 1 that are spread evenly, as digests are."""

    def __init__(self) -> None:
        self._table = array("Q", bytes(8 * 1024))  # 0 is a free place
        self._free = len(self._table) // 2  # until the table is half full and grows

    def add(self, number: int) -> bool:
        """Add a number, and return whether it was there."""
        if self._there(number):
            return True
        self._free -= 1
        if not self._free:
            before, self._table = self._table, array("Q", bytes(16 * len(self._table)))
            self._free = len(before) // 2
            for one in filter(None, before):
                self._there(one)
        return False

    def _there(self, number: int) -> bool:
        """Return whether a number is in the table, and put it there."""
        table, size = self._table, len(self._table)
        at = number % size
        while there := table[at]:
            if there == number:
                return True
            at = at + 1 if at + 1 < size else 0
        table[at] = number
        return False
