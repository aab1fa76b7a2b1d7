"""Which outcomes a page of limited size shows.

Every (task, outcome, reason) gets an equal share of the bytes, and what is rare is shown whole. Within each, entries
are drawn uniformly by the hash of their id, so that the same run always shows the same ones. It takes one pass and
holds no more than the page will: bottom-k sampling per stratum whose k shrinks as strata and entries arrive.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import blake2b
from itertools import count

from balsa_data.schemas import AudioClip

__all__ = ["Selection", "Stratum"]

Stratum = tuple[str, str, str]
"""Task, outcome ("sample", "rejection", "failure") and reason ("" for samples)."""

_Item = tuple[int, int, str, tuple[AudioClip, ...]]  # -priority, arrival, JSON, clips


class Selection:
    """A stratified sample of entries of at most `budget` bytes.

    Attributes:
        budget: The bytes that all entries together may take.
        counts: How many were offered in each stratum: exact, whatever is shown.
        oversized: How many were left out because one alone would take a sixteenth of the page.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.counts: Counter[Stratum] = Counter()
        self.oversized = 0
        self._heaps: dict[Stratum, list[_Item]] = {}
        self._bytes: Counter[Stratum] = Counter()
        self._closed: dict[Stratum, int] = {}  # priorities from here on are no longer taken
        self._arrival = count()

    def offer(self, stratum: Stratum, name: str, encode: Callable[[], str], clips: tuple[AudioClip, ...]) -> None:
        """Take an outcome if it is among those drawn; `encode` is called only then."""
        self.counts[stratum] += 1
        priority = int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        if priority >= self._closed.get(stratum, 1 << 64):
            return
        text = encode()
        if len(text) > self.budget // 16:
            self.oversized += 1
            return
        heapq.heappush(self._heaps.setdefault(stratum, []), (-priority, next(self._arrival), text, clips))
        self._bytes[stratum] += len(text)
        while self._bytes.total() > self.budget:
            self._evict()

    def _evict(self) -> None:
        """Drop the entry drawn last from the stratum that takes the most; a stratum's only entry goes last."""
        stratum = max(self._bytes, key=lambda s: (len(self._heaps[s]) > 1, self._bytes[s]))
        priority, _, text, _ = heapq.heappop(self._heaps[stratum])
        self._closed[stratum] = -priority
        self._bytes[stratum] -= len(text)

    def __iter__(self) -> Iterator[tuple[str, tuple[AudioClip, ...]]]:
        """Yield the entries with their clips in turns: a sample of each task, a rejection of each, …, and again."""
        order = ("sample", "rejection", "failure")
        groups: dict[tuple[str, str], list[_Item]] = {}
        for task, outcome, reason in self._heaps:
            groups.setdefault((outcome, task), []).extend(self._heaps[task, outcome, reason])
        turns = [
            (rank, order.index(outcome), task, text, clips)
            for (outcome, task), items in groups.items()
            for rank, (_, _, text, clips) in enumerate(sorted(items, key=lambda item: (-item[0], item[1])))
        ]
        for *_, text, clips in sorted(turns, key=lambda turn: turn[:3]):
            yield text, clips
