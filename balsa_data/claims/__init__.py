"""Claims: which sounds a text says are heard, and which it says are not.

`claims` finds the sounds a text names (the taxonomy's matcher) and judges each from the words around it (`scope`), the
heading it stands under (`layout`) and the question it answers: "Thunder and sirens." denies both when the prompt asks
what is *not* heard. Words in quotation marks that somebody speaks claim nothing. English only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from balsa_data.claims.clauses import tokens
from balsa_data.claims.cues import words
from balsa_data.claims.layout import Quote, quotes, sentences, unquoted
from balsa_data.claims.reading import asked, read, replies
from balsa_data.claims.scope import Polarity, polarities
from balsa_data.taxonomy import Mention, Taxonomy, default
from balsa_data.taxonomy.text import Pattern, vocabulary

__all__ = [
    "EVERYTHING",
    "Claim",
    "Polarity",
    "Quote",
    "answers",
    "asked",
    "claims",
    "mentions",
    "quotes",
    "stated",
    "unquoted",
    "words",
]

EVERYTHING = "any sound"
"""The sound of a claim about all of them: "nothing else is heard"."""

# Sounds at large: "no other sounds", not "no sounds of rain".
_ALL = Pattern(
    "-nothing -anything | sound sounds noise noises audio & no any only -other -additional -further",
    r"\b(?:nothing|anything|(?:(?<=\bno )|(?<=\bany )|(?<=\bonly )|(?<=other )|(?<=additional )|(?<=further ))"
    r"(?:(?:other|additional|further|more|discernible|audible) )?(?:sounds?|noises?|audio)\b)"
    r"(?! (?:of|from|like|such|effects?|related|associated|resembling|made|produced|coming|due|by|as|"
    r"(?:that|which) (?!(?:can|could|is|are) (?:be )?(?:heard|audible|detected|present)))\b)",
)
_SILENCE = Pattern(
    "silence silent empty blank",
    r"\b(?:(?:complete|total|absolute|utter|dead|only|just) silence|there(?:'s| is| was) silence|"
    r"(?:audio|clip|recording|file|track|it|everything)(?:'s| is| was| remains| stays)"
    r"(?: (?!not)\w+)? (?:silent|empty|blank))\b",
)
_INAUDIBLE = Pattern(  # said of the clip itself, and so of all that is in it
    "inaudible | not t cannot & audible heard perceived",
    r"\b(?:(?:the|this|your|that) (?:audio|clip|recording|file|track|sound)(?: (?:clip|file|recording|track))?(?:'s| is| was)|"
    r"(?:it|this|(?:audio|clip|recording))(?:'s| is| was) (?:just |only )?an? sound (?:that|which)(?:'s| is| was))"
    r"(?: \w+ly| just)? (?:not (?:\w+ly )?audible|inaudible|not (?:\w+ly |being )?heard)\b|"
    r"\b(?:(?:contains?|has|features?|includes?|consists? of|combination of)(?: \w+){0,2} sounds|of an? sound) (?:that|which) "
    r"(?:is|are|was|were) (?:not audible|inaudible)\b|"
    r"\b(?:not audible|inaudible|(?:can ?not|can't|not) be (?:heard|perceived)) (?:to|by) (?:the )?human (?:ears?|beings?)\b",
)
# What the matcher would join across: "no animals besides the cat" names two sounds.
_APART = Pattern(
    "besides except other apart aside rather instead unlike",
    r"\b(?:besides|except(?: for)?|other than|apart from|aside from|rather than|instead of|unlike)\b",
)
_THE_AUDIO = words("recording recordings recorded track soundtrack audio sample")
_TO_SAY = re.compile(  # who answers, or is answered, speaks of the clip, not in it
    r"^(?:please,? )?(?:say|tell|explain|comment|address|discuss)$|\b(?:(?:to|can|could|would|might|should|must|let me) (?:say|tell|explain|comment|address|discuss)|"
    r"(?:i|we|you)(?:['’](?:m|ll|d|ve|re))?(?: (?!and\b|or\b)\w+){0,2} (?:say|tell|talk|speak|explain|comment|address|discuss)(?:ing)?|"
    r"i(?:['’]m| am) (?!hearing|listening)\w+ing)$",
    re.IGNORECASE,
)
_LISTENS = re.compile(r"(?:\s+\w+){0,2}?(?:\s+|n['’]t\s+)(?:hear|hears|hearing|listens|listening)\b", re.IGNORECASE)
_ELSEWHERE = Pattern("realm world field language", r"\b(?:realm|world|field|language) of (?:the )?$")
# how what `_TO_SAY` finds ends
_SAYING = ("say", "tell", "explain", "comment", "address", "discuss", "talk", "speak", "ing")
_ROLES = {"background music": "music"}  # "music in the background" says where, not what
_LISTENERS = ("speaker", "listener", "person", "someone", "human", "anyone")
_AT_ALL = re.compile(  # "I hear nothing." and "not hearing anything at all", not "nothing else" or "nothing that barks"
    r"\s*(?:\s(?:at all|whatsoever|in particular)\b|(?:\s(?:in|on) (?:the|this|that) (?:audio|clip|recording|track)(?: clip)?)?(?:[.!?;]|$))",
    re.IGNORECASE,
)
_REMAINING = re.compile(r"\b(?:other|additional|further|more|only|else)(?: \w+)?\s*$", re.IGNORECASE)
_ONLY = re.compile(r"\bonly $", re.IGNORECASE)
_ALONE = re.compile(r"\b(?:only|primary|main|sole|single)\b", re.IGNORECASE)
_PLAIN = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_PAIR = re.compile(r"[^\W_]+ [^\W_]+")


class Claim(NamedTuple):
    """One sound that a text speaks of.

    Attributes:
        sound: Its class in the taxonomy, or the label itself where the taxonomy has none.
        start: Where it is named, in characters; `end` is exclusive.
        polarity: What is said of it.
        besides: Sounds an absence does not cover: "no animals other than dogs".
    """

    sound: str
    start: int
    end: int
    polarity: Polarity
    besides: frozenset[str] = frozenset()

    @property
    def affirms(self) -> bool:
        """Whether the text says the sound is heard, if with doubt."""
        return self.polarity is Polarity.PRESENT or self.polarity is Polarity.HEDGED


def mentions(text: str, labels: Iterable[str] = (), taxonomy: Taxonomy | None = None) -> tuple[Mention, ...]:
    """Return the sounds that `text` names: the taxonomy's, and `labels` it does not know, as they are written."""
    found = list(_known(text, taxonomy or default()))
    for label in sorted({x for x in labels if x.strip()}, key=len, reverse=True):
        pattern = rf"(?<!\w){re.escape(label)}(?:e?s)?(?!\w)"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            found = [m for m in found if m.end <= match.start() or match.end() <= m.start]
            found.append(Mention(*match.span(), match.group(), label))
    return tuple(sorted(found))


@lru_cache(maxsize=256)  # several checks ask about one response
def _known(text: str, taxonomy: Taxonomy) -> tuple[Mention, ...]:
    """Return what a text names of the taxonomy's sounds."""
    apart = _APART.pattern.sub(lambda m: ";".ljust(len(m.group())), text) if _APART.may_match(text) else text
    found = []
    for m in taxonomy.find(apart):
        word = m.text.casefold()
        if word not in _THE_AUDIO and not _beside_the_point(text, m, word):
            found.append(m._replace(sound=_ROLES[m.sound]) if m.sound in _ROLES else m)
    return tuple(found)


def _beside_the_point(text: str, m: Mention, word: str) -> bool:
    """Whether a word for a sound speaks of the answer itself, of who listens, or of "the world of music"."""
    before = max(0, m.start - 30)
    return bool(
        (word.endswith(_SAYING) and _TO_SAY.search(text, before, m.end))
        or (_ELSEWHERE.may_match(text) and _ELSEWHERE.pattern.search(text, before, m.start))
        or (word.endswith(_LISTENERS) and _LISTENS.match(text, m.end))
    )


def answers(text: str) -> bool:
    """Whether a text answers a yes/no question: with a yes or no, or with a statement; "Sounds: bird" does not."""
    words = tokens(text, 0, len(text), [(m.start, m.end) for m in mentions(text)])
    return replies(words)


def claims(
    text: str, taxonomy: Taxonomy | None = None, *, prompt: str = "", labels: Iterable[str] = ()
) -> tuple[Claim, ...]:
    """Return what `text` claims of each sound it names, in order.

    Args:
        text: The response, or a caption.
        taxonomy: Where the sounds are looked up; the shipped one when None.
        prompt: What the text answers: decides what a bare list or a "No." means.
        labels: Sounds by other names than the taxonomy's, to be found as written.
    """
    return claims_of(text, taxonomy or default(), prompt, tuple(sorted(labels)))


@lru_cache(maxsize=256)  # several checks ask about one response
def claims_of(text: str, taxonomy: Taxonomy, prompt: str, labels: tuple[str, ...]) -> tuple[Claim, ...]:
    """Do what `claims` does; its arguments are hashable, and the answer is kept for the next check."""
    quoted = [(q.start, q.end) for q in quotes(text) if q.spoken]
    named = [m for m in mentions(text, labels, taxonomy) if not _within(m.start, quoted)]
    for match in _ALL.finditer(text):
        if not _within(match.start(), quoted) and not any(
            m.start < match.end() and match.start() < m.end for m in named
        ):
            named.append(Mention(*match.span(), match.group(), EVERYTHING))
    named.sort()

    def related(a: int, b: int) -> bool:
        first, second = named[a].sound, named[b].sound
        known = taxonomy.sounds
        return first == second or (first in known and second in known and taxonomy.related(first, second))

    told = read(text, [(m.start, m.end) for m in named], quoted=quoted, answers=asked(prompt), related=related)
    found: list[tuple[Claim, bool]] = []  # and whether it is of others than those affirmed
    if told.answer:
        start, end, polarity = told.answer
        found += [(Claim(m.sound, start, end, polarity), False) for m in mentions(prompt, labels, taxonomy)]
    for i, m in enumerate(named):
        said = told.polarity.get(i)
        if m.sound == EVERYTHING and _ONLY.search(text, max(0, m.start - 7), m.start):
            said = Polarity.ABSENT  # "the only sound is rain" denies the others
        if said and (m.sound != EVERYTHING or said is Polarity.ABSENT):
            besides = frozenset(named[k].sound for k in told.besides.get(i, ()))
            others = i in told.others
            if m.sound == EVERYTHING:
                others = not _AT_ALL.match(text, m.end) or bool(_REMAINING.search(text[: m.end].rpartition(" ")[0]))
            found.append((Claim(m.sound, m.start, m.end, said, besides), others))
    for pattern, others in ((_SILENCE, True), (_INAUDIBLE, False)):
        silent = [m for m in pattern.finditer(text) if not _within(m.start(), quoted)]
        found += [(Claim(EVERYTHING, *m.span(), Polarity.ABSENT), others) for m in silent]
    found.sort(key=lambda pair: pair[0].start)
    affirmed = [c for c, _ in found if c.affirms]
    return tuple(c._replace(besides=c.besides | _others(text, c, affirmed)) if others else c for c, others in found)


def _others(text: str, claim: Claim, affirmed: Sequence[Claim]) -> frozenset[str]:
    """Return what a denial of the others leaves out: all that is affirmed; of "the only sound is …", what this sentence does."""
    here = next((s for s in sentences(text, ()) if s.start <= claim.start < s.end), None)
    if here is None or not _ALONE.search(text, here.start, claim.start):
        return frozenset(c.sound for c in affirmed)
    told = frozenset(c.sound for c in affirmed if here.start <= c.start < here.end)
    return told or frozenset(c.sound for c in affirmed)  # "A dog barks. This is the only sound."


def stated(text: str, of: frozenset[str]) -> Iterator[tuple[int, int, str, str]]:
    """Yield (start, end, word, what follows) for each of some words or pairs of words that a text affirms.

    Words in quotation marks and under a denial are left out: "not a man but a woman" states a woman.
    """
    begins = _beginnings(of)
    if begins.isdisjoint(vocabulary(text)):
        return
    quoted = [(q.start, q.end) for q in quotes(text) if q.spoken]
    for sentence in sentences(text, quoted):
        if begins.isdisjoint(vocabulary(text[sentence.start : sentence.end])):
            continue
        spans, at = [], sentence.start
        for match in _PLAIN.finditer(text, sentence.start, sentence.end):
            pair = _PAIR.match(text, match.start(), sentence.end)
            for found in (pair, match):
                if found and match.start() >= at and found.group().casefold() in of:
                    spans.append(found.span())
                    at = found.end()
                    break
        told, _ = polarities(tokens(text, sentence.start, sentence.end, spans, quoted))
        for i, (start, end) in enumerate(spans):
            if told.get(i) in {Polarity.PRESENT, Polarity.HEDGED} and not _within(start, quoted):
                yield start, end, text[start:end].casefold(), text[end : sentence.end]


@cache
def _beginnings(phrases: frozenset[str]) -> frozenset[str]:
    return frozenset(re.split("[ -]", phrase)[0] for phrase in phrases)


def _within(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(s <= at < e for s, e in spans)
