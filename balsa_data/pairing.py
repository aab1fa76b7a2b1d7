"""Which clips go together in a sample about several.

Groups are formed inside blocks: clips of a block are held, those of the next are not, so that a corpus of any size is
paired in the memory of one. A block is a seeded draw from the whole corpus, and within it every clip opens as many groups
as its task's share says and joins about as many as any other.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import ceil, inf
from random import Random
from typing import Any, NamedTuple

from balsa_data.facts import narrowest
from balsa_data.schemas import AudioClip
from balsa_data.specs import PairingSpec
from balsa_data.taxonomy import Taxonomy

__all__ = ["BLOCK", "Block", "Kinship", "Pairing", "blocks"]

BLOCK = 4096  # clips; some 60 MB where each has several captions
LOOK = 32  # clips looked at for the best partner; where chance decides, LOOK_LONG before giving up
LOOK_LONG = 512
SLACK = 2  # a clip may be in so many groups more than its share before a strategy must look elsewhere


def blocks(clips: int, seed: int, size: int = BLOCK) -> Iterator[Sequence[int]]:
    """Yield the positions of a corpus' clips, each once, in blocks of about `size`, each block in the corpus' order."""
    number = ceil(clips / size)
    if number <= 1:
        yield range(clips)
        return
    order = array("L", range(clips))
    Random(seed).shuffle(order)
    for first in range(number):
        yield sorted(order[first::number])


class Kinship:
    """What sounds have to do with one another: the taxonomy's answers, kept.

    Args:
        taxonomy: Where sounds are looked up; one that it lacks is only itself.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._related = lru_cache(maxsize=None)(self._find_related)
        self._speech = frozenset({"speech"}) | (
            taxonomy.descendants("speech") if "speech" in taxonomy.sounds else set()
        )

    def _find_related(self, sound: str) -> frozenset[str]:
        t = self._taxonomy
        return frozenset({sound}) | (t.ancestors(sound) | t.descendants(sound) if sound in t.sounds else frozenset())

    def near(self, heard: frozenset[str]) -> frozenset[str]:
        """Return the sounds and what each is directly a kind of."""
        return heard.union(*(self._taxonomy.sounds[s].parents for s in heard if s in self._taxonomy.sounds))

    def alone(self, heard: frozenset[str], *others: frozenset[str]) -> frozenset[str]:
        """Return the narrowest sounds to which nothing in any of the others is the same, a kind, or the general class."""
        told = narrowest(heard, self._taxonomy)
        return frozenset(s for s in told if all(self._related(s).isdisjoint(other) for other in others))

    def differ(self, a: Member, b: Member) -> bool:
        """Return whether either has a sound that the other has nothing like."""
        for one, other in ((a, b), (b, a)):
            for sound in one.told:
                if self._related(sound).isdisjoint(other.heard):
                    return True
        return False

    def member(self, clip: AudioClip, heard: frozenset[str]) -> Member:
        """Return what pairing needs to know of a clip."""
        told = narrowest(heard, self._taxonomy)
        return Member(clip.recording, clip.dataset, heard, told, self.near(told), not self._speech.isdisjoint(heard))


class Member(NamedTuple):
    """What pairing needs to know of a clip: `told` are the narrowest sounds, `near` these and what they are a kind of."""

    recording: str | None
    dataset: str | None
    heard: frozenset[str]
    told: frozenset[str]
    near: frozenset[str]
    speech: bool


class Block:
    """Some clips of a corpus, and where among them each sound is found.

    Args:
        clips: The clips, with the sounds heard in each.
        kinship: What the sounds have to do with one another.
        rng: Decides in which order partners are looked at.
    """

    def __init__(self, clips: Sequence[tuple[AudioClip, frozenset[str]]], kinship: Kinship, rng: Random) -> None:
        self.kinship = kinship
        self.members = [kinship.member(*one) for one in clips]
        usable = [i for i, one in enumerate(self.members) if one.heard]  # of the others nothing said could be checked
        rng.shuffle(usable)
        self.index: dict[str | bool | None, list[int]] = {None: usable, True: [], False: []}
        for i in usable:
            self.index[self.members[i].speech].append(i)
            for sound in self.members[i].near:
                self.index.setdefault(sound, []).append(i)


class Pairing:
    """Forms the groups of one task within a block.

    Args:
        block: The clips.
        spec: Strategies, datasets and how many clips.
        openings: How many groups each clip of the block opens.
        sizes: How many clips a group of this task may have.
        apart: Whether the metadata of any two in a group must tell them apart.
    """

    def __init__(
        self, block: Block, spec: PairingSpec, openings: Sequence[int], sizes: tuple[int, int], *, apart: bool
    ) -> None:
        self._block, self._spec, self._apart = block, spec, apart
        self._sizes = max(spec.clips[0], sizes[0]), max(sizes[0], min(spec.clips[1], sizes[1]))
        self._uses = list(openings)
        self._total = sum(openings)
        mean_size = sum(self._sizes) / 2
        self._most = ceil(self._total * mean_size / max(1, len(block.index[None]))) + SLACK
        self._cursor: dict[str | bool | None, int] = {}
        self._known: set[frozenset[int]] = set()

    def group(self, first: int, rng: Random) -> tuple[tuple[int, ...], str] | None:
        """Return a group that the clip `first` opens, by their places in the block, and the strategy that found it.

        None where no clip can go with it. The same clips are never grouped twice.
        """
        if not self._block.members[first].heard:
            return None
        size = rng.randint(*self._sizes)
        drawn, datasets = _draw(self._spec.strategies, rng), _draw(self._spec.datasets, rng)
        for strategy, where in dict.fromkeys([(drawn, datasets), ("random", datasets), ("random", "any")]):
            if group := self._grown(first, size, strategy, where, rng):
                return group, strategy if where == "any" else f"{strategy}/{where}"
        return None

    def _grown(self, first: int, size: int, strategy: str, where: str, rng: Random) -> tuple[int, ...] | None:
        group = [first]
        while len(group) < size and (found := self._next(group, size, strategy, where, rng)) is not None:
            group.append(found)
        if len(group) < self._sizes[0] or frozenset(group) in self._known:
            return None
        self._known.add(frozenset(group))
        for i in group[1:]:
            self._uses[i] += 1
        self._total += len(group) - 1
        rng.shuffle(group)
        return tuple(group)

    def _next(self, group: list[int], size: int, strategy: str, where: str, rng: Random) -> int | None:
        """Return the clip that fits and has been used least, of the next ones in line."""
        members, differ = self._block.members, self._block.kinship.differ
        inside = [members[g] for g in group]
        first, last = inside[0], len(group) + 1 >= size

        def fits(i: int) -> bool:
            other = members[i]
            if i in group or (where != "any" and (other.dataset == first.dataset) != (where == "within")):
                return False
            if strategy == "similar" and first.heard == other.heard:
                return False
            for one in inside:
                if one.recording is not None and one.recording == other.recording:
                    return False
                if strategy == "contrasting" and not one.near.isdisjoint(other.near):
                    return False
                if self._apart and not differ(one, other):
                    return False
            return not last or frozenset([*group, i]) not in self._known

        look = LOOK_LONG if strategy == "random" else LOOK
        for line in self._lines(first, strategy, rng):
            if (found := self._least_used(line, look, fits, any_use=strategy == "random")) is not None:
                return found
        return None

    def _lines(self, first: Member, strategy: str, rng: Random) -> list[str | bool | None]:
        if strategy == "similar":
            near = sorted(first.near)
            rng.shuffle(near)
            return list(near)
        return [not first.speech] if strategy == "mixed" else [None]

    def _least_used(
        self, line: str | bool | None, look: int, fits: Callable[[int], bool], *, any_use: bool
    ) -> int | None:
        queue, uses = self._block.index.get(line, []), self._uses
        enough = self._total // max(1, len(self._block.index[None]))
        best, least = None, inf if any_use else self._most
        at = start = self._cursor.get(line, 0)
        while at < start + min(look, len(queue)) and (best is None or least > enough):
            i = queue[at % len(queue)]
            at += 1
            if uses[i] < least and fits(i):
                best, least = i, uses[i]
        if best is not None:
            self._cursor[line] = at
        return best


def _draw(shares: Mapping[Any, float], rng: Random) -> str:
    if len(shares) == 1:
        return str(next(iter(shares)))
    return str(rng.choices(list(shares), list(shares.values()))[0])
