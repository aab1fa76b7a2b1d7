"""JSON files of corpora: json lines, and single documents too large to hold, read an item at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from balsa_data.corpora._files import Row, lines
from balsa_data.errors import CorpusError, nearest

__all__ = ["json_file", "json_items", "json_rows"]


def json_rows(path: Path) -> Iterator[Row]:
    """Yield the objects of a json lines file.

    Raises:
        CorpusError: A line is not a JSON object.
    """
    for number, line in lines(path):
        if line.strip():
            place = f"{path}:{number}"
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise CorpusError(f"{place}: not valid JSON ({error})") from None
            if not isinstance(value, dict):
                raise CorpusError(f"{place}: a {type(value).__name__}, where a JSON object belongs")
            yield Row(value.items(), place)


def json_file(path: Path) -> Any:
    """Return what a json file holds.

    Raises:
        CorpusError: It is missing or not valid JSON.
    """
    try:
        return json.loads("".join(line for _, line in lines(path)))
    except json.JSONDecodeError as error:
        raise CorpusError(f"{path}:{error.lineno}: not valid JSON ({error})") from None


def json_items(path: Path, key: str | None = None) -> Iterator[tuple[str, Row]]:
    """Yield the objects in a large JSON document one by one, each with its name (in a list: its number, from 0).

    Args:
        path: The document, an object.
        key: Whose items: the list under this key, or with None the document's own members.

    Raises:
        CorpusError: The document is not of this form, lacks the key, or is not valid JSON.
    """
    text = _Text(path)
    keys = []
    text.take("{")
    for _ in text.until("}"):
        keys.append(str(text.value()))
        text.take(":")
        if key is None:
            yield keys[-1], text.object()
        elif keys[-1] == key:
            text.take("[")
            for number in text.until("]"):
                yield str(number), text.object()
        else:
            text.value()
    text.take("")
    if key is not None and key not in keys:
        raise CorpusError(f"{path}: no key {key!r}{nearest(key, keys)}")


class _Text:
    """A JSON text that is read a line at a time, as far as it is needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = lines(path)
        self._line = 0
        self._text = ""
        self._at = 0

    def take(self, wanted: str) -> None:
        """Step over one character that must come next; nothing stands for the end."""
        if (found := self._next()) != wanted:
            raise self._wrong(f"not valid JSON ({found or 'the end'!r}, where {wanted or 'the end'!r} belongs)")
        self._at += 1

    def until(self, end: str) -> Iterator[int]:
        """Count the items of a list or object that has been opened, stepping over commas and the end."""
        number = 0
        while self._next() != end:
            if number:
                self.take(",")
            yield number
            number += 1
        self.take(end)

    def object(self) -> Row:
        """Step over an object and return it."""
        self._next()
        place = f"{self._path}:{self._line}"
        value = self.value()
        if not isinstance(value, dict):
            raise CorpusError(f"{place}: a {type(value).__name__}, where an object belongs")
        return Row(value.items(), place)

    def value(self) -> Any:
        """Step over any value but a bare number at a line's end, and return it."""
        self._next()
        while True:
            try:
                value, self._at = _DECODER.raw_decode(self._text, self._at)
            except (json.JSONDecodeError, RecursionError) as error:
                if not self._more():
                    raise self._wrong(f"not valid JSON ({error})") from None
            else:
                return value

    def _next(self) -> str:
        """Return the character that comes next after space; at the end nothing."""
        while True:
            while self._at < len(self._text):
                if not (character := self._text[self._at]).isspace():
                    return character
                self._at += 1
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read a line more; return whether there was one."""
        number, line = next(self._lines, (0, ""))
        if number:
            self._line = number
            self._text, self._at = self._text[self._at :] + line, 0
        return bool(number)

    def _wrong(self, message: str) -> CorpusError:
        return CorpusError(f"{self._path}:{self._line}: {message}")


_DECODER = json.JSONDecoder()
