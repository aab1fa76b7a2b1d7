"""Which column holds what: the map by which `csv` and `hub` read a table that no reader was written for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from pydantic import Field

from balsa_data.corpora._files import Row
from balsa_data.errors import CorpusError, nearest
from balsa_data.schemas import AudioClip, Record

__all__ = ["BY_NAME", "Columns"]

_PLAIN = ("duration", "license", "recording", "dataset")
_SPEECH = ("transcript", "speaker", "gender", "age", "emotion", "accent", "language")


class Columns(Record):
    """Which column holds which field of a clip.

    A column that is named must be there; one that is not named is read where the table has a column of the field's own
    name. All others are left alone. `captions`, `labels` and `attributes` may name several columns.
    """

    id: str = "id"
    audio: str = "audio"
    duration: str = "duration"
    license: str = "license"
    recording: str = "recording"
    dataset: str = "dataset"
    captions: tuple[str, ...] | str = ("caption", "captions")
    labels: tuple[str, ...] | str = ("label", "labels")
    transcript: str = "transcript"
    speaker: str = "speaker"
    gender: str = "gender"
    age: str = "age"
    emotion: str = "emotion"
    accent: str = "accent"
    language: str = "language"
    attributes: dict[str, str] = Field(default={}, description="attribute's name: column")

    def of(self, field: str) -> tuple[str, ...]:
        """Return the columns that hold a field."""
        value = getattr(self, field)
        return (value,) if isinstance(value, str) else tuple(value.values() if isinstance(value, dict) else value)

    def refuse_missing(self, names: Collection[str], place: str) -> None:
        """Refuse a table without a column that was named.

        Raises:
            CorpusError: A column is missing, or nothing in the table describes a clip.
        """
        for field in sorted(self.model_fields_set):
            for column in self.of(field):
                if column not in names:
                    raise CorpusError(f"{place}: no column {column!r} (option columns.{field}){nearest(column, names)}")
        described = [c for f in ("captions", "labels", "transcript", "attributes") for c in self.of(f)]
        if not set(described) & set(names):
            raise CorpusError(
                f"{place}: no column describes a clip: name one with the option columns.captions, .labels, .transcript "
                f"or .attributes; there are: {', '.join(names)}"
            )

    def clip(self, row: Row, *, id: str, audio: str | bytes | None, separator: str | None = None) -> AudioClip:  # noqa: A002 (the field's name)
        """Return the clip a row describes.

        Raises:
            CorpusError: A field is wrong.
        """
        voice = {f: text for f in _SPEECH if (text := row.maybe(getattr(self, f)))}
        heard = {name: text for name, c in self.attributes.items() if (text := row.maybe(c))}
        if "transcript" not in voice:  # what is known of a voice whose words are not
            voice.pop("speaker", None)
            heard |= voice
        return row.clip(
            id=id,
            audio=audio,
            **{f: row.maybe(getattr(self, f)) for f in _PLAIN},
            captions=[t for c in self.of("captions") for t in _texts(row.get(c), None)],
            events=[{"label": t} for c in self.of("labels") for t in _texts(row.get(c), separator)],
            speech=[voice] if "transcript" in voice else [],
            attributes=heard,
        )


BY_NAME = Columns()


def _texts(cell: Any, separator: str | None) -> Iterator[str]:
    """Yield the texts of a cell that holds none, one, several in a row with separators, or a list of them."""
    if isinstance(cell, (list, tuple)):
        for part in cell:
            yield from _texts(part, separator)
    elif cell is not None:
        parts = str(cell).split(separator) if separator else [str(cell)]
        yield from (text for part in parts if (text := part.strip()))
