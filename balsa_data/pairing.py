"""Which clips go together in a sample about several.

Groups are formed inside blocks: clips of a block are held, those of the next are not, so that a corpus of any size is
paired in the memory of one. A block is a seeded draw from the whole corpus, and within it every clip opens as many groups
as its task's share says and joins about as many as any other.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from math import ceil, inf
from random import Random
from typing import NamedTuple, Protocol

from balsa_data.draws import Weighted
from balsa_data.specs import PairingSpec
from balsa_data.taxonomy import Taxonomy

__all__ = ["BLOCK", "Block", "Kinship", "Member", "Pairing", "blocks"]

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
    order = array("I", range(clips))
    Random(seed).shuffle(order)
    for first in range(number):
        yield sorted(order[first::number])


class Kinship:
    """What sounds have to do with one another: the taxonomy's answers, kept.

    Args:
        taxonomy: Where sounds are looked up; one that it lacks is only itself.

    Attributes:
        traits: What is to be known of each sound of the taxonomy when clips are compared.
        speech: The bits of speech and its kinds.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        bits = {name: 1 << i for i, name in enumerate(taxonomy.sounds)}
        self._related = {name: taxonomy.ancestors(name) | taxonomy.descendants(name) | {name} for name in bits}
        speech = taxonomy.descendants("speech") | {"speech"} if "speech" in bits else ()
        self.speech = sum(map(bits.__getitem__, speech))
        self.traits = {
            name: Traits(
                bit,
                above=sum(map(bits.__getitem__, taxonomy.ancestors(name))),
                related=sum(map(bits.__getitem__, self._related[name])),
                near=sum(map(bits.__getitem__, self.near(frozenset({name})))),
                lines=tuple(self.near(frozenset({name}))),
            )
            for name, bit in bits.items()
        }

    def near(self, heard: frozenset[str]) -> frozenset[str]:
        """Return the narrowest sounds and what each is directly a kind of."""
        told = self._taxonomy.narrowest(heard)
        return told.union(*[self._taxonomy.sounds[s].parents for s in told if s in self._taxonomy.sounds])

    def alone(self, heard: frozenset[str], *others: frozenset[str]) -> frozenset[str]:
        """Return the narrowest sounds to which nothing in any of the others is the same, a kind, or the general class."""
        told = self._taxonomy.narrowest(heard)
        related = [(sound, self._related.get(sound) or {sound}) for sound in told]
        return frozenset(sound for sound, kin in related if all(other.isdisjoint(kin) for other in others))


class Traits(NamedTuple):
    """A sound among all others: sets of sounds are numbers, a bit for each, so that to compare two is one ``&``.

    Attributes:
        bit: Its own.
        above: What it is a kind of.
        related: Itself, what it is a kind of, and its kinds.
        near: Itself and what it is directly a kind of; `lines` are their names.
    """

    bit: int
    above: int
    related: int
    near: int
    lines: tuple[str, ...]


class _Known(dict[str, Traits]):
    """Sounds by name; a label that is nobody's class is only itself."""

    def __missing__(self, sound: str) -> Traits:
        bit = 1 << len(self)
        found = self[sound] = Traits(bit, 0, bit, bit, (sound,))
        return found


class Member(Protocol):
    """What pairing needs to know of a clip."""

    @property
    def recording(self) -> str | None:
        """The recording it was cut from."""

    @property
    def dataset(self) -> str | None:
        """The corpus it is from."""

    @property
    def heard(self) -> frozenset[str]:
        """The sounds heard in it."""


class Block:
    """Some clips of a corpus, and where among them each sound is found.

    Args:
        members: The clips.
        kinship: What the sounds have to do with one another.
        rng: Decides in which order partners are looked at.

    Attributes:
        heard: The sounds of each clip, as bits.
        told: What each of its narrowest sounds is related to, as bits.
        near: These sounds and what they are directly a kind of, as bits; `lines` are their names.
        speech: Whether it has speech.
        index: The clips near each sound, those with speech (True) and without (False), and all of which something is
            heard (None), in the order in which they are looked at.
    """

    def __init__(self, members: Sequence[Member], kinship: Kinship, rng: Random) -> None:
        self.members = members
        self.heard: list[int] = []
        self.told: list[tuple[int, ...]] = []
        self.near: list[int] = []
        self.speech: list[bool] = []
        self.lines: list[Collection[str]] = []
        traits = _Known(kinship.traits)
        for one in members:
            sounds = [traits[sound] for sound in one.heard]
            heard = above = near = 0
            for bit, over, _, _, _ in sounds:
                heard |= bit
                above |= over
            told = [sound for sound in sounds if not sound.bit & above] if len(sounds) > 1 else sounds
            for kin in told:
                near |= kin.near
            self.heard.append(heard)
            self.told.append(tuple([sound.related for sound in told]))
            self.near.append(near)
            self.speech.append(bool(heard & kinship.speech))
            self.lines.append(told[0].lines if len(told) == 1 else {line for sound in told for line in sound.lines})
        usable = [i for i, heard in enumerate(self.heard) if heard]  # of the others nothing said could be checked
        rng.shuffle(usable)
        index = self.index = defaultdict[str | bool | None, list[int]](list, {None: usable})
        for i in usable:
            index[self.speech[i]].append(i)
            for line in self.lines[i]:
                index[line].append(i)

    def differ(self, a: int, b: int) -> bool:
        """Return whether either clip has a sound that the other has nothing like."""
        for one, other in ((a, b), (b, a)):
            heard = self.heard[other]
            for related in self.told[one]:
                if not related & heard:
                    return True
        return False


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
        self._strategies = Weighted(spec.strategies)
        self._datasets = Weighted(spec.datasets)

    def group(self, first: int, rng: Random) -> tuple[tuple[int, ...], str] | None:
        """Return a group that the clip `first` opens, by their places in the block, and the strategy that found it.

        None where no clip can go with it. The same clips are never grouped twice.
        """
        if not self._block.heard[first]:
            return None
        size, drawn, datasets = rng.randint(*self._sizes), self._strategies.draw(rng), self._datasets.draw(rng)
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
        block, first, last = self._block, group[0], len(group) + 1 >= size
        contrasting, apart = strategy == "contrasting", self._apart
        recordings = {block.members[one].recording for one in group} - {None}
        dataset = block.members[first].dataset

        def fits(i: int) -> bool:
            member = block.members[i]
            if i in group or member.recording in recordings:
                return False
            if where != "any" and (member.dataset == dataset) != (where == "within"):
                return False
            if strategy == "similar" and block.heard[first] == block.heard[i]:
                return False
            for one in group:
                if contrasting and block.near[one] & block.near[i]:
                    return False
                if apart and not block.differ(one, i):
                    return False
            return not last or frozenset([*group, i]) not in self._known

        look = LOOK_LONG if strategy == "random" else LOOK
        for line in self._lines(first, strategy, rng):
            if (found := self._least_used(line, look, fits, any_use=strategy == "random")) is not None:
                return found
        return None

    def _lines(self, first: int, strategy: str, rng: Random) -> list[str | bool | None]:
        if strategy == "similar":
            near = sorted(self._block.lines[first])
            rng.shuffle(near)
            return list(near)
        return [not self._block.speech[first]] if strategy == "mixed" else [None]

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
