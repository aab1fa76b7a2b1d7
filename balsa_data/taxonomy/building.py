"""Entries and senses of all files → classes and what each surface form means, with everything refused that contradicts.

A form is what text shows (*barks*); a claim is a class saying that a form means it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

from balsa_data.errors import TaxonomyError, nearest
from balsa_data.taxonomy.inflection import noun, verb
from balsa_data.taxonomy.loading import Entry, Rule, Senses, read
from balsa_data.taxonomy.matching import Reading, words

__all__ = ["Sound", "build"]


@dataclass(frozen=True)
class Sound:
    """A class of sounds.

    Attributes:
        name: The canonical name: a short lower-case noun phrase ("dog barking").
        parents: What it is directly a kind of. A sound of this class is a sound of these.
        forms: The surface forms that mean it whatever the context, inflected ("barks", "barking").
        agents: Words for what makes it; they name it only together with a sound ("man").
        confusables: Classes that a listener could take it for.
        phrase: How it reads after "there is no sound of" ("a dog").
        generic: The name is too broad or vague to be denied on its own ("hum", "animal").
    """

    name: str
    parents: tuple[str, ...]
    forms: tuple[str, ...]
    agents: tuple[str, ...]
    confusables: frozenset[str]
    phrase: str
    generic: bool


class _Claim(NamedTuple):
    sound: str
    where: str
    agent: bool


def build(layers: Sequence[Sequence[Path]]) -> tuple[dict[str, Sound], dict[str, Reading], dict[str, str]]:
    """Read taxonomy files, each layer over the one before.

    Returns:
        The classes by name; what each form means, by its words; the class that each further label names.

    Raises:
        TaxonomyError: The files are malformed, contradict themselves or one another.
    """
    entries: dict[str, list[Entry]] = {}
    claims: dict[str, list[_Claim]] = {}
    senses: dict[str, Senses] = {}
    labels: dict[str, _Claim] = {}
    for layer in layers:
        fresh: dict[str, list[_Claim]] = {}
        seen: dict[str, Entry] = {}
        for path in layer:
            found, rules = read(path)
            for entry in found:
                if entry.name in seen:
                    raise TaxonomyError(f"{entry.where}: {entry.name!r} stands in {seen[entry.name].where} too; make it one")
                seen[entry.name] = entry
                entries.setdefault(entry.name, []).append(entry)
                for form, agent in _forms(entry, new=len(entries[entry.name]) == 1):
                    fresh.setdefault(form, []).append(_Claim(entry.name, entry.where, agent))
                for label in entry["labels"]:
                    labels[_key(label)] = _Claim(entry.name, entry.where, False)
            for sense in rules:
                for form in sense.forms:
                    senses[_key(form)] = sense
        for form in fresh:
            if layer is not layers[0]:
                senses.pop(form, None)
        claims |= fresh
    _check_tree(entries)
    sounds = {name: _sound(name, stated) for name, stated in entries.items()}
    confused: dict[str, set[str]] = {name: set() for name in sounds}
    for name, sound in sounds.items():
        for other in sound.confusables:
            confused[name].add(other)
            confused[other].add(name)
    readings = _readings(claims, senses, sounds)
    forms: dict[str, list[str]] = {name: [] for name in sounds}
    for form, reading in readings.items():
        if reading.sound and not reading.agent:
            forms[reading.sound].append(form)
    return (
        {n: replace(s, forms=tuple(forms[n]), confusables=frozenset(confused[n])) for n, s in sounds.items()},
        readings,
        {label: claim.sound for label, claim in labels.items()},
    )


def _key(text: str) -> str:
    return " ".join(w for w in words(text) if w[0].isalnum())


def _forms(entry: Entry, new: bool) -> Iterable[tuple[str, bool]]:
    """Yield an entry's surface forms, inflected, and whether each names what makes the sound only."""
    plain = [*entry["forms"], *([*noun(entry.name)] if new else [])]
    plain += [w for n in entry["nouns"] for w in noun(n)] + [w for v in entry["verbs"] for w in verb(v)]
    yield from dict.fromkeys((_key(f), False) for f in plain)
    yield from dict.fromkeys((_key(f), True) for a in entry["agents"] for f in noun(a))


def _check_tree(entries: Mapping[str, Sequence[Entry]]) -> None:
    for entry in (e for stated in entries.values() for e in stated):
        for key in ("is", "confusable"):
            for other in entry[key]:
                if other not in entries:
                    raise TaxonomyError(
                        f"{entry.where}: {entry.name!r} has an unknown class {other!r} under '{key}'{_close(other, entries)}"
                    )
    above = {name: [p for e in stated for p in e["is"]] for name, stated in entries.items()}
    try:
        TopologicalSorter(above).prepare()
    except CycleError as error:
        ring = error.args[1]
        raise TaxonomyError(
            f"{entries[ring[0]][-1].where}: {ring[0]!r} is a kind of itself ({' → '.join(reversed(ring))}); take one 'is' out"
        ) from None


def _close(name: str, known: Iterable[str]) -> str:
    close = nearest(name, known)
    return close if "mean" in close else "; add it, or correct the name"


def _sound(name: str, stated: Sequence[Entry]) -> Sound:
    def all_of(key: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(v for e in stated for v in e[key]))

    return Sound(
        name=name,
        parents=all_of("is"),
        forms=(),
        agents=all_of("agents"),
        confusables=frozenset(all_of("confusable")),
        phrase=(all_of("phrase") or (name,))[-1],
        generic="yes" in all_of("generic"),
    )


def _readings(
    claims: Mapping[str, Sequence[_Claim]], senses: Mapping[str, Senses], sounds: Mapping[str, Sound]
) -> dict[str, Reading]:
    """Decide what each form means: by its rules, else the one class that claims it, else the most general of related ones."""
    readings = {}
    for form, sense in senses.items():
        for rule in sense.rules:
            if rule.sound is not None and rule.sound not in sounds:
                raise TaxonomyError(f"{sense.where}: {form!r} means an unknown class {rule.sound!r}{_close(rule.sound, sounds)}")
        readings[form] = Reading(None, rules=tuple(_inflected(r) for r in sense.rules))
    above = TopologicalSorter({name: s.parents for name, s in sounds.items()})
    rank = {name: i for i, name in enumerate(above.static_order())}  # what is above comes first
    ancestors: dict[str, set[str]] = {}
    for name in rank:
        ancestors[name] = {p for q in sounds[name].parents for p in (q, *ancestors[q])}
    for form, claimed in claims.items():
        if form in readings:
            continue
        top = min(claimed, key=lambda c: rank[c.sound])
        for other in claimed:
            if other.sound != top.sound and top.sound not in ancestors[other.sound]:
                raise TaxonomyError(
                    f"{other.where}: {form!r} means {other.sound!r}, and {top.sound!r} in {top.where}; "
                    f"add a rule for it under 'senses', or leave it to one"
                )
        readings[form] = Reading(top.sound, all(c.agent for c in claimed))
    return readings


def _inflected(rule: Rule) -> Rule:
    near, after, before = (frozenset(w for word in ws for w in noun(word)) for ws in (rule.near, rule.after, rule.before))
    return Rule(rule.sound, near, after, before)
