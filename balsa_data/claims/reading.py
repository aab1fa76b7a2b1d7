"""Reading: a text sentence by sentence, with the headings, questions and answers that decide what its lists mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from balsa_data.claims.clauses import Token, bears, finite, is_denial, spans, states, tokens
from balsa_data.claims.cues import words as table
from balsa_data.claims.layout import Sentence, sentences
from balsa_data.claims.scope import Polarity, polarities
from balsa_data.taxonomy.text import vocabulary

__all__ = ["Asked", "Reading", "asked", "read", "replies"]

Asked = Literal["present", "absent", "yes/no"]
Span = tuple[int, int]

_YES_OR_NO = re.compile(r"\byes or no\b|\b(?:tell|say|decide|judge)\b(?: me)? (?:if|whether)\b", re.IGNORECASE)
_YES = table("yes yeah yep yup correct indeed affirmative absolutely certainly definitely")
_NO = table("no nope nah negative")
_REPLIES = _YES | _NO
_AFTER_REPLY = table(", - — – i there it the this you")
_SHORT_ANSWER = table(
    "there there's is are isn't aren't it it's i does do doesn't don't can can't cannot not no none nothing hear any one "
    "them that of the kind such sound sounds in this clip audio recording here indeed"
)
_PRONOUNS = table("they them these those this it both neither none they're it's")
_LISTENERS = table("i i'm i've we we're you you're one")
_HEARS = table("hear hearing heard detect detecting notice noticing")
_TELLS = table(
    "heard hear hearing present audible sounds sound includes include contains detected features noises list"
)
_ASKS = table("is are was were do does did can could has have had will would isn't aren't don't doesn't can't")
_ASKED_FOR = table("what what's which hear heard audible present contain contains sounds sound")
_OTHER = table("other else additional further more only anything nothing")


@dataclass
class Reading:
    """What a text says of the sounds it names, each by its place among the mentions.

    Attributes:
        polarity: What is said of each.
        besides: For a denied sound, those it leaves out: "no animals other than dogs".
        others: Sounds named as others than those affirmed: "no other animals".
        answer: The (start, end) of a yes or no to the prompt, and what it says of the sounds asked for.
    """

    polarity: dict[int, Polarity] = field(default_factory=dict)
    besides: dict[int, frozenset[int]] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)
    answer: tuple[int, int, Polarity] | None = None


def read(
    text: str,
    mentions: Sequence[Span],
    *,
    quoted: Sequence[Span] = (),
    answers: Asked = "present",
    related: Callable[[int, int], bool] = lambda a, b: a == b,
) -> Reading:
    """Read a text in which the sounds stand at `mentions`.

    Args:
        text: The text.
        mentions: Where sounds are named, in order.
        quoted: Spoken words, which claim nothing.
        answers: What the text answers, see `asked`.
        related: Whether two mentions name the same sound, or kinds of one another.
    """
    reader = _Reader(text, mentions, quoted, answers, related)
    reader.read()
    return reader.found


@lru_cache(maxsize=1024)  # a run has few prompts
def asked(prompt: str) -> Asked:
    """Return what a prompt asks for: "absent" sounds, "present" ones, or "yes/no"."""
    words = tokens(prompt, 0, len(prompt), ())
    if not words:
        return "present"
    if _YES_OR_NO.search(prompt):
        return "yes/no"
    if words[0].text in _ASKS and "or not" not in prompt and " what " not in prompt and " which " not in prompt:
        return "yes/no"
    parts: list[list[Token]] = [[]]
    for word in words:
        parts.append([]) if word.text in {"and", "but", "versus"} else parts[-1].append(word)
    denies = [is_denial(part) for part in parts]
    asks = [bool(_ASKED_FOR & {w.text for w in part}) for part in parts]
    return "absent" if any(denies) and all(d or not a for d, a in zip(denies, asks, strict=True)) else "present"


def replies(words: Sequence[Token]) -> bool:
    """Whether the words say yes or no, state or deny anything."""
    return finite(words) or is_denial(words) or any(word.text in _YES | _NO for word in words)


@dataclass
class _Reader:
    """Goes through the sentences of a text and remembers the heading and the question they stand under."""

    text: str
    spans: Sequence[Span]
    quoted: Sequence[Span]
    answers: Asked
    related: Callable[[int, int], bool]

    def read(self) -> None:
        self.found = Reading()
        heading: Polarity | None = None
        question: list[int] = []
        last: list[int] = []
        first = True
        for sentence in sentences(self.text, self.quoted):
            if heading is None and self._plain(sentence, first=first):
                question, first = [], False
                if named := [i for i, (s, e) in enumerate(self.spans) if sentence.start <= s and e <= sentence.end]:
                    self.found.polarity |= dict.fromkeys(named, Polarity.PRESENT)
                    last = named
                continue
            words = tokens(self.text, sentence.start, sentence.end, self.spans, self.quoted)
            if not words:
                continue
            reply = self._reply(words)
            if reply and question:
                for sound in question:
                    self.found.polarity[sound] = reply
            elif first and self.answers == "yes/no" and (answer := reply or _short_answer(words)):
                places = spans(self.text, sentence.start, sentence.end, self.quoted)
                self.found.answer = (places[0][0], places[0 if reply else -1][1], answer)
            if reply:
                words = words[1:]
            heading = self._sentence(sentence, words, heading)
            question = [t.sound for t in words if t.sound is not None] if "?" in sentence.end_mark else []
            for sound in question:
                if self.found.polarity.get(sound) is Polarity.PRESENT:
                    self.found.polarity[sound] = Polarity.HEDGED
            named = [t.sound for t in words if t.sound is not None]
            if not named and self._takes_back(words):
                self.found.polarity |= dict.fromkeys((i for i in last if i in self.found.polarity), Polarity.ABSENT)
            last = named or last
            first = False

    def _plain(self, sentence: Sentence, *, first: bool) -> bool:
        """Whether a sentence says of each sound in it, if any, that it is heard, and does nothing else: most do."""
        if self.quoted or "?" in sentence.end_mark or (sentence.opens_line and "\n" in sentence.end_mark):
            return False
        if self.answers == "absent" or (first and self.answers == "yes/no"):
            return False
        said = vocabulary(self.text[sentence.start : sentence.end])
        return not bears(said) and _REPLIES.isdisjoint(said) and ":" not in self.text[sentence.start : sentence.end]

    def _takes_back(self, words: Sequence[Token]) -> bool:
        """Whether the sentence denies what the one before named: "They are not in the audio."."""
        if not words or words[-1].text == ":":
            return False
        if words[-1].text in _PRONOUNS and words[0].text in _LISTENERS:  # "I'm not hearing it."
            told, _ = polarities([*words[:-1], Token("it", 0)])
            return told.get(0) is Polarity.ABSENT and any(t.text in _HEARS for t in words)
        if words[0].text not in _PRONOUNS:
            return False
        told, _ = polarities([Token("they", 0), *words[1:]])
        return told.get(0) is Polarity.ABSENT

    def _reply(self, words: Sequence[Token]) -> Polarity | None:
        """Whether the sentence opens with a yes or no of its own, not with "no dogs"."""
        if words[0].sound is not None or (len(words) > 1 and words[1].text not in _AFTER_REPLY):
            return None
        if words[0].text in _NO:
            return Polarity.ABSENT
        return Polarity.PRESENT if words[0].text in _YES else None

    def _sentence(self, sentence: Sentence, words: list[Token], heading: Polarity | None) -> Polarity | None:
        """Judge one sentence under a heading, and return the heading that the next one stands under."""
        head, body = _split_heading(words)
        if head:
            mark = _heading_polarity(head)
            self._judge(head, Polarity.PRESENT)
            if not body:
                return mark or heading
            self._judge(body, self._under(mark or Polarity.PRESENT, body))
            return mark if sentence.end_mark == ";" else None
        title = sentence.opens_line and not any(t.sound is not None for t in body) and "\n" in sentence.end_mark
        if title and (mark := _heading_polarity(body)):
            return mark
        if heading is None:
            listed = self.answers == "absent" and not finite(body)
            self._judge(body, Polarity.ABSENT if listed else Polarity.PRESENT)
            return None
        if sentence.bullet or not finite(body):
            self._judge(body, self._under(heading, body))
            return heading
        self._judge(body, Polarity.PRESENT)
        return None

    def _under(self, heading: Polarity, body: Sequence[Token]) -> Polarity:
        """Return what a heading makes of what stands under it; a statement under "Not heard:" may be meant either way."""
        if heading is Polarity.PRESENT or not states(body):
            return heading
        return Polarity.PRESENT if is_denial(body) else Polarity.UNCLEAR

    def _judge(self, words: Sequence[Token], state: Polarity) -> None:
        polarity, excepted = polarities(words, default=state, related=self.related)
        self.found.polarity |= polarity
        for i, word in enumerate(words):
            if word.sound is None or polarity.get(word.sound) is not Polarity.ABSENT:
                continue
            if excepted:
                self.found.besides[word.sound] = frozenset(excepted)
            near = " ".join(t.text for t in words[max(0, i - 2) : i + 2]).split()
            if not _OTHER.isdisjoint(near):
                self.found.others.add(word.sound)


def _short_answer(words: Sequence[Token]) -> Polarity | None:
    """Return what "It does not." or "There are none." answers; None for anything longer or else."""
    if len(words) > 6 or not _SHORT_ANSWER.issuperset(t.text for t in words):
        return None
    return Polarity.ABSENT if is_denial(words) else Polarity.PRESENT


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
    if is_denial(head):
        return None if any(t.sound is not None for t in head) else Polarity.ABSENT
    if any(t.sound is not None for t in head):
        return None
    return Polarity.PRESENT if any(t.text in _TELLS for t in head) else None
