"""Words and clauses: a sentence cut where one statement ends and the next begins."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from balsa_data.claims import cues
from balsa_data.claims.cues import CUES, Cue

__all__ = ["DENIALS", "Token", "bears", "clauses", "finite", "is_denial", "spans", "states", "tokens"]

DENIALS = {Cue.NOT, Cue.NO, Cue.LACK, Cue.GONE, Cue.NONE}

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|_")
_COMMON = cues.words("and by for in on the to with")
_PHRASES: dict[str, list[tuple[list[str], Cue]]] = {}  # by their first word, the longest first
_BEARING: set[str] = set()  # of each phrase one word, as `vocabulary` has it
for _phrase, _cue in sorted(CUES.items(), key=lambda item: -len(item[0].split())):
    _first, *_rest = _phrase.split()
    _PHRASES.setdefault(_first, []).append((_rest, _cue))
    _BEARING.add(next(word for word in _phrase.split() if word not in _COMMON).replace("n't", "t").split("-")[0])
_PLURAL = re.compile(r"(?<!s)s$|people$|men$|women$|children$|^(?:i|we|they|you)$")
_DASHES = frozenset("—–")
_JOINING = cues.words(", and as when because since so")
_SUBJECTS = cues.words("it that this he she voice speaker audio clip recording")
_FINITE_PAIRS = {*(("sounds", s) for s in _SUBJECTS), *(("heard", s) for s in ("i", "we", "you"))}


class Token(NamedTuple):
    """A word, a mark, or a whole mention of a sound.

    Attributes:
        text: In lower case.
        sound: Its place among the mentions, for a mention.
        cue: What the phrase that begins here does, and `width` how many words it takes.
        form: How phrases have it.
    """

    text: str
    sound: int | None = None
    cue: Cue | None = None
    width: int = 1
    form: str = "*"


def tokens(
    text: str, start: int, end: int, mentions: Sequence[tuple[int, int]], skip: Sequence[tuple[int, int]] = ()
) -> list[Token]:
    """Split ``text[start:end]`` into words, marks and mentions; what lies in `skip` is left out."""
    found: list[Token] = []
    at = start
    for i, (s, e) in enumerate(mentions):
        if start <= s and e <= end:
            found += map(_token, _words(text, at, s, skip))
            if not any(a <= s < b for a, b in skip):
                found.append(Token(text[s:e].casefold(), i))
            at = max(at, e)
    found += map(_token, _words(text, at, end, skip))
    forms = [t.form for t in found]
    for i, form in enumerate(forms):
        for rest, cue in _PHRASES.get(form, ()):  # the longest counts
            if forms[i + 1 : i + 1 + len(rest)] == rest:
                found[i] = found[i]._replace(cue=cue, width=1 + len(rest))
                break
    return found


def spans(text: str, start: int, end: int, skip: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Return where the words and marks stand in ``text[start:end]``."""
    return [m.span() for m in _WORD.finditer(text, start, end) if not any(a <= m.start() < b for a, b in skip)]


def _words(text: str, start: int, end: int, skip: Sequence[tuple[int, int]]) -> list[str]:
    return [text[s:e] for s, e in spans(text, start, end, skip)] if skip else _WORD.findall(text, start, end)


@lru_cache(maxsize=1 << 14)
def _token(word: str) -> Token:
    text = word.casefold().replace("’", "'")
    return Token(text, form="n't" if text.endswith("n't") else text)


def bears(said: Collection[str]) -> bool:
    """Whether words may say something else of the sounds beside them than that they are heard.

    Args:
        said: A sentence's words, each by itself (`vocabulary`).
    """
    return not (_BEARING.isdisjoint(said) and (cues.FOR_WHOM.isdisjoint(said) or cues.PERCEIVED.isdisjoint(said)))


def is_denial(words: Sequence[Token]) -> bool:
    """Whether anything in the words denies."""
    return any(t.cue in DENIALS for t in words)


def finite(words: Sequence[Token]) -> bool:
    """Whether the words hold a verb that makes them a statement ("a dog barks") rather than a list ("a dog barking")."""
    for i, word in enumerate(words):
        text, before = word.text, words[i - 1] if i else None
        if word.sound is None:
            if text in cues.FINITE or (before and (text, before.text) in _FINITE_PAIRS):
                return True
            if text in cues.BASE_VERBS and before and _PLURAL.search(before.text):  # "dogs bark", "people talk"
                return True
            continue
        if not cues.FINITE.isdisjoint(text.split()[1:]):
            return True
        first, last = text.split(" ", 1)[0], text.rsplit(" ", 1)[-1]
        named_before = before is not None and before.sound is not None
        if named_before and (last in cues.FINITE or (_ends_in_s(first) and not _ends_in_s(words[i - 1].text))):
            return True  # "a motorcycle" "revs its engine"
        subject = text.rsplit(" ", 1)[0] if " " in text else before.text if before else ""
        if last in cues.BASE_VERBS and _PLURAL.search(subject):
            return True
        if _ends_in_s(last) and _singular_before(words, i):
            return True
    return False


def states(words: Sequence[Token]) -> bool:
    """Whether the words are a statement beyond doubt: "is", "plays", not only what may be a noun ("dog barks")."""
    return any(not cues.FINITE.isdisjoint([t.text] if t.sound is None else t.text.split()[1:]) for t in words)


def _ends_in_s(word: str) -> bool:
    return word.endswith("s") and not word.endswith(("ss", "'s"))


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
        text, cue, n = words[i].text, words[i].cue, words[i].width
        if (cue is Cue.CONTRAST or text in _DASHES) and finite(words[cuts[-1] : i]):
            cuts.append(i)
        elif text in _JOINING and i > cuts[-1] and _joins(words, i):
            left = words[cuts[-1] : i]
            step = 2 if words[i].text == "," and i + 1 < len(words) and words[i + 1].text == "and" else 1
            stop = _next_join(words, i + step)
            right = words[i + step : stop]
            if [t.text for t in words[stop : stop + 2]] == [",", "or"]:  # "…, dogs barking, or rain": one list
                right = ()
            if finite(right) and _opens_clause(left, right, comma=words[i].text == ","):
                cuts.append(_list_start(words, cuts[-1], i))
            n = step
        i += n
    return [words[a:b] for a, b in zip(cuts, [*cuts[1:], len(words)], strict=True) if a < b]


def _joins(words: Sequence[Token], i: int) -> bool:
    if words[i].text not in _JOINING:
        return False
    after = words[i + 1].text if i + 1 < len(words) else ""
    if words[i].sound is not None or after in {"or", "nor", "such", "including", "like"}:
        return False
    if words[i].text == "as":
        return after not in {"if", "though", "well", "a", "an", "is", "are", "was", "were", "do", "does"} and not (
            i and words[i - 1].text in {"such", "well", "as"}
        )
    return True


def _next_join(words: Sequence[Token], i: int) -> int:
    while i < len(words) and not _joins(words, i) and words[i].cue is not Cue.CONTRAST:
        i += 1
    return i


def _opens_clause(left: Sequence[Token], right: Sequence[Token], *, comma: bool) -> bool:
    """Whether `right`, which has a verb, is a statement of its own and not the verb of the list that `left` begins."""
    if finite(left) or (comma and _leads_in(left)):
        return True
    if all(t.sound is None and t.cue is None for t in left):
        return False
    denies = any(t.cue in {Cue.NO, Cue.NOT} for t in left)
    return denies and not any(t.text in cues.PERCEIVED and t.sound is None for t in right)


def _leads_in(left: Sequence[Token]) -> bool:
    """Whether a phrase comes before the statement: "Without music", "In the absence of speech", "Apart from rain"."""
    named = next((k for k, t in enumerate(left) if t.sound is not None), len(left))
    leads = [k for k, t in enumerate(left) if t.cue in {Cue.LACK, Cue.EXCEPT, Cue.UNSETTLED}]
    return bool(leads) and leads[0] < min(named, 3) and not is_denial(left[named:])


def _list_start(words: Sequence[Token], since: int, i: int) -> int:
    """Go back from where the last item of a list of subjects is joined to where the list begins.

    "There is rain, and sirens, horns, and dogs are absent"; "There is rain, sirens and dogs are not heard".
    """
    first_comma = i
    for k in range(i - 1, since, -1):
        if words[k].sound is None and words[k].text == "and" and "," in [t.text for t in words[k:i]]:
            return k if finite(words[since:k]) else i
        if finite(words[k:i]) or words[k].cue is not None:
            break
        if words[k].text == "," and words[i].text == "and" and first_comma == i and finite(words[since:k]):
            first_comma = k
    return first_comma
