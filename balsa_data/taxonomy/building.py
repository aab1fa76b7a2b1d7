"""Taxonomy files → classes and what each surface form means, with everything refused that contradicts.

A form is what text shows (*barks*); a claim is a class saying that a form means it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import combinations
from pathlib import Path
from typing import NamedTuple, TypeVar

from balsa_data.errors import TaxonomyError, nearest
from balsa_data.taxonomy.inflection import noun, verb
from balsa_data.taxonomy.loading import Entry, Senses, read
from balsa_data.taxonomy.matching import Reading, Role
from balsa_data.taxonomy.text import key

__all__ = ["Contents", "Sound", "build"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Sound:
    """A class of sounds.

    Attributes:
        name: The canonical name: a short lower-case noun phrase ("dog barking").
        parents: What it is directly a kind of. A sound of this class is a sound of these.
        forms: The surface forms that mean it whatever the context, inflected ("barks", "barking").
        agents: Words for what makes it; they name it only together with a sound ("man").
        confusables: Classes that a listener could take it for; symmetric.
        phrase: How it reads after "there is no sound of" ("a dog").
        generic: The name is too broad or vague to be denied on its own ("hum", "animal sounds").
    """

    name: str
    parents: tuple[str, ...]
    forms: tuple[str, ...]
    agents: tuple[str, ...]
    confusables: frozenset[str]
    phrase: str
    generic: bool


class Contents(NamedTuple):
    """What taxonomy files say.

    Attributes:
        sounds: The classes by name.
        readings: What each form means, by its words.
        labels: The class that each label of a dataset names, by its words.
        joins: The class that two classes named together mean ("dog" and "growling").
    """

    sounds: dict[str, Sound]
    readings: dict[str, Reading]
    labels: dict[str, str]
    joins: dict[frozenset[str], str]


class _Claim(NamedTuple):
    sound: str
    where: str
    role: Role = Role.SOUND


def build(layers: Sequence[Sequence[Path]]) -> Contents:
    """Read taxonomy files, each layer over the one before.

    Raises:
        TaxonomyError: The files are malformed, contradict themselves or one another.
    """
    stated: dict[str, list[Entry]] = {}
    claims: dict[str, list[_Claim]] = {}
    senses: dict[str, Senses] = {}
    labels: dict[str, _Claim] = {}
    for layer in layers:
        fresh: dict[str, list[_Claim]] = {}
        entries, rules = _read_all(layer)
        for entry in entries:
            stated.setdefault(entry.name, []).append(entry)
            for form, role in _forms(entry, named=len(stated[entry.name]) == 1):
                fresh.setdefault(form, []).append(_Claim(entry.name, entry.where, role))
        senses = {form: sense for form, sense in senses.items() if form not in fresh}
        senses |= _unique(((form, sense) for sense in rules for form in sense.forms), lambda s: s.where)
        claims |= fresh
        labels |= _unique(
            ((key(label), _Claim(e.name, e.where)) for e in entries for label in e["labels"]), lambda c: c.where
        )
    ancestors = _ancestors(stated)
    sounds = _sounds(stated)
    readings = _readings(claims, senses, ancestors)
    forms: dict[str, list[str]] = {name: [] for name in sounds}
    for form, reading in readings.items():
        if reading.sound and reading.role is Role.SOUND:
            forms[reading.sound].append(form)
    return Contents(
        {name: replace(sound, forms=tuple(forms[name])) for name, sound in sounds.items()},
        readings,
        {key(name): name for name in sounds} | {label: claim.sound for label, claim in labels.items()},
        _joins(stated),
    )


def _read_all(paths: Iterable[Path]) -> tuple[list[Entry], list[Senses]]:
    entries: list[Entry] = []
    senses: list[Senses] = []
    for path in paths:
        more, rules = read(path)
        entries += more
        senses += rules
    return list(_unique(((e.name, e) for e in entries), lambda e: e.where).values()), senses


def _unique(items: Iterable[tuple[str, _T]], where: Callable[[_T], str]) -> dict[str, _T]:
    seen: dict[str, _T] = {}
    for name, item in items:
        if name in seen and seen[name] != item:
            raise TaxonomyError(f"{where(item)}: {name!r} stands in {where(seen[name])} too; keep one of them")
        seen[name] = item
    return seen


def _forms(entry: Entry, named: bool) -> Iterator[tuple[str, Role]]:
    """Yield an entry's surface forms, inflected, and what each names: the sound, or only who or what makes it."""
    makers = [(form, Role.AGENT) for a in entry["agents"] for form in noun(key(a))]
    makers += [(form, Role.OBJECT) for o in entry["objects"] for form in noun(key(o))]
    nouns = (*entry["nouns"], entry.name) if named else entry["nouns"]
    sounds = [key(form) for form in (*entry["forms"], *(re.sub("^(an?|the) ", "", p) for p in entry["phrase"]))]
    sounds += [form for n in nouns for form in noun(key(n))] + [form for v in entry["verbs"] for form in verb(key(v))]
    silent = {form for form, _ in makers}
    yield from makers
    yield from ((form, Role.SOUND) for form in sounds if form not in silent)


def _parents(entry: Entry) -> list[str]:
    return [name for part in entry["is"] for name in part.split(" + ")]


def _joins(stated: Mapping[str, Sequence[Entry]]) -> dict[frozenset[str], str]:
    pairs = (
        ("+".join(sorted(pair)), entry)
        for entries in stated.values()
        for entry in entries
        for part in entry["is"]
        for pair in combinations(part.split(" + "), 2)
    )
    return {frozenset(pair.split("+")): e.name for pair, e in _unique(pairs, lambda e: e.where).items()}


def _ancestors(stated: Mapping[str, Sequence[Entry]]) -> dict[str, set[str]]:
    """Return what each class is a kind of; what is above comes first.

    Raises:
        TaxonomyError: An unknown class, or a cycle.
    """
    for entry in (e for entries in stated.values() for e in entries):
        for field, others in (("is", _parents(entry)), ("confusable", entry["confusable"])):
            for other in others:
                if other not in stated:
                    raise TaxonomyError(_unknown(entry.where, entry.name, f"under {field!r}", other, stated))
    parents = {name: [p for e in entries for p in _parents(e)] for name, entries in stated.items()}
    ancestors: dict[str, set[str]] = {}
    try:
        for name in TopologicalSorter(parents).static_order():
            ancestors[name] = {p for q in parents[name] for p in (q, *ancestors[q])}
    except CycleError as error:
        ring = error.args[1]
        raise TaxonomyError(
            f"{stated[ring[0]][-1].where}: {ring[0]!r} is a kind of itself ({' < '.join(ring)}); take one 'is' out"
        ) from None
    return ancestors


def _unknown(where: str, name: str, what: str, other: str, known: Iterable[str]) -> str:
    close = nearest(other, known)
    return f"{where}: {name!r} has an unknown class {other!r} {what}" + (close if "did you" in close else "; add it")


def _sounds(stated: Mapping[str, Sequence[Entry]]) -> dict[str, Sound]:
    confused: dict[str, set[str]] = {name: set() for name in stated}
    for name, entries in stated.items():
        for other in (o for e in entries for o in e["confusable"]):
            confused[name].add(other)
            confused[other].add(name)
    return {
        name: Sound(
            name=name,
            parents=tuple(dict.fromkeys(p for e in entries for p in _parents(e))),
            forms=(),
            agents=tuple(a for e in entries for a in (*e["agents"], *e["objects"])),
            confusables=frozenset(confused[name]),
            phrase=next((e["phrase"][0] for e in reversed(entries) if e["phrase"]), name),
            generic=any(e["generic"] == ("yes",) for e in entries),
        )
        for name, entries in stated.items()
    }


def _readings(
    claims: Mapping[str, Sequence[_Claim]], senses: Mapping[str, Senses], ancestors: Mapping[str, set[str]]
) -> dict[str, Reading]:
    """Decide what each form means: by its rules, else its one class, else the most general of related ones."""
    rank = {name: i for i, name in enumerate(ancestors)}
    readings = {}
    for form, claimed in claims.items():
        top = claimed[0] if len(claimed) == 1 else min(claimed, key=lambda c: rank[c.sound])
        for other in claimed:
            if other.sound != top.sound and top.sound not in ancestors[other.sound] and form not in senses:
                raise TaxonomyError(
                    f"{other.where}: {form!r} means {other.sound!r} here and {top.sound!r} in {top.where}; "
                    "add a rule for it under 'senses', or leave it to one"
                )
        readings[form] = Reading(top.sound, top.role)
    for form, sense in senses.items():
        for rule in sense.rules:
            if rule.sound is not None and rule.sound not in ancestors:
                raise TaxonomyError(_unknown(sense.where, form, "among its senses", rule.sound, ancestors))
        readings[form] = Reading(None, rules=sense.rules)
    return readings
