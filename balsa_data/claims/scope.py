"""Polarity: from the words around a named sound, whether it is said to be heard, said not to be, or neither for sure.

A sentence is cut into clauses, at contrasts and where a new subject meets a verb of its own; a clause is walked from left
to right. A cue acts forward on what follows it in its clause ("no dogs, cats or birds"), or back on its subject ("birds
are not heard"); the tables are in `cues`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from balsa_data.claims import cues
from balsa_data.claims.cues import CUES, Cue

__all__ = ["Polarity", "Token", "cue_at", "finite", "is_denial", "polarities", "tokens"]

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|_")
_LONGEST = max(phrase.count(" ") + 1 for phrase in CUES)
_COPULAS = cues.words("is are was were be been being isn't aren't remains remain stays stay falls fell : - – —")
_AUDIO = cues.words("audio clip recording sound sounds soundscape track background mix scene it file sample segment")
_ARTICLES = cues.words("the a an any naked other")
_MODALS = cues.words("may might")
_NEGATIVE = {Cue.NOT, Cue.NO, Cue.LACK, Cue.GONE, Cue.NONE}


class Polarity(StrEnum):
    """What a text says of a sound it names."""

    PRESENT = "present"
    ABSENT = "absent"
    HEDGED = "hedged"  # said to be heard, with doubt or as a likeness
    UNCLEAR = "unclear"  # may be meant either way


@dataclass(frozen=True)
class Token:
    """A word, a mark, or a whole mention of a sound (`sound` is its place among the mentions)."""

    text: str
    start: int
    end: int
    sound: int | None = None

    @property
    def cue_form(self) -> str:
        """The word as the cue tables have it."""
        if self.sound is not None:
            return "*"
        return "n't" if self.text.endswith("n't") else self.text


def tokens(text: str, start: int, end: int, mentions: Sequence[tuple[int, int]], skip: Sequence[tuple[int, int]] = ()) -> list[Token]:
    """Split ``text[start:end]`` into words, marks and mentions; what lies in `skip` is left out."""
    found: list[Token] = []
    inside = [(s, e, i) for i, (s, e) in enumerate(mentions) if start <= s and e <= end]
    at = start
    for s, e, i in [*inside, (end, end, -1)]:
        for match in _WORD.finditer(text, at, s):
            found.append(Token(match.group().casefold().replace("’", "'"), match.start(), match.end()))
        if i >= 0:
            found.append(Token(text[s:e].casefold(), s, e, i))
        at = max(at, e)
    return [t for t in found if not any(s <= t.start < e for s, e in skip)]


def cue_at(words: Sequence[Token], i: int) -> tuple[Cue | None, int]:
    """Return the cue that begins at word `i` and how many words it takes."""
    for n in range(min(_LONGEST, len(words) - i), 0, -1):
        if cue := CUES.get(" ".join(t.cue_form for t in words[i : i + n])):
            return cue, n
    return None, 1


def is_denial(cue: Cue | None) -> bool:
    """Whether a cue denies something."""
    return cue in _NEGATIVE


def finite(words: Sequence[Token]) -> bool:
    """Whether the words hold a verb that makes them a statement ("a dog barks") rather than a list ("a dog barking")."""
    for i, word in enumerate(words):
        before = words[i - 1] if i else None
        if not cues.FINITE.isdisjoint([word.text] if word.sound is None else word.text.split()[1:]):
            return True
        if word.sound is None and word.text == "heard" and before and before.text in {"i", "we", "you"}:
            return True
        last = word.text.rsplit(" ", 1)[-1]
        if last in cues.FINITE and before and before.sound is not None:
            return True
        if last in cues.BASE_VERBS and (" " in word.text or before):  # "dogs bark", "people talk"
            subject = word.text.rsplit(" ", 1)[0] if " " in word.text else before.text if before else ""
            if re.search(r"(?<!s)s$|people$|men$|women$|children$|^(?:i|we|they|you)$", subject):
                return True
        if word.sound is not None and last.endswith("s") and not last.endswith("ss") and _singular_before(words, i):
            return True
    return False


def _singular_before(words: Sequence[Token], i: int) -> bool:
    """Whether a mention that ends in -s is "(a) dog barks": an article, at most two adjectives, and a noun before it."""
    here = words[i].text
    nouns = 1 if " " in here else 0
    for word in reversed(words[max(0, i - 4) : i]):
        if word.text in {"a", "an", "one", "someone", "somebody"}:
            return nouns > 0 or word.text in {"someone", "somebody"}
        if not word.text.isalpha() and word.sound is None:
            return False
        if word.text in {"of", "and", "or", "the", "some", "from", "like"}:
            return False
        nouns += 1
    return False


def clauses(words: Sequence[Token]) -> list[Sequence[Token]]:
    """Cut a sentence where one statement ends and the next begins."""
    cuts = [0]
    i = 0
    while i < len(words):
        cue, n = cue_at(words, i)
        left = words[cuts[-1] : i]
        if cue is Cue.CONTRAST and finite(left):
            cuts.append(i)
        elif words[i].text in {"—", "–"} and words[i].sound is None and finite(left):
            cuts.append(i)
        elif _joins(words, i) and left:
            step = 2 if words[i].text == "," and i + 1 < len(words) and words[i + 1].text == "and" else 1
            right = words[i + step : _next_join(words, i + step)]
            if finite(right) and _opens_clause(left, right, comma=words[i].text == ","):
                cuts.append(_list_start(words, cuts[-1], i))
            n = step
        i += n
    return [words[a:b] for a, b in zip(cuts, [*cuts[1:], len(words)], strict=True) if a < b]


def _joins(words: Sequence[Token], i: int) -> bool:
    after = words[i + 1].text if i + 1 < len(words) else ""
    if words[i].sound is not None or after in {"or", "nor", "such", "including", "like"}:
        return False
    if words[i].text == "as":
        return after not in {"if", "though", "well", "a", "an"} and not (i and words[i - 1].text in {"such", "well", "as"})
    return words[i].text in {",", "and", "when", "because", "since", "so"}


def _next_join(words: Sequence[Token], i: int) -> int:
    while i < len(words) and not _joins(words, i) and cue_at(words, i)[0] is not Cue.CONTRAST:
        i += 1
    return i


def _opens_clause(left: Sequence[Token], right: Sequence[Token], *, comma: bool) -> bool:
    """Whether `right`, which has a verb, is a statement of its own and not the verb of the list that `left` begins."""
    if finite(left) or (comma and cue_at(left, 0)[0] in {Cue.LACK, Cue.EXCEPT, Cue.UNSETTLED}):
        return True
    if all(t.sound is None and cue_at(left, k)[0] is None for k, t in enumerate(left)):
        return False
    denies = any(cue_at(left, k)[0] in {Cue.NO, Cue.NOT} for k in range(len(left)))
    return denies and not any(t.text in cues.PERCEIVED and t.sound is None for t in right)


def _list_start(words: Sequence[Token], since: int, i: int) -> int:
    """Go back from where the last item of a list of subjects is joined to where the list begins.

    "There is rain, and sirens, horns, and dogs are absent"; "There is rain, sirens and dogs are not heard".
    """
    first_comma = i
    for k in range(i - 1, since, -1):
        if words[k].sound is None and words[k].text == "and" and "," in [t.text for t in words[k:i]]:
            return k if finite(words[since:k]) else i
        if finite(words[k:i]) or cue_at(words, k)[0] is not None:
            break
        if words[k].text == "," and words[i].text == "and" and first_comma == i and finite(words[since:k]):
            first_comma = k
    return first_comma


def polarities(
    words: Sequence[Token],
    *,
    default: Polarity = Polarity.PRESENT,
    related: Callable[[int, int], bool] = lambda a, b: a == b,
) -> tuple[dict[int, Polarity], set[int]]:
    """Judge every mention in one sentence.

    Args:
        words: The sentence.
        default: What is said of a sound no cue bears on (absent under the heading "Not heard:").
        related: Whether two mentions, given by their places, name the same sound or kinds of one another.

    Returns:
        The polarity of each mention by its place, and the places of those that an exception names.
    """
    found: dict[int, Polarity] = {}
    excepted: set[int] = set()
    kinds = {cue_at(words, i)[0] for i in range(len(words))}
    denial = bool(kinds & _NEGATIVE) or default is Polarity.ABSENT or any(t.text in cues.QUIET for t in words)
    universal = any(t.sound is None and t.text in cues.UNIVERSAL for t in words) and not denial
    for clause in clauses(words):
        _Walk(clause, found, excepted, default, related, universal).run()
    return found, excepted


@dataclass
class _Walk:
    """One clause, left to right; `state` is what a sound named next is said to be."""

    words: Sequence[Token]
    found: dict[int, Polarity]
    excepted: set[int]
    default: Polarity
    related: Callable[[int, int], bool]
    universal: bool

    def run(self) -> None:
        self.state, self.by_exception = self.default, False
        self.denied_at = -9
        stack: list[Polarity] = []
        i = 0
        while i < len(self.words):
            word = self.words[i]
            cue, n = cue_at(self.words, i)
            if word.sound is not None:
                self._name(i, word.sound)
            elif cue is not None:
                n = self._act(cue, i, n)
            elif word.text == "(":
                stack.append(self.state)
            elif word.text == ")" and stack:
                self.state = stack.pop()
            elif word.text == "," and i + 1 < len(self.words) and self.words[i + 1].text == "with":
                self.state = self.default
            i += n

    def _name(self, i: int, sound: int) -> None:
        if self.words[i].text == "nothing":
            self.state, self.by_exception, self.denied_at = Polarity.ABSENT, False, i
        if self._listens(i):
            return
        state = self.state
        if state is Polarity.ABSENT and self._is_background(i):
            state = Polarity.PRESENT
        if state is Polarity.PRESENT and not _MODALS.isdisjoint(self.words[i].text.split()):
            state = Polarity.HEDGED  # "a dog may be barking" is one mention
        self.found[sound] = state
        if self.by_exception and state is Polarity.PRESENT:
            self.excepted.add(sound)

    def _listens(self, i: int) -> bool:
        """Whether the mention is who hears: "not audible to the human ear", "heard by the crowd"."""
        before = [t.text for t in self.words[max(0, i - 4) : i]]
        return any(
            b in {"by", "to"} and k and before[k - 1] in cues.PERCEIVED and set(before[k + 1 :]) <= _ARTICLES
            for k, b in enumerate(before)
        )

    def _is_background(self, i: int) -> bool:
        """Whether the mention is the known part of "no birds over the traffic"."""
        before = [t.text for t in self.words[max(0, i - 4) : i] if t.sound is None]
        if "," in before or "or" in before:
            return False
        if "the" in before:
            k = len(before) - 1 - before[::-1].index("the")
            between = set(before[k + 1 :])
            return k > 0 and before[k - 1] in cues.DEFINITE_PLACE and not between & (_AUDIO | _COPULAS)
        return bool(before) and before[-1] in {"over", "amid", "above"}

    def _act(self, cue: Cue, i: int, n: int) -> int:
        """Let a cue act, and return how many words it has used up."""
        match cue:
            case Cue.NOT:
                return self._negate(i, n)
            case Cue.NO | Cue.LACK:
                if self._doubled(i):
                    self.state = Polarity.UNCLEAR
                elif i + n >= len(self.words) and cue is Cue.NO:  # "Dog: no"
                    self._subject(Polarity.ABSENT)
                else:
                    self.state, self.by_exception = Polarity.ABSENT, False
                    self.denied_at = i
            case Cue.GONE:
                if self.words[i].text == "silent" and (not i or self.words[i - 1].text not in _COPULAS):
                    return n
                if self._subjects():
                    doubled = self.default is not Polarity.ABSENT and self.state is Polarity.ABSENT
                    self._subject(Polarity.UNCLEAR if doubled else Polarity.ABSENT)
                    after = self.words[i + n].text if i + n < len(self.words) else ""
                    if after in {":", "are", "is", "include"}:
                        self.state = Polarity.ABSENT
                else:
                    self.state, self.by_exception = Polarity.ABSENT, False
            case Cue.NONE:
                for sound in self.found:
                    self.found[sound] = Polarity.ABSENT
            case Cue.EXCEPT:
                self.state = Polarity.ABSENT if self.universal else Polarity.PRESENT
                self.by_exception = True
            case Cue.CONTRAST | Cue.ONLY:
                if self.state is not Polarity.UNCLEAR:
                    self.by_exception = self.state is Polarity.ABSENT and self.words[i].text == "but"
                    self.state = self.default if cue is Cue.CONTRAST and i == 0 else Polarity.PRESENT
            case Cue.HEDGE:
                if self.state is Polarity.PRESENT:
                    self.state = Polarity.HEDGED
            case Cue.MODAL:
                self._subject(Polarity.HEDGED, only=Polarity.PRESENT)
                if self.state is Polarity.PRESENT:
                    self.state = Polarity.HEDGED
            case Cue.UNSETTLED:
                if self.words[i].text == "no":  # "is no longer heard"
                    self._subject(Polarity.UNCLEAR)
                self.state = Polarity.UNCLEAR
            case Cue.IDIOM:
                pass
        return n

    def _doubled(self, i: int) -> bool:
        """Whether a second denial stands inside the first ("I can't say there is no dog"), not beside it."""
        if self.denied_at < 0 or self.state is not Polarity.ABSENT:
            return False
        between = self.words[self.denied_at + 1 : i]
        return not any(t.text in {",", "and", "or", "nor", "neither", "("} for t in [*between, self.words[i]])

    def _subjects(self) -> list[int]:
        return [t.sound for t in self.words if t.sound is not None and t.sound in self.found]

    def _subject(self, polarity: Polarity, only: Polarity | None = None, like: int | None = None) -> None:
        for sound in self._subjects():
            if only is not None and self.found[sound] is not only:
                continue
            if like is None or self.related(sound, like):
                self.found[sound] = polarity

    def _negate(self, i: int, n: int) -> int:
        """Negate what follows; the verb or phrase decides what is denied."""
        if self._doubled(i):
            self._subject(Polarity.UNCLEAR)
            self.state = Polarity.UNCLEAR
            return n
        j = i + n
        while j < len(self.words) and self.words[j].sound is None and self._is_filler(j):
            j += 1
        if j >= len(self.words) or self.words[j].text in {",", ":", ")", "and"} and self._subjects():
            self._subject(Polarity.ABSENT)
            return j - i
        word = self.words[j]
        cue, width = cue_at(self.words, j)
        if cue in {Cue.GONE, Cue.LACK}:  # "is not absent", "not without"
            self.state = Polarity.PRESENT
            return j + width - i
        if cue is Cue.UNSETTLED or (cue is Cue.EXCEPT):
            return j - i
        if cue is Cue.HEDGE:  # "does not suggest a dog", "is not like a dog"
            self._deny_forward(i)
            return j + width - i
        if word.sound is not None:
            for sound in self._subjects():
                if self.related(sound, word.sound):
                    self.found[sound] = Polarity.ABSENT
            self._deny_forward(i)
        elif word.text in cues.PERCEIVED or (word.text in {"in", "on"} and self._of_audio(j)):
            if self._subjects():
                self._subject(Polarity.ABSENT)
                after = next((t.text for t in self.words[j + 1 : j + 2]), "")
                if after in {":", "are", "is", "include", "includes"}:
                    self.state = Polarity.ABSENT
            else:
                self._deny_forward(i)
        elif word.text in cues.ACTIVE:
            self._deny_forward(i)
        elif word.text in cues.HAPPENS:
            self._subject(Polarity.ABSENT)
            self._deny_forward(i)
        elif word.text not in cues.MANNER:
            self._subject(Polarity.UNCLEAR, only=Polarity.PRESENT)
            self.state = Polarity.UNCLEAR
        return j - i if j > i else n

    def _deny_forward(self, i: int) -> None:
        self.state, self.by_exception, self.denied_at = Polarity.ABSENT, False, i

    def _is_filler(self, j: int) -> bool:
        text = self.words[j].text
        return text in cues.FILLERS or (text.endswith("ly") and text not in cues.MANNER)

    def _of_audio(self, j: int) -> bool:
        return any(t.text in _AUDIO for t in self.words[j + 1 : j + 4])
