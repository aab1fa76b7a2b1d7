"""Taxonomy files → sounds and senses.

    sounds:
      dog growling:               # the canonical name, itself a form
        is: dog + growling        # what it is a kind of: every sound of it is a sound of these; + where naming both names it
        nouns: gnarl              # inflected: gnarls
        verbs: snarl              # inflected: snarls, snarling, snarled
        forms: grr, grrr          # taken as written
        agents: cur               # who makes it but is often there unheard: counts with such a sound, or where hearing is spoken of
        objects: kennel           # what makes it but is often there unheard: counts with any sound
        labels: Growl; Growl, dog # names datasets have for it, split at ';'; not looked for in text
        phrase: a dog's growl     # how it reads after "there is no sound of", where the name does not; a form
        confusable: purring       # what a listener could take it for
        generic: yes              # too broad or vague a name to be denied on its own
    senses:
      horn, horns:                # a form with several meanings, or sometimes none; the first rule that holds is taken
        - french horn: near orchestra, brass; after french
        - none: after shoe
        - car horn: otherwise

Values are comma-separated. A later file (a user's) adds to a class of the same name, and takes a form that it claims too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from balsa_data.errors import TaxonomyError, nearest
from balsa_data.taxonomy.text import key

__all__ = ["Entry", "Rule", "Senses", "read"]

_FIELDS = ("is", "nouns", "verbs", "forms", "agents", "objects", "labels", "phrase", "confusable", "generic")
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Entry:
    """One class as one file states it: its fields, split at commas, and where it stands."""

    name: str
    where: str
    fields: dict[str, tuple[str, ...]]

    def __getitem__(self, key: str) -> tuple[str, ...]:
        return self.fields.get(key, ())


@dataclass(frozen=True)
class Rule:
    """One meaning of an ambiguous form: the sound (None: no sound) and the words that show it (none: always)."""

    sound: str | None
    near: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()

    @property
    def otherwise(self) -> bool:
        """Whether it holds whatever the context."""
        return not (self.near or self.after or self.before)


@dataclass(frozen=True)
class Senses:
    """An ambiguous form's meanings, in the order they are tried."""

    forms: tuple[str, ...]
    where: str
    rules: tuple[Rule, ...] = field(default=())


def read(path: Path) -> tuple[list[Entry], list[Senses]]:
    """Read one taxonomy file.

    Raises:
        TaxonomyError: It cannot be read, is not of the form above, or states a class twice.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"cannot read taxonomy {path}: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise TaxonomyError(f"{path}{line}: not YAML: {getattr(error, 'problem', error)}") from None
    entries: list[Entry] = []
    senses: list[Senses] = []
    for part, value, where in _pairs(root, str(path)):
        if part == "sounds":
            entries += [_entry(name, node, at) for name, node, at in _pairs(value, where)]
        elif part == "senses":
            senses += [_senses(name, node, at) for name, node, at in _pairs(value, where)]
        else:
            raise TaxonomyError(f"{where}: unknown part {part!r}{nearest(part, ('sounds', 'senses'))}")
    return entries, senses


def _entry(name: str, node: yaml.Node, where: str) -> Entry:
    fields = {}
    for key, value, at in _pairs(node, where):
        if key not in _FIELDS:
            raise TaxonomyError(f"{at}: {name!r} has an unknown field {key!r}{nearest(key, _FIELDS)}")
        text = _scalar(value, at)
        fields[key] = (text,) if key == "phrase" else tuple(_split(text, ";" if key == "labels" else ","))
    return Entry(name, where, fields)


def _senses(name: str, node: yaml.Node, where: str) -> Senses:
    rules = []
    if not isinstance(node, yaml.SequenceNode):
        raise TaxonomyError(f"{where}: {name!r} needs a list of '- class: near …' lines")
    for sound, value, at in (pair for item in node.value for pair in _pairs(item, where)):
        words: dict[str, frozenset[str]] = {}
        for condition in _split(_scalar(value, at), ";"):
            kind, _, rest = condition.partition(" ")
            if kind not in {"near", "after", "before", "otherwise"} or (kind == "otherwise") == bool(rest):
                raise TaxonomyError(
                    f"{at}: {name!r} has a rule {condition!r}; write 'near', 'after' or 'before' and words, or 'otherwise'"
                )
            if kind != "otherwise":
                words[kind] = frozenset(_split(rest, ","))
        rules.append(Rule(None if sound == "none" else sound, **words))
    if not rules or not rules[-1].otherwise or any(r.otherwise for r in rules[:-1]):
        raise TaxonomyError(f"{where}: {name!r} needs one rule 'otherwise', as its last")
    return Senses(tuple(map(key, _split(name, ","))), where, tuple(rules))


def _pairs(node: yaml.Node | None, where: str) -> Iterator[tuple[str, yaml.Node, str]]:
    """Yield a mapping's keys and values and where each stands; unlike YAML, refuse a key given twice."""
    path = where.rpartition(":")[0] if where.rpartition(":")[2].isdigit() else where
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return
    if not isinstance(node, yaml.MappingNode):
        raise TaxonomyError(f"{where}: expected 'name: …' lines here")
    seen = set()
    for key, value in node.value:
        at = f"{path}:{key.start_mark.line + 1}"
        name = _scalar(key, at)
        if name in seen:
            raise TaxonomyError(f"{at}: {name!r} stands here twice; make it one")
        seen.add(name)
        yield name, value, at


def _scalar(node: yaml.Node, where: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise TaxonomyError(f"{where}: expected text, comma-separated where there is more than one")
    return str(node.value)


def _split(text: str, separator: str) -> Iterable[str]:
    return [part for part in (p.strip() for p in text.split(separator)) if part]
