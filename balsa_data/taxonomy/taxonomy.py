"""The taxonomy: classes of sounds, their is-a relation, what they are confused with, and their names in text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from balsa_data.taxonomy.building import Contents, Sound, build
from balsa_data.taxonomy.loading import Rule
from balsa_data.taxonomy.matching import Matcher, Mention
from balsa_data.taxonomy.text import key

__all__ = ["Sound", "Taxonomy", "default", "extended", "in_force"]


class Taxonomy:
    """All classes, and what is asked of them. Made with `load`; never changes."""

    def __init__(self, contents: Contents) -> None:
        self.sounds: Mapping[str, Sound] = MappingProxyType(contents.sounds)
        self._above = {name: _walk(name, contents.sounds) for name in contents.sounds}
        self._ancestors = {name: frozenset(above) for name, above in self._above.items()}
        below: dict[str, set[str]] = {name: set() for name in contents.sounds}
        for name, above in self._above.items():
            for ancestor in above:
                below[ancestor].add(name)
        self._descendants = {name: frozenset(names) for name, names in below.items()}
        self._labels, self._readings, self._joins = contents.labels, contents.readings, contents.joins
        self._joined: dict[str, set[str]] = {name: set() for name in contents.sounds}
        for pair in contents.joins:
            for name in pair:
                self._joined[name] |= pair - {name}
        generic = (name for name, sound in contents.sounds.items() if sound.generic)
        self._matcher = Matcher(contents.readings, self.join, generic)

    @classmethod
    def load(cls, extra: Sequence[Path] = ()) -> Taxonomy:
        """Read the shipped files, then a user's, which add to them and win where they claim the same form.

        Raises:
            TaxonomyError: An unknown parent, a cycle, a form of two unrelated classes without a rule, a malformed file.
        """
        own = sorted((Path(str(files("balsa_data"))) / "taxonomy" / "sounds").glob("*.yaml"))
        return cls(build([own, *([Path(p)] for p in extra)]))

    def find(self, text: str) -> tuple[Mention, ...]:
        """Return the sounds that a text names, in order; spans are character offsets and never overlap."""
        return self._matcher.find(text)

    def find_generic(self, text: str) -> frozenset[str]:
        """Return the generic classes that a text names, also those which a source absorbs: the *hum* of the engine's hum."""
        return self._matcher.find_generic(text)

    def resolve(self, label: str) -> str | None:
        """Return the class that a dataset's label, a tag or a class name means, or None.

        "Bark", "dog_bark", "Vehicle horn, car horn, honking" and "Children_playing" each mean one class.
        """
        plain = label.replace("_", " ")
        for form in (key(plain), *(key(part) for part in re.split("[,/;]", plain))):
            if name := self._labels.get(form):
                return name
            if (reading := self._readings.get(form)) and (name := reading.sound or _default(reading.rules)):
                return name
        names = {m.sound for m in self.find(plain)}
        names = {n for n in names if not names & self._descendants[n]}
        return names.pop() if len(names) == 1 else None

    def ancestors(self, name: str) -> frozenset[str]:
        """Return all that the class is a kind of, without itself."""
        return self._ancestors[name]

    def descendants(self, name: str) -> frozenset[str]:
        """Return all its kinds, without itself."""
        return self._descendants[name]

    def akin(self, name: str) -> frozenset[str]:
        """Return all that the class is a kind of, all its kinds, and all that named with it is one class (see `join`)."""
        joined = self._joined[name]
        found = self._ancestors[name] | self._descendants[name] | joined | {name}
        return found.union(*map(self._joined.__getitem__, self._above[name]), *map(self.descendants, joined))

    def narrowest(self, sounds: frozenset[str]) -> frozenset[str]:
        """Return the sounds, known or not, without those that another of them is a kind of: of *animal* and *dog*, *dog*."""
        above = self._ancestors
        return sounds.difference(*[above[s] for s in sounds if s in above]) if len(sounds) > 1 else sounds

    def related(self, a: str, b: str) -> bool:
        """Return whether the two are the same, or one is a kind of the other."""
        return a == b or a in self._ancestors[b] or b in self._ancestors[a]

    def confusable(self, a: str, b: str) -> bool:
        """Return whether a listener could take one for the other; a kind of either is as confusable."""
        above_b = {b, *self._ancestors[b]}
        return any(not self.sounds[x].confusables.isdisjoint(above_b) for x in (a, *self._above[a]))

    def join(self, a: str, b: str) -> tuple[str, str | None] | None:
        """Return the class meant when two are named as one ("dog" and "growling"), or None where there is none.

        Returns:
            The class, and which of the two it says less than, if any: a *man mumbles* is male speech, and mumbling.
        """
        if a == b or a in self._ancestors[b]:
            return b, None
        if b in self._ancestors[a]:
            return a, None
        if name := self._joins.get(frozenset((a, b))):
            return name, None
        for lost, kept in ((a, b), (b, a)):
            for above in self._above[lost]:
                if name := self._joins.get(frozenset((above, kept))):
                    return name, lost
        return None


_IN_FORCE: ContextVar[Taxonomy | None] = ContextVar("taxonomy", default=None)
_loaded = cache(Taxonomy.load)


def extended(extra: Sequence[Path | str]) -> Taxonomy:
    """Return the shipped taxonomy with a user's files added, loaded once.

    Raises:
        TaxonomyError: See `Taxonomy.load`.
    """
    return _loaded(tuple(map(Path, extra)))


def default() -> Taxonomy:
    """Return the taxonomy in force: the shipped one, where `in_force` has not said otherwise."""
    return _IN_FORCE.get() or _loaded(())


@contextmanager
def in_force(taxonomy: Taxonomy) -> Iterator[None]:
    """Read texts by this taxonomy for as long as the context lasts, in all that is started within it."""
    token = _IN_FORCE.set(taxonomy)
    try:
        yield
    finally:
        _IN_FORCE.reset(token)


def _default(rules: tuple[Rule, ...]) -> str | None:
    return next((r.sound for r in reversed(rules) if r.sound), None)


def _walk(name: str, sounds: Mapping[str, Sound]) -> tuple[str, ...]:
    """Return everything above a class, nearest first."""
    seen: dict[str, None] = {}
    todo = list(sounds[name].parents)
    for step in todo:
        if step not in seen:
            seen[step] = None
            todo += sounds[step].parents
    return tuple(seen)
