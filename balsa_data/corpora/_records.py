"""A clip written as a JSON object, in `AudioClip`'s fields or in the short forms people write."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from balsa_data.corpora._files import Row, beside
from balsa_data.errors import nearest
from balsa_data.schemas import AudioClip

__all__ = ["clip_of"]

_SHORT = {"caption": "captions", "label": "events", "labels": "events", "transcript": "speech"}
_VOICE = ("speaker", "gender", "age", "emotion", "accent", "language")


def clip_of(row: Row, folder: Path, ignore: Collection[str] = ()) -> AudioClip:
    """Return the clip of an object in `AudioClip`'s fields.

    The short forms are ``caption`` (a text), ``label`` or ``labels`` (a text or several) and ``transcript`` (a text;
    beside it, ``speaker, gender, age, emotion, accent, language`` of who says it). A field that is null counts as not given.

    Args:
        row: The object.
        folder: What a relative audio path is seen from.
        ignore: Fields to leave out.

    Raises:
        CorpusError: A field is unknown, of the wrong type, or given in both forms.
    """
    fields: dict[str, Any] = {k: v for k, v in row.items() if v is not None and k not in ignore}
    voice = {f: fields.pop(f) for f in _VOICE if f in fields} if isinstance(fields.get("transcript"), str) else {}
    if unknown := fields.keys() - AudioClip.model_fields.keys() - _SHORT.keys():
        name = min(unknown)
        raise row.wrong(
            f"unknown field {name!r}{nearest(name, AudioClip.model_fields.keys() | _SHORT.keys())}; "
            f"to leave a field out, name it in the option 'ignore'"
        )
    for short in sorted(fields.keys() & _SHORT.keys()):
        value, full = fields.pop(short), _SHORT[short]
        if full in fields:
            raise row.wrong(f"field {short!r} is given beside {full!r}: keep one of them")
        values = value if isinstance(value, list) else [value]
        fields[full] = (
            values
            if full == "captions"
            else [{"label": v} for v in values]
            if full == "events"
            else [{short: v, **voice} for v in values]
        )
    if isinstance(audio := fields.get("audio"), str):
        fields["audio"] = beside(folder, audio)
    return row.clip(**fields)
