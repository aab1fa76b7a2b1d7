"""Any csv or tsv with a header: one row is one clip, and `columns` says which column holds what.

Source: yours.
Licence: yours; without a column for it a clip's licence is unknown, and unknown audio is not embedded in what is published.
Layout: one file, UTF-8, parted by ``,`` (``.tsv``: by tab); relative audio paths are seen from the file's folder.
Example: ``id,audio,caption,labels`` / ``c1,wav/c1.wav,A dog barks.,dog;bark`` with ``separator: ";"``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._columns import BY_NAME, Columns
from balsa_data.corpora._files import beside, table
from balsa_data.schemas import AudioClip

LICENSE = None
REDISTRIBUTABLE = False


def read(path: Path, *, columns: Columns = BY_NAME, separator: str | None = None) -> Iterator[AudioClip]:
    """Yield a clip a row.

    Args:
        path: The csv (``.csv``, ``.tsv``, either gzipped).
        columns: Which column holds what.
        separator: What parts several labels in one cell; None takes the cell as one label.

    Raises:
        CorpusError: The file, a column or a row is wrong.
    """
    tabs = ".tsv" in path.suffixes
    for number, row in enumerate(table(path, [columns.id], delimiter="\t" if tabs else ",")):
        if number == 0:
            columns.refuse_missing(row, str(path))
        audio = row.maybe(columns.audio)
        clip = columns.clip(
            row, id=row.text(columns.id), audio=audio and beside(path.parent, audio), separator=separator
        )
        yield clip
