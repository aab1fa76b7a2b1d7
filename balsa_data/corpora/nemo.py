"""NeMo manifests: speech with its transcripts, as NVIDIA NeMo prepares it.

Source: https://docs.nvidia.com/nemo-framework/user-guide/latest/nemotoolkit/asr/datasets.html
Licence: yours; a row without ``license`` is of unknown licence, and unknown audio is not embedded in what is published.
Layout: one JSON object a line with ``audio_filepath`` (relative ones are seen from the manifest's folder), ``duration``
    and ``text``; ``lang``, ``speaker``, ``gender``, ``age``, ``emotion`` and ``accents`` are read where they are there.
Example: ``{"audio_filepath": "wavs/1355-39947-0000.wav", "duration": 11.3, "text": "psychotherapy and the community"}``
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import Row, beside
from balsa_data.corpora._json import json_rows
from balsa_data.schemas import AudioClip

LICENSE = None
REDISTRIBUTABLE = False
VOICE = {
    "speaker": "speaker",
    "gender": "gender",
    "age": "age",
    "emotion": "emotion",
    "accents": "accent",
    "lang": "language",
}


def read(path: Path) -> Iterator[AudioClip]:
    """Yield a clip a row; its id is the audio's path as seen from the manifest's folder, or else the file's name.

    Args:
        path: The manifest (``.json`` or ``.jsonl``, also gzipped).

    Raises:
        CorpusError: The file or a row is wrong, or a row is an excerpt of its file.
    """
    for row in json_rows(path):
        audio = row.text("audio_filepath")
        if row.get("offset"):
            raise row.wrong(
                f"the row starts {row['offset']} s into {audio}, and a clip is a whole file: cut the audio first"
            )
        yield row.clip(
            id=_name(audio, path.parent),
            audio=beside(path.parent, audio),
            duration=row.get("duration"),
            speech=[{"transcript": row.text("text")} | {to: _known(row, field) for field, to in VOICE.items()}],
            license=row.maybe("license"),
        )


def _name(audio: str, folder: Path) -> str:
    """Return an id that does not tell where on a machine the audio lies."""
    inside = os.path.relpath(folder / audio, folder)
    return Path(inside).as_posix() if not inside.startswith("..") else Path(audio).name


def _known(row: Row, field: str) -> str | None:
    value = row.maybe(field)
    return None if value == "nan" else value  # pandas writes a missing value as NaN
