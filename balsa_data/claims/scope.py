"""Polarity: from the words around a named sound, whether it is said to be heard, said not to be, or neither for sure.

A clause is walked from left to right. A cue acts forward on what follows it ("no dogs, cats or birds"), or back on its
subject ("birds are not heard"); the tables are in `cues`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from balsa_data.claims import cues
from balsa_data.claims.clauses import Token, clauses, is_denial
from balsa_data.claims.cues import Cue

__all__ = ["Polarity", "polarities"]

_COPULAS = cues.words("is are was were be been being isn't aren't remains remain stays stay falls fell : - – —")
_AUDIO = cues.words("audio clip recording soundscape track file sample segment")
_MODALS = cues.words("may might")
_IN_A_NAME = _MODALS | {"nothing"}
_LINKS = cues.words("but and yet though although however which that it they is are was were also still , . ; ! ?")
_IT = cues.words("it them that this these those")
_HEARS = cues.words("hear hearing heard detect notice")
_ABSTRACT = cues.words(
    "ability capacity clarity definition quality context detail details information depth focus precision description "
    "understanding sense character variety distinction contrast balance structure"
)


class Polarity(StrEnum):
    """What a text says of a sound it names."""

    PRESENT = "present"
    ABSENT = "absent"
    HEDGED = "hedged"  # said to be heard, with doubt or as a likeness
    UNCLEAR = "unclear"  # may be meant either way


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
    if default is Polarity.PRESENT and _plain(words):
        return {t.sound: default for t in words if t.sound is not None}, excepted
    denial = is_denial(words) or default is Polarity.ABSENT or any(t.text in cues.QUIET for t in words)
    universal = any(t.sound is None and t.text in cues.UNIVERSAL for t in words) and not denial
    before: set[int] = set()
    for clause in clauses(words):
        _Walk(clause, found, excepted, default, related, universal).run()
        named = {t.sound for t in clause if t.sound is not None}
        if not named and _denies_what_came_before(clause):  # "The dog is loud, but not audible": who knows?
            found |= {i: Polarity.UNCLEAR for i in before & found.keys() if found[i] is not Polarity.ABSENT}
        before = named or before
    return found, excepted


def _plain(words: Sequence[Token]) -> bool:
    """Whether nothing in a sentence bears on the sounds it names: no cue, no doubt in a sound's name, and no listener."""
    if any(t.cue is not None or (t.sound is not None and not _IN_A_NAME.isdisjoint(t.text.split())) for t in words):
        return False
    said = [t.text for t in words]
    return cues.FOR_WHOM.isdisjoint(said) or cues.PERCEIVED.isdisjoint(said)


def _denies_what_came_before(clause: Sequence[Token]) -> bool:
    """Whether a clause that names no sound says that it is not heard: "but is not audible", "which cannot be heard"."""
    if clause[-1].text in _IT and not _HEARS.isdisjoint(t.text for t in clause):  # "and I am not hearing it"
        told, _ = polarities([*clause[:-1], Token("it", 0)])
        return told.get(0) is Polarity.ABSENT
    words = [t for t in clause if t.text not in _LINKS]
    if not words or words[-1].text not in cues.PERCEIVED:
        return len(words) == 1 and words[0].cue is Cue.GONE
    told, _ = polarities([Token("it", 0), *words])
    return told.get(0) is Polarity.ABSENT


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
        self.denied_at, self.listener, self.background = -9, False, False
        stack: list[Polarity] = []
        i = 0
        while i < len(self.words):
            word = self.words[i]
            n = word.width
            if word.sound is not None:
                self._name(i, word.sound)
            elif word.cue is not None:
                n = self._act(word.cue, i, n)
            elif word.text in cues.FOR_WHOM and any(t.text in cues.PERCEIVED for t in self.words[max(0, i - 4) : i]):
                self.listener = True  # "not audible to the human ear", "heard by the crowd"
            elif word.text == ",":
                self.listener = False
                if i + 1 < len(self.words) and self.words[i + 1].text == "with":
                    self.state = self.default
            elif word.text == "(":
                stack.append(self.state)
            elif word.text == ")" and stack:
                self.state = stack.pop()
            i += n

    def _name(self, i: int, sound: int) -> None:
        if self.words[i].text == "nothing":
            self.state, self.by_exception, self.denied_at = Polarity.ABSENT, False, i
        if self.listener:
            return
        state = self.state
        self.background = state is Polarity.ABSENT and self._is_background(i)
        if self.background:
            state = Polarity.PRESENT
        if state is Polarity.PRESENT and not _MODALS.isdisjoint(self.words[i].text.split()):
            state = Polarity.HEDGED  # "a dog may be barking" is one mention
        self.found[sound] = state
        if self.by_exception and state is Polarity.PRESENT:
            self.excepted.add(sound)

    def _is_background(self, i: int) -> bool:
        """Whether the mention is the known part of "no birds over the traffic"."""
        if self.background and i > 2 and (self.words[i - 1].text == "and" or self.words[i - 2].text == "and"):
            return True
        since = max((k + 1 for k in range(i) if self.words[k].sound is not None), default=0)
        before = self.words[max(since, i - 4) : i]
        texts = [t.text for t in before]
        if "," in texts or "or" in texts:
            return False
        if "the" not in texts:
            return bool(texts) and texts[-1] in {"over", "amid", "above"}
        k = len(texts) - 1 - texts[::-1].index("the")
        known = k > 0 and texts[k - 1] in cues.DEFINITE_PLACE
        return known and not any(t.cue or t.text in _AUDIO | _COPULAS for t in before[k + 1 :])

    def _act(self, cue: Cue, i: int, n: int) -> int:
        """Let a cue act, and return how many words it has used up."""
        match cue:
            case Cue.NOT:
                return self._negate(i, n)
            case Cue.NO | Cue.LACK:
                if self._doubled(i) or self.state is Polarity.UNCLEAR:
                    self.state = Polarity.UNCLEAR
                elif cue is Cue.LACK and any(t.text in _ABSTRACT for t in self.words[i + n : i + n + 3]):
                    self.state = Polarity.UNCLEAR  # "lacks the clarity of music" may be music
                elif i + n >= len(self.words) and cue is Cue.NO:  # "Dog: no"
                    self._subject(Polarity.ABSENT)
                else:
                    self.state, self.by_exception = Polarity.ABSENT, False
                    self.denied_at = i
            case Cue.GONE:
                predicate = i > 0 and self.words[i - 1].text in _COPULAS
                if self.words[i].text == "silent" and not predicate:
                    return n
                if i + n < len(self.words) and self.words[i + n].sound is not None and i > 0 and not predicate:
                    self.state = Polarity.UNCLEAR  # "inaudible speech" may be there, if not understood
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
            case Cue.SAME:
                self.state = next(reversed(self.found.values()), self.state)
            case Cue.EXCEPT:
                self.state = Polarity.ABSENT if self.universal else Polarity.PRESENT
                self.by_exception = True
            case Cue.CONTRAST if self._all_but(i):
                self.state, self.by_exception = Polarity.ABSENT if self.universal else Polarity.PRESENT, True
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

    def _all_but(self, i: int) -> bool:
        before = self.words[max(0, i - 3) : i]
        return self.words[i].text == "but" and any(t.text.split()[0] in cues.UNIVERSAL for t in before)

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
            if sound in self.excepted or (only is not None and self.found[sound] is not only):
                continue
            if like is None or self.related(sound, like):
                self.found[sound] = polarity

    def _negate(self, i: int, n: int) -> int:
        """Negate what follows; the verb or phrase decides what is denied."""
        if self._doubled(i) or self.state is Polarity.UNCLEAR:
            self._subject(Polarity.UNCLEAR)
            self.state = Polarity.UNCLEAR
            return n
        j = i + n
        while j < len(self.words) and self.words[j].sound is None and self._is_filler(j):
            j += 1
        if j >= len(self.words) or (self.words[j].text in {",", ":", ")", "and"} and self._subjects()):
            self._subject(Polarity.ABSENT)
            return j - i
        word = self.words[j]
        cue, width = word.cue, word.width
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
        elif word.text.removesuffix("s") in cues.HAPPENS:
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
