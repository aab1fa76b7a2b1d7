"""Finds sounds in text: longest known form first, then sense by context, then what belongs together is joined.

*A dog is barking*, *the bark of a dog* and *barking dogs* are each one mention of one class, because ``dog barking`` is a
kind of ``dog``; *a man speaks* is ``male speech``, because that is the class which is both ``male voice`` and ``speech``:
the is-a relation is all the grammar there is. Words for who or what makes a sound (*man*, *door*) count only together
with a sound, or where the text speaks of hearing: *a man works on a saw* claims no voice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise, takewhile
from typing import Any, NamedTuple

from balsa_data.taxonomy.loading import Rule
from balsa_data.taxonomy.text import placed, words

__all__ = ["Matcher", "Mention", "Reading", "Role"]

# may stand inside a form: clears HIS throat, a door IS closed
_SKIPPED = frozenset("a an the his her their its my your our some is are was were being been gets".split())
_BOUNDARY = frozenset(
    '. , ; : ! ? ( ) [ ] " “ ” — – / \n • * and or but while as with without when whereas then followed before after near '
    "over not no never neither nor nearby alongside amid amidst among amongst against during until because if than plus".split(
        " "
    )
)
_LINK = frozenset(
    "a an the is are was were be been being has have had can could may might of from by very quite more in "
    "its their his her out off away up on start starts starting started begin begins continue continues continuing "
    "also again that which to loud soft faint distant sound sounds noise noises heard going".split()
)
_FROM_SOURCE = frozenset("of by from".split())
_HEARD = frozenset(
    "hear hears heard hearing audible sound sounds noise noises listen listening voice voices no without absence absent "
    "lack lacks neither nor any present presence detect detected".split()
)
_MAKES = frozenset("made produced caused created".split())
_IS, _A = frozenset("is are was were".split()), frozenset("a an".split())
_BEING = _IS | {"being", "been"}
_TOWARDS = frozenset("to at toward towards".split())
_AND = frozenset("and or &".split())
_ADVERBS = frozenset("then also is are starts begins to".split())
_NO_VERB = frozenset("laughter speech conversation applause".split())
_REACH = 5  # tokens between two words that may still belong together
_CLAUSE_END = frozenset(". ; ! ? \n but while as followed then when".split(" "))
_WINDOW = 8  # tokens to either side that tell a sense


class Mention(NamedTuple):
    """A sound named in a text: ``text[start:end]`` is `text`, and `sound` its canonical class."""

    start: int
    end: int
    text: str
    sound: str


class Role(Enum):
    """What a form names: a sound, or who (AGENT) or what (OBJECT) makes it and may well be there unheard."""

    SOUND = "sound"
    AGENT = "agent"
    OBJECT = "object"


class Reading(NamedTuple):
    """What a form means: a sound, or by `rules` one of several."""

    sound: str | None
    role: Role = Role.SOUND
    rules: tuple[Rule, ...] = ()


@dataclass(slots=True)
class _Found:
    first: int
    last: int  # token indices, last exclusive
    sound: str
    role: Role = Role.SOUND
    action: str = ""  # the sound that a maker was joined with
    listed: bool = False  # whether it shares that sound with what follows: "a man AND a woman speak"

    @property
    def silent(self) -> bool:
        """Whether it names who or what could make a sound, no more."""
        return self.role is not Role.SOUND


class Matcher:
    """A trie of forms over words, and the joining of what it finds.

    Args:
        readings: What each form means.
        join: (sound, sound) → the class that is both, or None; see `Taxonomy.join`.
        generic: Classes which a concrete source absorbs: the *engine's hum* is the engine.
    """

    def __init__(
        self,
        readings: dict[str, Reading],
        join: Callable[[str, str], tuple[str, str | None] | None],
        generic: Iterable[str],
    ) -> None:
        self._join = join
        self._generic = frozenset(generic)
        self._trie: dict[str, Any] = {}
        for form, reading in readings.items():
            node = self._trie
            for word in form.split():
                node = node.setdefault(word, {})
            node[""] = reading

    def find(self, text: str) -> tuple[Mention, ...]:
        """Return the sounds named in a text, in order, never overlapping."""
        seen, places = placed(text)
        spans = ((places[2 * f.first], places[2 * f.last - 1], f.sound) for f in self._linked(self._scan(seen), seen))
        return tuple(Mention(start, end, text[start:end], sound) for start, end, sound in spans)

    def find_generic(self, text: str) -> frozenset[str]:
        """Return the generic classes that a text names, also those which a source absorbs: the *hum* of the engine's hum."""
        return frozenset(f.sound for f in self._scan(words(text)) if f.sound in self._generic)

    def _scan(self, seen: list[str]) -> list[_Found]:
        found: list[_Found] = []
        last = 0
        for at, word in enumerate(seen):
            if at < last or (node := self._trie.get(word)) is None:
                continue
            reading, last, ahead = None, at + 1, at + 1
            while node is not None:
                if "" in node:
                    reading, last = node[""], ahead
                while ahead < len(seen) and seen[ahead] not in node and seen[ahead] in _SKIPPED:
                    ahead += 1
                node = node.get(seen[ahead]) if ahead < len(seen) else None
                ahead += 1
            if reading is not None:
                sound = _sense(reading.rules, seen, at, last) if reading.rules else reading.sound
                if sound is not None:
                    found.append(_Found(at, last, sound, reading.role))
        return found

    def _linked(self, found: list[_Found], seen: list[str]) -> list[_Found]:
        """Join what belongs together, from the right, so that *a man and a woman speak* finds its verb twice."""
        done: list[_Found] = []
        for a in reversed(found):
            if not done or not self._taken(a, done, seen[a.last : done[-1].first]):
                done.append(a)
        done.reverse()
        for a, b in pairwise(done):
            self._carry(a, b, seen[a.last : b.first], seen[b.last - 1])
        return [f for f in done if not f.silent or _heard(f, seen)]

    def _taken(self, a: _Found, done: list[_Found], gap: list[str]) -> bool:
        """Whether `a` went into its right neighbour, which then spans both, or is the silent agent of it."""
        b = done[-1]
        if len(gap) > _REACH:
            return False
        if a.silent and not b.silent and _coordinate(gap, b.listed):
            both = self._join(a.sound, b.action or b.sound)
            if both and (b.action or both[1] == b.sound):
                a.sound, a.role, a.action, a.listed = both[0], Role.SOUND, b.action or b.sound, True
            return False
        from_source = not gap or gap[0] in _FROM_SOURCE
        if any(w in _BOUNDARY or w.endswith("n't") for w in gap) or (b.silent and not from_source):
            return False
        if not _TOWARDS.isdisjoint(gap[:-1]):  # "talks to a crowd", not "starts to talk"
            return False
        if both := self._join(a.sound, b.sound):
            sound, lost = both
            if lost is None or (lost == a.sound and a.silent) or (lost == b.sound and b.silent):
                role = a.role if a.silent and b.silent else Role.SOUND
                done[-1] = _Found(a.first, b.last, sound, role, b.sound if a.silent and not b.silent else "")
                return True
            source, action = (a, b) if lost == b.sound else (b, a)
            source.sound, source.role, source.action = sound, Role.SOUND, action.sound
            return False
        if a.silent and b.silent:
            return False
        if a.silent or b.silent:
            maker = a if a.silent else b
            if maker.role is Role.OBJECT:
                maker.role = Role.SOUND
            elif maker is b:
                done.pop()
            return maker is a and a.silent
        if _A.intersection(gap) and _IS.intersection(gap):  # "rain is a musical instrument"
            return False
        if (a.sound in self._generic) != (b.sound in self._generic) and (from_source or _LINK.issuperset(_plain(gap))):
            done[-1] = _Found(a.first, b.last, b.sound if a.sound in self._generic else a.sound)
            return True
        return False

    def _carry(self, a: _Found, b: _Found, gap: list[str], verb: str) -> None:
        """Give a second verb the first one's subject: *a dog barks and growls*."""
        if not b.action and gap[:1] == ["and"] and verb not in _NO_VERB and _ADVERBS.issuperset(_plain(gap[1:])):
            both = self._join(a.sound, b.sound)
            if both and both[1] == a.sound:
                b.sound = both[0]


def _coordinate(gap: list[str], listed: bool) -> bool:
    """Whether a gap is that of *a man AND A SMALL child speak*; a comma does within a list that ends so."""
    parts = [i for i, w in enumerate(gap) if w in _AND or (w == "," and listed)]
    return bool(parts) and all(w not in _BOUNDARY or w in _AND or w == "," for w in gap) and parts[0] == 0


def _plain(gap: list[str]) -> list[str]:
    return [w for w in gap if w[-2:] != "ly"]


def _sense(rules: tuple[Rule, ...], seen: list[str], first: int, last: int) -> str | None:
    earlier = reversed(seen[max(0, first - _REACH) : first])
    before = next((word for word in earlier if word not in _BEING), "")  # "a baby is crying"
    after = seen[last] if last < len(seen) else ""
    two = f"{after} {seen[last + 1]}" if last + 1 < len(seen) else ""  # "stream" before "of air"
    near: set[str] | None = None
    for rule in rules:
        if rule.otherwise or before in rule.after or after in rule.before or two in rule.before:
            return rule.sound
        if rule.near:
            if near is None:
                near = {*_clause(seen[max(0, first - _WINDOW) : first][::-1]), *_clause(seen[last : last + _WINDOW])}
            if not rule.near.isdisjoint(near):
                return rule.sound
    raise AssertionError("the loader saw to it that the last rule is 'otherwise'")


def _clause(seen: list[str]) -> Iterator[str]:
    return takewhile(lambda word: word not in _CLAUSE_END, seen)


def _heard(f: _Found, seen: list[str]) -> bool:
    before = seen[max(0, f.first - _REACH) : f.first]
    if f.role is Role.OBJECT and not _MAKES.isdisjoint(before):  # "the noise is made by a glass"
        return True
    return not _HEARD.isdisjoint(before) or not _HEARD.isdisjoint(seen[f.last : f.last + _REACH])
