"""What readers share: rows that know where they stand, so that whatever is wrong is said with file, line and field.

Rows stream, from csv, tsv, json lines (each also gzipped) and json. A row that is not UTF-8, is cut short or is broken
JSON is refused by its line.
"""

from __future__ import annotations

import csv
import gzip
import math
import os
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from balsa_data.errors import CorpusError, nearest
from balsa_data.schemas import AudioClip, problems

__all__ = [
    "AUDIO_SUFFIXES",
    "Row",
    "audio_of",
    "beside",
    "files",
    "grouped",
    "is_uri",
    "lines",
    "listing",
    "located",
    "lookup",
    "parts",
    "pretty",
    "table",
]

AUDIO_SUFFIXES = frozenset({".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".mp4", ".ogg", ".opus", ".wav", ".webm"})
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PLACE = "_place"
M = TypeVar("M", bound=BaseModel)


class Row(dict[str, Any]):
    """One row of a corpus' file, and where it stands (``train.csv:12``)."""

    def __init__(self, values: Iterable[tuple[str, Any]], place: str) -> None:
        super().__init__(values)
        self.place = place

    def wrong(self, message: str) -> CorpusError:
        """Return the error that says `message` of this row."""
        return CorpusError(f"{self.place}: {message}")

    def maybe(self, field: str) -> str | None:
        """Return a field's text without the space around it; None where it is missing or empty."""
        value = self.get(field)
        return str(value).strip() or None if value is not None else None

    def text(self, field: str) -> str:
        """Return a field's text, which must be there.

        Raises:
            CorpusError: It is missing or empty.
        """
        if (value := self.maybe(field)) is None:
            raise self.wrong(f"field {field!r} is empty: give it a value, or remove the row")
        return value

    def number(self, field: str) -> float:
        """Return a field's number, which is finite.

        Raises:
            CorpusError: It is missing or no number.
        """
        try:
            if math.isfinite(number := float(self.text(field))):
                return number
        except ValueError:
            pass
        raise self.wrong(f"field {field!r} is {self[field]!r}, where a number belongs")

    def seconds(self, start: str, end: str) -> float:
        """Return the time from one field to another, without the dust of floating point.

        Raises:
            CorpusError: One is missing or no number.
        """
        return round(self.number(end) - self.number(start), 6)

    def code(self, field: str, meanings: dict[str, str], value: str | None = None) -> str:
        """Return what the code in a field stands for (or `value`, a part of that field).

        Raises:
            CorpusError: The corpus has no such code.
        """
        value = self.text(field) if value is None else value
        if value not in meanings:
            known = nearest(value, meanings) if len(meanings) < 40 else ""
            raise self.wrong(f"field {field!r} has the unknown code {value!r}{known}")
        return meanings[value]

    def shaped(self, model: type[M]) -> M:
        """Return the row as a record of this model.

        Raises:
            CorpusError: A field is missing or of the wrong type.
        """
        try:
            return model.model_validate(dict(self))
        except ValidationError as error:
            raise self.wrong(problems(error)) from None

    def clip(self, **fields: Any) -> AudioClip:
        """Return the clip this row describes.

        Raises:
            CorpusError: A field is wrong.
        """
        clip = Row(fields.items(), self.place).shaped(AudioClip)
        # Beside the fields, as functools.cached_property does: not compared, not dumped; `load` takes it off again.
        clip.__dict__[_PLACE] = self.place
        return clip


def located(clip: AudioClip) -> tuple[str | None, AudioClip]:
    """Return where a clip stands, where that is known, and the clip without that note."""
    return clip.__dict__.pop(_PLACE, None), clip


def beside(folder: Path, audio: str) -> str:
    """Return an audio's path as seen from `folder`; an absolute path or a URI stays as it is."""
    return audio if is_uri(audio) else os.fspath(folder / audio)


def is_uri(audio: str) -> bool:
    """Return whether an audio is a URI (``https://…``, ``hf://…``), not a path."""
    return _URI.match(audio) is not None


def audio_of(row: Row, pattern: str, folder: Path) -> str:
    """Return where a row's audio is, after the user's pattern with columns in braces (``{youtube_id}.wav``).

    Raises:
        CorpusError: The pattern names a column that is not there.
    """
    try:
        return beside(folder, pattern.format_map({k: str(v).strip() for k, v in row.items()}))
    except KeyError as error:
        raise row.wrong(f"option 'audio' ({pattern}) names no column{nearest(str(error.args[0]), row)}") from None
    except (ValueError, AttributeError, IndexError) as error:
        raise row.wrong(f"option 'audio' ({pattern}) is no pattern ({error}): write columns in braces") from None


def parts(text: str, pattern: re.Pattern[str], place: str | Path, form: str) -> Row:
    """Return the named parts of a file's name or a line that is written in a fixed form.

    Raises:
        CorpusError: The text is not of this form.
    """
    if match := pattern.fullmatch(text):
        return Row(match.groupdict().items(), str(place))
    raise CorpusError(f"{place}: {text!r} is not of the form {form}")


def pretty(label: str) -> str:
    """Return a label as one would write it in a sentence; a first word in capitals keeps them.

    >>> pretty("Children_playing"), pretty("TV_on"), pretty("Music of Africa")
    ('children playing', 'TV on', 'music of Africa')
    """
    text = " ".join(label.replace("_", " ").split())
    return text if text.partition(" ")[0][1:].lower() != text.partition(" ")[0][1:] else text[:1].lower() + text[1:]


def lookup(rows: Iterable[Row], key: str, value: str) -> dict[str, str]:
    """Return one column of a small table by another (a labels file: mid → display name)."""
    return {row.text(key): row.text(value) for row in rows}


def grouped(rows: Callable[[], Iterator[Row]], key: Callable[[Row], str]) -> Iterator[list[Row]]:
    """Yield the rows that share a key together, wherever they stand in the file, when the last of them is met.

    The file is read twice: once for the keys, once for the rows. Held in memory are the keys, and the rows of groups
    that have begun and not ended.
    """
    left = Counter(key(row) for row in rows())
    begun: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows():
        begun[name := key(row)].append(row)
        left[name] -= 1
        if not left[name]:
            yield begun.pop(name)


def files(folder: Path, suffixes: Collection[str] = AUDIO_SUFFIXES) -> Iterator[Path]:
    """Yield the files below a folder that have one of the suffixes, sorted by path, hidden ones left out.

    Raises:
        CorpusError: The folder is missing or holds no such file.
    """
    found = False
    for parent, folders, names in os.walk(listing(folder)):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                found = True
                yield Path(parent, name)
    if not found:
        raise CorpusError(
            f"{folder}: no {' or '.join(sorted(suffixes))} file is in this folder or below it: give the folder of the recordings"
        )


def listing(folder: Path) -> Path:
    """Return a folder that must be there.

    Raises:
        CorpusError: It is not there, or not a folder.
    """
    if not folder.is_dir():
        raise CorpusError(
            f"{folder}: {'is a file, not a folder' if folder.exists() else 'no such folder'}{_near(folder)}"
        )
    return folder


def lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Yield a text file's lines with their numbers, counted from 1; the file may be gzipped.

    Raises:
        CorpusError: The file is missing, unreadable, or a line is not text in this encoding.
    """
    number = 0
    try:
        with cast("IO[bytes]", gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
            for number, raw in enumerate(file, start=1):
                yield number, raw.decode("utf-8-sig" if number == 1 and encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path}:{number}: byte {error.start + 1} of the line is not UTF-8: save the file as UTF-8"
        ) from None
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file{_near(path)}") from None
    except (EOFError, zlib.error, OSError) as error:
        raise CorpusError(f"{path}:{number + 1}: cannot be read ({error})") from None


def table(
    path: Path,
    columns: Collection[str] = (),
    *,
    delimiter: str = ",",
    header: Collection[str] = (),
    comment: str | None = None,
    quoting: bool = True,
    encoding: str = "utf-8",
) -> Iterator[Row]:
    """Yield the rows of a csv or tsv file.

    Args:
        path: The file.
        columns: Those that must be there.
        delimiter: What parts the fields; the space beside it is dropped.
        header: The columns' names, where the file's first row is data.
        comment: What a line that is not data starts with.
        quoting: Whether a quote character quotes (csv) or is text like any other (many a tsv).
        encoding: The file's.

    Raises:
        CorpusError: A column is missing, a row is longer or shorter than the header, a quote is not closed.
    """
    start = 0  # the line on which the row being read starts; 0 between rows

    def data() -> Iterator[str]:
        nonlocal start
        for number, line in lines(path, encoding):
            if not (comment and line.startswith(comment)):
                start = start or number
                yield line

    reader = csv.reader(
        data(),
        delimiter=delimiter,
        skipinitialspace=quoting,
        strict=True,
        quoting=csv.QUOTE_MINIMAL if quoting else csv.QUOTE_NONE,
    )
    names = [n.strip() for n in header]
    try:
        for values in reader:
            place, start = f"{path}:{start}", 0
            if not any(values):
                continue
            if not names:
                names = [v.strip() for v in values]
                _refuse_missing(path, columns, names)
            elif len(values) != len(names):
                raise CorpusError(
                    f"{place}: {len(values)} fields, where there are {len(names)} ({', '.join(names)}): quote a field that has a delimiter in it"
                )
            else:
                yield Row(zip(names, values, strict=True), place)
    except csv.Error as error:
        raise CorpusError(f"{path}:{start}: the row that starts here cannot be read ({error})") from None
    if not names:
        raise CorpusError(f"{path}: the file is empty, where a row of column names belongs")


def _refuse_missing(path: Path, wanted: Collection[str], names: Collection[str]) -> None:
    for name in wanted:
        if name not in names:
            raise CorpusError(f"{path}: no column {name!r}{nearest(name, names)}")


def _near(path: Path) -> str:
    """Say what is there instead of a missing file: its neighbours, or the folder that is missing too."""
    if path.exists():
        return ""
    if not path.parent.is_dir():
        return f" (nor the folder {path.parent})"
    return nearest(path.name, [p.name for p in sorted(path.parent.iterdir())[:20]])
