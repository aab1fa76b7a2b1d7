"""Clips as json lines, in `AudioClip`'s own fields: what to write where no other reader fits.

Source: yours.
Licence: yours; a row without ``license`` is of unknown licence, and unknown audio is not embedded in what is published.
Layout: one JSON object a line (``.jsonl``, ``.jsonl.gz``); relative audio paths are seen from the file's folder.
Example: ``{"id": "c1", "audio": "c1.wav", "captions": ["A dog barks."], "events": [{"label": "dog", "onset": 0.5}]}``
    or, short, ``{"id": "c1", "audio": "c1.wav", "caption": "A dog barks.", "labels": ["dog"], "transcript": "Sit!"}``
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from balsa_data.corpora._json import json_rows
from balsa_data.corpora._records import clip_of
from balsa_data.schemas import AudioClip

LICENSE = None
REDISTRIBUTABLE = False


def read(path: Path, *, ignore: tuple[str, ...] = (), leave_out: tuple[str, ...] = ()) -> Iterator[AudioClip]:
    """Yield a clip a line.

    Args:
        path: The file.
        ignore: Fields of yours that are not a clip's, to leave out.
        leave_out: Lines to leave out, by id; ``*`` stands for any text (``silence*``).

    Raises:
        CorpusError: The file or a line is wrong.
    """
    for row in json_rows(path):
        if not any(fnmatchcase(str(row.get("id")), pattern) for pattern in leave_out):
            yield clip_of(row, path.parent, ignore)
