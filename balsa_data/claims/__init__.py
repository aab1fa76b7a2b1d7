"""Claims: which sounds a text says are heard, and which it says are not.

`claims` finds the sounds a text names (the taxonomy's matcher) and judges each from the words around it (`scope`), the
heading it stands under (`layout`) and the question it answers: "Thunder and sirens." denies both when the prompt asks
what is *not* heard. Words in quotation marks that somebody speaks claim nothing. English only.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from balsa_data.claims.cues import words
from balsa_data.claims.layout import Quote, Sentence, quotes, sentences
from balsa_data.claims.scope import Polarity, Token, cue_at, finite, is_denial, polarities, tokens
from balsa_data.taxonomy import Mention, Taxonomy, default

__all__ = ["EVERYTHING", "Claim", "Polarity", "Quote", "asked", "claims", "mentions", "quotes", "stated", "words"]

EVERYTHING = "any sound"
"""The sound of a claim about all of them: "nothing else is heard"."""

_ALL = re.compile(
    r"\b(?:nothing|anything|(?:(?<=no )|(?<=any )|(?<=only )|(?<=other )|(?<=additional )|(?<=further ))"
    r"(?:(?:other|additional|further|more|discernible|audible) )?(?:sounds?|noises?|audio)\b)"
    r"(?! (?:of|from|like|such|effects?|related|associated|resembling|made|produced|coming|due|by|as|"
    r"(?:that|which) (?!(?:can|could|is|are) (?:be )?(?:heard|audible|detected|present)))\b)",
    re.IGNORECASE,
)
# What the matcher would join across: "no animals besides the cat" names two sounds.
_APART = re.compile(r"\b(?:besides|except(?: for)?|other than|apart from|aside from|rather than|instead of|unlike)\b", re.IGNORECASE)
_THE_AUDIO = words("recording recordings recorded track soundtrack audio sample")
_PLAIN = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_PAIR = re.compile(r"[^\W_]+ [^\W_]+")
_OTHER = words("other else additional further more only anything besides")
_YES = words("yes yeah yep yup correct indeed affirmative absolutely certainly definitely")
_NO = words("no nope nah negative")
_TELLS = words("heard hear hearing present audible sounds sound includes include contains detected features noises list")
_ASKS = words("is are was were do does did can could has have had will would isn't aren't don't doesn't can't")


@dataclass(frozen=True)
class Claim:
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
        return self.polarity in {Polarity.PRESENT, Polarity.HEDGED}


def mentions(text: str, labels: Iterable[str] = (), taxonomy: Taxonomy | None = None) -> tuple[Mention, ...]:
    """Return the sounds that `text` names: the taxonomy's, and `labels` it does not know, as they are written."""
    apart = _APART.sub(lambda m: ";".ljust(len(m.group())), text)
    found = [m for m in (taxonomy or default()).find(apart) if m.text.casefold() not in _THE_AUDIO]
    for label in sorted({x for x in labels if x.strip()}, key=len, reverse=True):
        pattern = rf"(?<!\w){re.escape(label)}(?:e?s)?(?!\w)"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            found = [m for m in found if m.end <= match.start() or match.end() <= m.start]
            found.append(Mention(*match.span(), match.group(), label))
    return tuple(sorted(found))


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
    return _claims(text, taxonomy or default(), prompt, tuple(sorted(labels)))


@lru_cache(maxsize=256)  # several checks ask about one response
def _claims(text: str, taxonomy: Taxonomy, prompt: str, labels: tuple[str, ...]) -> tuple[Claim, ...]:
    quoted = [(q.start, q.end) for q in quotes(text) if q.spoken]
    named = [m for m in mentions(text, labels, taxonomy) if not _within(m.start, quoted)]
    for match in _ALL.finditer(text):
        if not _within(match.start(), quoted) and not any(m.start < match.end() and match.start() < m.end for m in named):
            named.append(Mention(*match.span(), match.group(), EVERYTHING))
    named.sort()
    spans = [(m.start, m.end) for m in named]
    reader = _Reader(text, [m.sound for m in named], spans, quoted, taxonomy, asked(prompt))
    reader.read()
    found = [
        Claim(m.sound, m.start, m.end, reader.polarity[i], reader.besides.get(i, frozenset()))
        for i, m in enumerate(named)
        if i in reader.polarity and not (m.sound == EVERYTHING and reader.polarity[i] is not Polarity.ABSENT)
    ]
    if answer := reader.answer:
        start, end, polarity = answer
        found = [
            Claim(m.sound, start, end, polarity) for m in mentions(prompt, labels, taxonomy)
        ] + found
    affirmed = frozenset(c.sound for c in found if c.affirms)
    others = {(m.start, m.end) for i, m in enumerate(named) if i in reader.others}
    return tuple(
        replace(c, besides=c.besides | affirmed) if (c.start, c.end) in others and c.polarity is Polarity.ABSENT else c
        for c in found
    )


def stated(text: str, vocabulary: Container[str]) -> Iterator[tuple[int, int, str, str]]:
    """Yield (start, end, word, what follows) for each word or pair of words of a vocabulary that a text affirms.

    Words in quotation marks and under a denial are left out: "not a man but a woman" states a woman.
    """
    quoted = [(q.start, q.end) for q in quotes(text) if q.spoken]
    for sentence in sentences(text, quoted):
        spans, at = [], sentence.start
        for match in _PLAIN.finditer(text, sentence.start, sentence.end):
            pair = _PAIR.match(text, match.start(), sentence.end)
            for found in (pair, match):
                if found and match.start() >= at and found.group().casefold() in vocabulary:
                    spans.append(found.span())
                    at = found.end()
                    break
        told, _ = polarities(tokens(text, sentence.start, sentence.end, spans, quoted))
        for i, (start, end) in enumerate(spans):
            if told.get(i) in {Polarity.PRESENT, Polarity.HEDGED} and not _within(start, quoted):
                yield start, end, text[start:end].casefold(), text[end : sentence.end]


def asked(prompt: str) -> str:
    """Return what a prompt asks for: "absent" sounds, "present" ones, or "yes/no"."""
    words = tokens(prompt, 0, len(prompt), ())
    if not words:
        return "present"
    if words[0].text in _ASKS and "or not" not in prompt and " what " not in prompt and " which " not in prompt:
        return "yes/no"
    denies = [i for i in range(len(words)) if is_denial(cue_at(words, i)[0])]
    hears = sum(
        w.text in {"hear", "heard", "audible", "present", "contains", "contain", "in", "sounds", "absent", "missing"}
        for w in words
    )
    both = {"and", "but", "both", "as", "versus"} & {w.text for w in words} and hears > 1
    return "absent" if denies and not both else "present"


@dataclass
class _Reader:
    """Goes through the sentences of a text and remembers the heading and the question they stand under."""

    text: str
    sounds: Sequence[str]
    spans: Sequence[tuple[int, int]]
    quoted: Sequence[tuple[int, int]]
    taxonomy: Taxonomy
    asked: str

    def read(self) -> None:
        self.polarity: dict[int, Polarity] = {}
        self.besides: dict[int, frozenset[str]] = {}
        self.others: set[int] = set()
        self.answer: tuple[int, int, Polarity] | None = None
        heading: Polarity | None = None
        question: list[int] = []
        first = True
        for sentence in sentences(self.text, self.quoted):
            words = tokens(self.text, sentence.start, sentence.end, self.spans, self.quoted)
            if not words:
                continue
            reply = self._reply(words)
            if reply and question:
                for sound in question:
                    self.polarity[sound] = reply
            elif reply and first and self.asked == "yes/no":
                self.answer = (words[0].start, words[0].end, reply)
            if reply:
                words = words[1:]
            heading = self._sentence(sentence, words, heading, first=first)
            question = [t.sound for t in words if t.sound is not None] if "?" in sentence.end_mark else []
            for sound in question:
                if self.polarity.get(sound) is Polarity.PRESENT:
                    self.polarity[sound] = Polarity.HEDGED
            first = False

    def _reply(self, words: Sequence[Token]) -> Polarity | None:
        """Whether the sentence opens with a yes or no of its own, not with "no dogs"."""
        alone = len(words) == 1 or words[1].text in {",", "-", "—", "–", "i", "there", "it", "the", "this", "you"}
        if not alone or words[0].sound is not None:
            return None
        if words[0].text in _NO:
            return Polarity.ABSENT
        return Polarity.PRESENT if words[0].text in _YES else None

    def _sentence(self, sentence: Sentence, words: list[Token], heading: Polarity | None, *, first: bool) -> Polarity | None:
        """Judge one sentence under a heading, and return the heading that the next one stands under."""
        head, body = _split_heading(words)
        if head:
            mark = _heading_polarity(head)
            self._judge(head, Polarity.PRESENT)
            if not body:
                return mark if mark else heading
            own = mark or Polarity.PRESENT
            self._judge(body, own if not finite(body) else Polarity.PRESENT)
            return own if sentence.end_mark == ";" else None
        listed = not finite(body)
        title = sentence.opens_line and not any(t.sound is not None for t in body) and "\n" in sentence.end_mark
        if title and (mark := _heading_polarity(body)):
            return mark
        if heading is None:
            asked_absent = self.asked == "absent" and listed
            self._judge(body, Polarity.ABSENT if asked_absent else Polarity.PRESENT)
            return None
        if listed or heading is Polarity.PRESENT:
            self._judge(body, heading if listed else Polarity.PRESENT)
            return heading if listed or sentence.bullet else None
        if sentence.bullet:  # a statement where a list of absent sounds was announced: denied, or said beside the point?
            self._judge(body, Polarity.UNCLEAR)
            return heading
        self._judge(body, Polarity.PRESENT)
        return None

    def _judge(self, words: Sequence[Token], state: Polarity) -> None:
        def related(a: int, b: int) -> bool:
            first, second = self.sounds[a], self.sounds[b]
            known = self.taxonomy.sounds
            return first == second or (first in known and second in known and self.taxonomy.related(first, second))

        found, excepted = polarities(words, default=state, related=related)
        self.polarity |= found
        besides = frozenset(self.sounds[i] for i in excepted)
        for i, word in enumerate(words):
            if word.sound not in found:
                continue
            if besides and found.get(word.sound) is Polarity.ABSENT:
                self.besides[word.sound] = besides
            near = " ".join(t.text for t in [*words[max(0, i - 2) : i + 1], *words[i + 1 : i + 2]]).split()
            if _OTHER & set(near) or (self.sounds[word.sound] == EVERYTHING and "else" in near):
                self.others.add(word.sound)
            if self.sounds[word.sound] == EVERYTHING:
                if "only" in near:
                    self.polarity[word.sound] = Polarity.ABSENT


def _split_heading(words: list[Token]) -> tuple[list[Token], list[Token]]:
    """Split "Not heard: dogs, cats" at its colon; a status behind the colon ("Dogs: not heard") belongs to what it judges."""
    for i, word in enumerate(words):
        if word.text == ":" and word.sound is None:
            head, body = words[:i], words[i + 1 :]
            while body and body[0].text in {"*", "_"}:
                body = body[1:]
            if any(t.sound is not None for t in body) or not body:
                return head, body
            return [], words
    return [], words


def _heading_polarity(head: Sequence[Token]) -> Polarity | None:
    """Return what a heading says of the items under it; None when it says nothing of hearing."""
    if any(is_denial(cue_at(head, i)[0]) for i in range(len(head))):
        return None if any(t.sound is not None for t in head) else Polarity.ABSENT
    if any(t.sound is not None for t in head):
        return None
    return Polarity.PRESENT if any(t.text in _TELLS for t in head) else None


def _within(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(s <= at < e for s, e in spans)
