"""Chance that depends on nothing but what it is for: numbers out of a hash of its name.

A request draws a handful of numbers. Seeding a Mersenne Twister for each costs more than all that is decided by them; a
hash gives them at once, the same on every machine and in every version of Python.
"""

from __future__ import annotations

from array import array
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate, pairwise
from struct import unpack
from typing import Generic, Protocol, TypeVar

__all__ = ["Chance", "Draws", "Weighted"]

T = TypeVar("T")


class Chance(Protocol):
    """Whatever gives random numbers: `Draws`, or Python's own `random.Random`."""

    def random(self) -> float:
        """Return the next number, from 0 to less than 1."""


class Draws:
    """Random numbers by a name.

    Args:
        name: The same name draws the same numbers.
    """

    __slots__ = ("_hashes", "_left", "_name")

    def __init__(self, name: bytes) -> None:
        self._left: list[int] = []
        self._name, self._hashes = name, 0

    def random(self) -> float:
        """Return the next number, from 0 to less than 1."""
        if not self._left:
            self._left += unpack("<8Q", blake2b(self._name, salt=self._hashes.to_bytes(16, "little")).digest())
            self._hashes += 1
        return (self._left.pop() >> 11) * 2.0**-53

    def choice(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[int(self.random() * len(items))]


class Weighted(Generic[T]):
    """Items to draw from by their weights; those without any are left out.

    Attributes:
        items: Those of some weight.
        total: Of all weights.
    """

    __slots__ = ("_sums", "items", "total")

    def __init__(self, weights: Mapping[T, float]) -> None:
        self.items = [item for item, weight in weights.items() if weight]
        self._sums = array("d", accumulate([weight for weight in weights.values() if weight]))
        self.total = self._sums[-1] if self._sums else 0.0

    def at(self, place: float) -> T:
        """Return the item at a place in the sum of weights, from 0 to `total`."""
        return self.items[bisect(self._sums, place, 0, len(self.items) - 1)]

    def weights(self) -> Iterator[tuple[T, float]]:
        """Yield each item with its weight."""
        return zip(self.items, (to - since for since, to in pairwise((0.0, *self._sums))), strict=True)

    def draw(self, rng: Chance) -> T:
        """Draw one."""
        return self.at(rng.random() * self.total) if len(self.items) > 1 else self.items[0]
