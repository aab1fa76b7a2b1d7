"""Finds sounds in text: longest known form first, then sense by context, then what belongs together is joined.

*A dog is barking*, *the bark of a dog* and *barking dogs* are each one mention of one class, because ``dog barking`` is a
kind of ``dog``; *a man speaks* is ``male speech``, because that is the class which is both ``male voice`` and ``speech``:
the is-a relation is all the grammar there is. Words for who or what makes a sound (*man*, *door*) count only together
with a sound, or where the text speaks of hearing: *a man works on a saw* claims no voice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from balsa_data.taxonomy.loading import Rule

__all__ = ["Matcher", "Mention", "Reading", "words"]

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[.,;:!?()\[\]\"“”—–/\n•*]")
_SKIPPED = frozenset("a an the his her their its my your our some".split())  # inside a form: clears HIS throat
_BOUNDARY = frozenset(
    ". , ; : ! ? ( ) [ ] \" “ ” — – / \n • * and or but while as with without when whereas then followed before after near "
    "over not no never neither nor nearby alongside amid amidst against during until because if than plus".split(" ")
)
_COORDINATION = frozenset(", and or & a an the another other some two three several both".split())
_LINK = frozenset(
    "a an the is are was were be been being has have had can could may might of from by very quite more in "
    "its their his her out off away up on start starts starting started begin begins continue continues continuing "
    "also again that which loud soft faint distant sound sounds noise noises heard going".split()
)
_FROM_SOURCE = frozenset("of by from".split())
_HEARD = frozenset(
    "hear hears heard hearing audible sound sounds noise noises listen listening voice voices no without absence absent "
    "lack lacks neither nor any present presence detect detected".split()
)
_REACH = 5  # tokens between two words that may still belong together
_WINDOW = 8  # tokens to either side that tell a sense


class Mention(NamedTuple):
    """A sound named in a text: ``text[start:end]`` is `text`, and `sound` its canonical class."""

    start: int
    end: int
    text: str
    sound: str


class Reading(NamedTuple):
    """What a form means: a sound, or by `rules` one of several; `agent`: it names what makes it."""

    sound: str | None
    agent: bool = False
    rules: tuple[Rule, ...] = ()


@dataclass(slots=True)
class _Found:
    first: int
    last: int  # token indices, last exclusive
    sound: str
    agent: bool
    action: str = ""  # the sound an agent was joined with


class _Token(NamedTuple):
    word: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """Return a form's words as the matcher sees them: lower case, hyphens and possessives gone."""
    return [t.word for t in _tokens(text)]


def _tokens(text: str) -> list[_Token]:
    tokens = []
    for match in _TOKEN.finditer(text):
        word = match.group().lower()
        start, end = match.span()
        if word[-2:] in {"'s", "’s"}:
            word, end = word[:-2], end
        tokens.append(_Token(word.replace("’", "'"), start, end))
    return tokens


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
            for word in words(form):
                node = node.setdefault(word, {})
            node[""] = reading

    def find(self, text: str) -> tuple[Mention, ...]:
        """Return the sounds named in a text, in order, never overlapping."""
        tokens = _tokens(text)
        found = self._scan(tokens)
        if not found:
            return ()
        mentions = []
        for f in self._linked(found, tokens):
            start, end = tokens[f.first].start, tokens[f.last - 1].end
            mentions.append(Mention(start, end, text[start:end], f.sound))
        return tuple(mentions)

    def _scan(self, tokens: list[_Token]) -> list[_Found]:
        found = []
        at = 0
        while at < len(tokens):
            node = self._trie.get(tokens[at].word)
            reading, last, ahead = None, at + 1, at + 1
            while node is not None:
                if "" in node:
                    reading, last = node[""], ahead
                while ahead < len(tokens) and tokens[ahead].word not in node and tokens[ahead].word in _SKIPPED:
                    ahead += 1
                node = node.get(tokens[ahead].word) if ahead < len(tokens) else None
                ahead += 1
            if reading is not None:
                sound = _sense(reading.rules, tokens, at, last) if reading.rules else reading.sound
                if sound is not None:
                    found.append(_Found(at, last, sound, reading.agent))
            at = last
        return found

    def _linked(self, found: list[_Found], tokens: list[_Token]) -> list[_Found]:
        """Join what belongs together, from the right, so that *a man and a woman speak* finds its verb twice."""
        done: list[_Found] = []
        for a in reversed(found):
            if done and self._taken(a, done, tokens):
                continue
            done.append(a)
        return [f for f in reversed(done) if not f.agent or _heard(f, tokens)]

    def _taken(self, a: _Found, done: list[_Found], tokens: list[_Token]) -> bool:
        """Whether `a` went into its right neighbour, which then spans both, or was an agent of another sound."""
        b = done[-1]
        gap = [t.word for t in tokens[a.last : b.first]]
        if len(gap) > _REACH:
            return False
        if a.agent and b.action and _COORDINATION.issuperset(gap):
            if both := self._join(a.sound, b.action):
                a.sound, a.agent, a.action = both[0], False, b.action
            return False
        if any(w in _BOUNDARY or w.endswith("n't") for w in gap):
            return False
        if b.agent and gap and gap[0] not in _FROM_SOURCE:
            return False
        both = self._join(a.sound, b.sound)
        if both:
            sound, lost = both
            if lost is None or (lost == a.sound and a.agent) or (lost == b.sound and b.agent):
                done[-1] = _Found(a.first, b.last, sound, a.agent and b.agent, b.sound if a.agent else "")
                return True
            other, action = (a, b.sound) if lost == b.sound else (b, a.sound)
            other.sound, other.agent, other.action = sound, False, action
            return False
        if a.agent:
            return not b.agent
        if b.agent:
            done.pop()
            return False
        if (a.sound in self._generic) != (b.sound in self._generic) and all(w in _LINK or w[-2:] == "ly" for w in gap):
            done[-1] = _Found(a.first, b.last, b.sound if a.sound in self._generic else a.sound, False)
            return True
        return False


def _sense(rules: tuple[Rule, ...], tokens: list[_Token], first: int, last: int) -> str | None:
    before = tokens[first - 1].word if first else ""
    after = tokens[last].word if last < len(tokens) else ""
    near: set[str] | None = None
    for rule in rules:
        if rule.otherwise or before in rule.after or after in rule.before:
            return rule.sound
        if rule.near:
            if near is None:
                near = {t.word for t in tokens[max(0, first - _WINDOW) : first]}
                near.update(t.word for t in tokens[last : last + _WINDOW])
            if not rule.near.isdisjoint(near):
                return rule.sound
    raise AssertionError("the loader saw to it that the last rule is 'otherwise'")


def _heard(f: _Found, tokens: list[_Token]) -> bool:
    around = [t.word for t in tokens[max(0, f.first - _REACH) : f.first]]
    around += [t.word for t in tokens[f.last : f.last + _REACH]]
    return not _HEARD.isdisjoint(around)
