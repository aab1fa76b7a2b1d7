"""Attribution: of which clip a text about several says that a sound is heard, or that it is not.

Clips are referred to by order ("the first recording", "the latter"), by number ("Audio 2:", "clip B"), together ("both",
"neither") or without saying which ("one … the other"). A sentence is cut at its conjunctions; what is said between two
cuts belongs to the reference there, and what has none to the one before. English only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise, permutations

from balsa_data.claims import EVERYTHING, Polarity, claims, quotes
from balsa_data.facts import heard, supported, unlisted
from balsa_data.schemas import AudioClip
from balsa_data.taxonomy import Taxonomy, default

__all__ = ["Said", "Telling", "told"]

_NOUN = r"(?:audio|recording|clip|sound|track|sample|file|segment|soundscape|scene|example|one)s?\b"
_NOUNS = rf"(?:(?:audio|sound|short|recorded) )?{_NOUN}(?: (?:clip|file|recording|track|sample|segment)s?\b)?"
_ORDINALS = {"first": 0, "1st": 0, "former": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3}
_LAST = {"latter", "last", "final"}
_ORDINAL = rf"(?:{'|'.join([*_ORDINALS, *_LAST])})\b"
_NAMES = {name: i for i, names in enumerate(["1 a one", "2 b two", "3 c three", "4 d four"]) for name in names.split()}
_NOT_A_CLIP = re.compile(
    r" (?:time|half|part|few|thing|place|person|people|voice|speaker|man|woman|note|minutes?|seconds?|moment|word|of all)\b"
)
_REFERENCE = re.compile(
    rf"""
    (?P<together> \bboth\b (?:\ (?:of\ (?:them|these|the)\ )? (?:{_NOUNS})? )?
        | \ball\ (?:of\ (?:them|these|the)|three|four|the\ {_NOUNS}|these\ {_NOUNS}|{_NOUNS})
        | \b(?:each|every|either|neither)\b (?!\ other) (?:\ (?:{_NOUNS}|of\ (?:them|the\ two|these)))?
        | \b(?:in\ common|shared?)\b | \b(?:is|are|stays?|remains?)\ the\ same\b(?!\ as) )
    | (?P<numbered> \b(?:audio|recording|clip|sound|track|sample|file|number)(?:\ (?:clip|file|recording|sample|number))?\ ?\#?
        (?: (?P<digit>[1-4])\b | (?P<letter>(?-i:[A-D])\b) | (?P<word>one|two|three|four)\b ) )
    | (?P<ordered> \b(?:the\ |a\ |an\ )?{_ORDINAL}(?:(?:,?\ and|,?\ or)\ (?:the\ )?{_ORDINAL}|,\ {_ORDINAL})*(?:\ {_NOUNS})? )
    | (?P<other> (?<!each\ )(?<!on\ )\bthe\ (?:others?|rest|remaining)\b(?!\ hand)(?:\ (?:two|three|{_NOUNS}))? )
    | (?P<next> \bthe\ next\ {_NOUNS} | (?<=\bin\ )the\ next\b(?=,) )
    | (?P<another> (?<!one\ )\banother\b(?:\ {_NOUNS})? (?=[ ,:]) )
    | (?P<some> (?<!the\ )(?<!that\ )(?<!this\ )(?<!which\ )(?<!no\ )(?<!any\ )\bone\b(?!\ (?:another|by|can|could|may|might|hears?|second|minute|moment))
        (?: \ of\ (?:the\ )?(?:them|these|two|three|{_NOUNS})(?:\ {_NOUNS})? | \ {_NOUNS} | (?=,|:|\ (?:is|has|contains|features|includes|with|consists)\b) ) )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ITEM = re.compile(r"^[ \t]*(?P<digit>[1-4])[.)][ \t]", re.MULTILINE)
_STOP = re.compile(r"(?<=[.!?])[\"”’*)]*\s+|\n+|;")
_STRONG = re.compile(
    r",? ?\b(?:while|whereas|whilst|but|although|though|which)\b|\bthat (?=(?:the|both|all|neither)\b)|,? ?\band (?=none\b|not\b)|[:—–]|(?<=,) as\b",
    re.IGNORECASE,
)
_WEAK = re.compile(
    r"(?:, ?)?\b(?:and|or|where|so|unlike|compared (?:to|with)|in contrast to|as opposed to|yet|with)\b|,",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|cannot|lacks?|lacking|without|missing|absent|none|neither|unlike|as opposed to|no such|no trace)\b|n['’]t\b",
    re.IGNORECASE,
)
_ONLY = re.compile(r"\bonly (?:in |of |for )?$", re.IGNORECASE)
_SAME = re.compile(r"\bthe same\b", re.IGNORECASE)  # "the rain is the same", not what was spoken of before
_UNLIKE = re.compile(r"\W*(?:unlike|as opposed to|in contrast to)\b", re.IGNORECASE)
_AFFIRMS = re.compile(r"\b(?:so|too|also|does|do|did|has|is|as well|likewise|same|shares?|shared|in)\b", re.IGNORECASE)
_TURNS = re.compile(r"(?:in|by) contrast|on the other hand|conversely|on the contrary|meanwhile", re.IGNORECASE)
_SUMS_UP = re.compile(
    r"\W*(?:overall|together|altogether|in (?:summary|conclusion|short|general|all|both)|these|those|they|what differs|"
    r"between|the (?:two|three|four|recordings|audios|clips|sounds|main|key|only|biggest|difference))\b",
    re.IGNORECASE,
)
Which = frozenset[int]  # places of clips; below 0, clips told apart but not named: "one … the other"


@dataclass(frozen=True)
class Said:
    """One claim about a sound.

    Attributes:
        sound: Its class in the taxonomy.
        affirms: Whether it is said to be heard.
        start: Where, in characters; `end` is exclusive.
        clips: In which clips, by their places; None where the text does not say.
    """

    sound: str
    affirms: bool
    start: int
    end: int
    clips: Which | None


@dataclass
class Telling:
    """What a text says of several clips.

    Attributes:
        said: Its claims, in order.
        spoken_of: The clips it refers to in any way.
        named: The clips it refers to by number or order.
    """

    said: list[Said] = field(default_factory=list)
    spoken_of: set[int] = field(default_factory=set)
    named: set[int] = field(default_factory=set)


def told(response: str, clips: Sequence[AudioClip]) -> Telling:
    """Return what a text says of which clip.

    Clips that it tells apart without saying which ("one has a dog, the other a cat") are taken as what fits best.
    """
    return _told(response, tuple(heard(clip) for clip in clips), default())


@lru_cache(maxsize=64)  # several checks ask about one response
def _told(response: str, sounds: tuple[frozenset[str], ...], taxonomy: Taxonomy) -> Telling:
    reader = _Reader(response, len(sounds), unlisted(frozenset().union(*sounds)))
    reader.read()
    found = reader.found
    loose = sorted({i for s in found.said for i in s.clips or () if i < 0} | {i for i in found.spoken_of if i < 0})
    readings = [_settled(found, dict(zip(loose, p, strict=True))) for p in permutations(range(len(sounds)), len(loose))]
    return max(readings, key=lambda r: sum(_fits(s, sounds) for s in r.said)) if readings else found


def _settled(found: Telling, places: dict[int, int]) -> Telling:
    said = [
        replace(s, clips=None if s.clips is None else frozenset(places.get(i, i) for i in s.clips)) for s in found.said
    ]
    return Telling(said, {places.get(i, i) for i in found.spoken_of}, found.named)


def _fits(said: Said, sounds: tuple[frozenset[str], ...]) -> bool:
    return all(i < len(sounds) and supported(said.sound, sounds[i]) == said.affirms for i in said.clips or ())


@dataclass(frozen=True)
class _Cell:
    """What stands between two cuts: at most one reference that counts, and claims before and behind it."""

    text: str
    which: Which | None
    claims: tuple[Said, ...]
    before: bool  # whether a claim stands before the reference: "a dog in the first"
    only: bool  # whether it is said to be so there alone: "only the first has a dog"


@dataclass
class _Reader:
    """Goes through the sentences and remembers of which clip the last one spoke."""

    text: str
    number: int
    labels: frozenset[str]

    def read(self) -> None:
        self.found = Telling()
        self.current: Which | None = None
        self.last: tuple[Said, ...] = ()
        self.loose = 0
        quoted = [(q.start, q.end) for q in quotes(self.text) if q.spoken]
        self.references: list[re.Match[str]] = []
        for match in _REFERENCE.finditer(self.text):
            if self._refers(match) and not _in(match.start(), quoted):
                self.references.append(match)
        if not self.references:
            items = list(_ITEM.finditer(self.text))
            self.references = items if [m["digit"] for m in items] == [str(i + 1) for i in range(self.number)] else []
        for start, end in _between(_STOP, self.text, 0, len(self.text)):
            self._sentence(start, end)

    def _refers(self, match: re.Match[str]) -> bool:
        """Whether "the first" stands for a clip: with a noun, or as one by itself, not before another ("the first dog")."""
        if match["ordered"] is None:
            return True
        if re.search(rf"{_NOUN}$", match.group(), re.IGNORECASE):
            return True
        after = self.text[match.end() :]
        goes_on = self.references and not _STOP.search(self.text, self.references[-1].end(), match.start())
        if goes_on and re.search(r"\bin $", self.text[: match.start()]):
            return True  # "in the first rain falls, in the second people talk"
        if not re.match(r"(?:the|a)\b", match.group(), re.IGNORECASE) or _NOT_A_CLIP.match(after):
            return False
        if goes_on:
            return True  # "the first has a dog, the second rain"
        mention = claims(f"There is {after.split('.')[0]}", labels=self.labels)
        return not mention or mention[0].start > len("There is ") + 1

    def _sentence(self, start: int, end: int) -> None:
        here = [m for m in self.references if start <= m.start() < end]
        if not here and _SUMS_UP.match(self.text, start, end):
            self.current = None
        alone = self.number == 2 and self.current and len(self.current) == 1
        if alone and self.current and not here and _TURNS.search(self.text, start, end):
            self.current = self._rest(self.current)
        if re.search(r"\brespectively\b", self.text[start:end], re.IGNORECASE) and self._respectively(start, end, here):
            return
        owed: Which | None = None  # "unlike the first," denies of it what follows
        for a, b in _between(_STRONG, self.text, start, end):
            owed = self._chunk(a, b, owed)

    def _respectively(self, start: int, end: int, here: list[re.Match[str]]) -> bool:
        places = [i for m in here for i in sorted(self._which(m))]
        said = self._claims(start, end)
        if len(places) != len(said):
            return False
        self.found.spoken_of.update(places)
        self.found.said += [replace(s, clips=frozenset({i})) for s, i in zip(said, places, strict=True)]
        return True

    def _claims(self, start: int, end: int) -> list[Said]:
        """Return the claims of a stretch of text, read by itself: what comes after may be about another clip."""
        part = self.text[start:end]
        return [
            Said(c.sound, c.affirms, start + c.start, start + c.end, None)
            for c in claims(part, labels=self.labels)
            if c.sound != EVERYTHING and c.polarity is not Polarity.UNCLEAR
        ]

    def _chunk(self, start: int, end: int, owed: Which | None) -> Which | None:
        said, owner = self._claims(start, end), self.current
        cells = [self._cell(a, b, said) for a, b in self._stretches(start, end, said)]
        for i, cell in enumerate(cells):
            if cell.which is not None:
                owner = self.current = cell.which
                ends = not any(c.claims for c in cells[i:])
                if ends and _bare(cell) and i and cells[i - 1].before:  # "in the first and in the second"
                    self.found.said += [replace(s, clips=cell.which) for s in self.last]
                elif not cell.claims:
                    owed = self._implied(cell, owed, first=not any(c.claims for c in cells[:i]))
            elif cell.claims and (i == 0 or not any(c.which for c in cells[:i]) or cells[i - 1].before):
                coming = next((c for c in cells[i:] if c.which is not None), None)
                owner = coming.which if coming and coming.before else owner
            if cell.claims:
                self.last = tuple(replace(s, clips=owner) for s in cell.claims)
                self.found.said += self.last
                if cell.only and cell.which and min(cell.which) >= 0:
                    others = frozenset(range(self.number)) - cell.which
                    self.found.said += [replace(s, clips=others, affirms=False) for s in self.last if s.affirms]
                if owed and owner and not owed & owner:
                    self.found.said += [replace(s, clips=owed, affirms=not s.affirms) for s in self.last]
        return owed

    def _implied(self, cell: _Cell, owed: Which | None, *, first: bool) -> Which | None:
        """Read "…, which the second lacks" and "…, and so does the second": of what was said last."""
        which = cell.which
        if first and _UNLIKE.match(cell.text) and not self._since(cell):
            return which
        last = [s for s in self.last if s.clips != which]
        if not last or _bare(cell):
            return owed
        if _DENIES.search(cell.text):
            self.found.said += [replace(s, clips=which, affirms=False) for s in last if s.affirms]
        elif which and len(which) == self.number and _AFFIRMS.search(cell.text) and not _SAME.search(cell.text):
            self.found.said += [replace(s, clips=which) for s in last]
        elif re.search(r"\b(?:does|do|did|too|also|as well|likewise)\b", cell.text, re.IGNORECASE):
            self.found.said += [replace(s, clips=which, affirms=True) for s in last]
        return owed

    def _since(self, cell: _Cell) -> bool:
        """Whether anything was said in the sentence before this cell."""
        at = self.text.find(cell.text)
        begins = max((m.end() for m in _STOP.finditer(self.text, 0, max(at, 0))), default=0)
        return any(s.start >= begins for s in self.last)

    def _cell(self, start: int, end: int, said: list[Said]) -> _Cell:
        references = [m for m in self.references if start <= m.start() < end]
        mine = tuple(s for s in said if start <= s.start < end)
        which: Which | None = None
        for match in references:
            self.current = which = self._which(match)
            self.found.spoken_of.update(which)
        before = bool(references and mine and mine[0].start < references[0].start())
        only = any(_ONLY.search(self.text, start, m.start()) for m in references)
        return _Cell(self.text[start:end], which, mine, before, only)

    def _stretches(self, start: int, end: int, said: list[Said]) -> Iterator[tuple[int, int]]:
        """Yield what stands between weak cuts; where claims and references take turns in it, each claim with its own."""
        for a, b in _between(_WEAK, self.text, start, end, keep=self._inside):
            references = [m.start() for m in self.references if a <= m.start() < b]
            sounds = [s.start for s in said if a <= s.start < b]
            turns = sorted([(at, "reference") for at in references] + [(at, "sound") for at in sounds])
            if len(references) == len(sounds) and all(x[1] != y[1] for x, y in pairwise(turns)):
                cuts = [a, *(at for at, _ in turns[2::2]), b]
                yield from pairwise(cuts)
            else:
                yield a, b

    def _which(self, match: re.Match[str]) -> Which:
        found = match.groupdict()
        every = frozenset(range(self.number))
        if found.get("together"):
            return every
        if found.get("other"):
            return self._rest(self.current or frozenset())
        if found.get("next"):
            return frozenset({max(self.current or {-1}) + 1})
        if found.get("some") or found.get("another"):
            return self._loose()
        if name := found.get("digit") or found.get("letter") or found.get("word"):
            which = frozenset({_NAMES[name.casefold()]})
        else:
            words = re.findall(_ORDINAL, match.group(), re.IGNORECASE)
            which = frozenset(_ORDINALS.get(w.casefold(), self.number - 1) for w in words)
        self.found.named |= which
        return which

    def _rest(self, which: Which) -> Which:
        if any(i < 0 for i in which) and self.number == 2:
            return self._loose()
        spoken = {i for i in self.found.spoken_of if i >= 0} if self.number > 2 else which
        return frozenset(range(self.number)) - spoken

    def _loose(self) -> Which:
        self.loose = self.loose + 1 if self.loose < self.number else 1
        return frozenset({-self.loose})

    def _inside(self, match: re.Match[str]) -> bool:
        """Whether a cut would fall inside a reference: "the first and second recordings"."""
        return any(m.start() <= match.start() and match.end() <= m.end() for m in self.references)


def _between(
    cut: re.Pattern[str], text: str, start: int, end: int, keep: Callable[[re.Match[str]], bool] | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the stretches between cuts; a cut opens the stretch behind it."""
    at = start
    for match in cut.finditer(text, start, end):
        if keep and keep(match):
            continue
        if match.start() > at:
            yield at, match.start()
        at = match.start()
    if at < end:
        yield at, end


def _bare(cell: _Cell) -> bool:
    return bool(re.fullmatch(r"\W*(?:and )?(?:in |of |for |from )?\W*", _REFERENCE.sub("", cell.text)))


def _in(at: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(s <= at < e for s, e in spans)
