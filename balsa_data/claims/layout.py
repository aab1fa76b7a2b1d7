"""The frame of a text: its sentences, its headings and the items under them, and what stands in quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Quote", "Sentence", "quotes", "sentences", "unquoted"]

_BREAK = re.compile(  # the mark stands first, and what it must not stand behind after it: so is it looked for fast
    r"[.!?…;\n](?:(?<=\n)|(?<![\s.](?:eg|ie|vs|cf).)(?<!e\.g.)(?<!i\.e.)(?<!etc.)"
    r"(?:(?<=[.!?…])[.!?…]*[)\]\"”’*_]*(?=\s|$)|(?<=[.!?])[\])]|(?<=;)))"
)
_BULLET = re.compile(r"\s*(?:[-*•–—·+]+|\(?\d{1,2}[.):]|\(?[a-z]\)|#+)\s+", re.IGNORECASE)
_QUOTED = re.compile(r"“([^“”\n]+)”|\"([^\"\n]+)\"|«([^«»\n]+)»|(?<!\w)[‘'](?=\w)([^\n]{1,400}?)[’'](?!\w)")
_SAYS = re.compile(
    r"\b(?:sa(?:y|ys|ying|id)|speak(?:s|ing)?|spoken|states?|stat(?:ed|ing)|ask(?:s|ed|ing)?|utter(?:s|ed|ing)?|words?|"
    r"phrases?|sentences?|transcripts?|repl(?:y|ies|ied|ying)|announc(?:e|es|ed|ing)|repeat(?:s|ed|ing)?|quote|"
    r"mention(?:s|ed|ing)?|exclaim(?:s|ed|ing)?|whisper(?:s|ed|ing)?|shout(?:s|ed|ing)?|message|line|statement|"
    r"tell(?:s|ing)?|told|instruct(?:s|ed|ing)?|inform(?:s|ed|ing)?|read(?:s|ing)?|recit(?:es|ed|ing))\b",
    re.IGNORECASE,
)
_COLON_SPEECH = re.compile(
    r"\b(?:says|saying|said|states|asks|announces|transcript|speaker|voice)\s*:\s*(?=[^\s\"“‘'«])", re.IGNORECASE
)

_OPENS = re.compile(r"[\"“«‘'](?:(?<=[\"“«])|(?<!\w.)(?=\w))")
_SENTENCE_END = re.compile(r"[.!?\n](?:\s|$)|[\"“”]")
_STOP = re.compile(r"(?<=[.!?])\s|\n|$")
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Quote:
    """What stands in quotation marks, without them.

    Attributes:
        spoken: Whether the text says that these are words somebody speaks.
    """

    start: int
    end: int
    text: str
    spoken: bool


class Sentence(NamedTuple):
    """A run of text between full stops, semicolons and line ends.

    Attributes:
        bullet: Whether it opens with a list mark; `start` lies behind the mark.
        opens_line: Whether it is the first of its line.
        end_mark: What ended it.
    """

    start: int
    end: int
    bullet: bool
    opens_line: bool
    end_mark: str


@lru_cache(maxsize=256)  # claims and checks ask about one response
def quotes(text: str) -> tuple[Quote, ...]:
    """Return the quotations in `text`, in order."""
    found: list[Quote] = []
    opening = _OPENS.search(text)
    at = opening.start() if opening else len(text)
    while match := _QUOTED.search(text, at):
        group = match.lastindex or 1
        start, end = match.span(group)
        at = match.end()
        if re.search(r":\s*$", match[group]):  # an opening mark inside a quotation closes it only by its looks
            at = end
            continue
        before, after = text[max(0, start - 60) : start - 1], text[end + 1 : end + 30]
        said = _SAYS.search(_SENTENCE_END.split(before)[-1]) or _SAYS.search(_SENTENCE_END.split(after)[0])
        whole = match.group() == text.strip()  # a text in quotation marks is the text
        found.append(Quote(start, end, match[group], bool(said) or (len(match[group].split()) >= 4 and not whole)))
    for match in _COLON_SPEECH.finditer(text) if ":" in text else ():
        stop = _STOP.search(text, match.end())
        end = stop.start() if stop else len(text)
        if end > match.end() and not any(q.start < end and match.end() < q.end for q in found):
            found.append(Quote(match.end(), end, text[match.end() : end], spoken=True))
    return tuple(sorted(found, key=lambda q: q.start))


def unquoted(text: str) -> str:
    """Return `text` with what somebody speaks in it blanked; every other character keeps its place."""
    for quote in quotes(text):
        if quote.spoken:
            text = text[: quote.start] + " " * (quote.end - quote.start) + text[quote.end :]
    return text


def sentences(text: str, quoted: Sequence[tuple[int, int]] = ()) -> Iterator[Sentence]:
    """Yield the sentences of `text`, in order; empty ones are left out, and marks in a quotation end none."""
    start, opens = 0, True
    for match in [*_BREAK.finditer(text), None]:
        end = match.start() if match else len(text)
        mark = match.group() if match else ""
        if match and mark != "\n" and (inside := next((q for q in quoted if q[0] <= end < q[1]), None)):
            if match.end() <= inside[1]:
                continue
            end, mark = match.end(), ""
        bullet = _BULLET.match(text, start, end) if opens else None
        inner = bullet.end() if bullet else start
        if _WORD.search(text, inner, end):
            yield Sentence(inner, end, bool(bullet), opens, mark)
            opens = False
        if mark == "\n":
            opens = True
        start = match.end() if match else end
