"""UrbanSound8K: 8,732 excerpts of up to four seconds, of ten urban sounds (Salamon et al., ACM Multimedia 2014).

Source: https://urbansounddataset.weebly.com/urbansound8k.html
Licence: CC-BY-NC-3.0 (its own README, quoted in DagsHub/audio-datasets, issue 24; cards on the Hub say 4.0): may be
    redistributed, with attribution (``FREESOUNDCREDITS.txt``) and not commercially.
Layout: ``metadata/UrbanSound8K.csv``, audio in ``audio/fold1/`` to ``audio/fold10/``. ``fsID`` is the Freesound sound an
    excerpt was cut from; one sound gives many excerpts. Another sound may be louder (``salience`` 2: background).
Example: ``100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import pretty, table
from balsa_data.corpora._freesound import recording
from balsa_data.schemas import AudioClip

LICENSE = "CC-BY-NC-3.0"
REDISTRIBUTABLE = True


def read(path: Path, *, folds: tuple[int, ...] = tuple(range(1, 11))) -> Iterator[AudioClip]:
    """Yield the excerpts of some folds.

    Args:
        path: The folder ``UrbanSound8K``.
        folds: Which of the ten.

    Raises:
        CorpusError: The csv or a row is wrong.
    """
    columns = ["slice_file_name", "fsID", "start", "end", "fold", "class"]
    for row in table(path / "metadata" / "UrbanSound8K.csv", columns):
        fold, name = int(row.number("fold")), row.text("slice_file_name")
        if fold in folds:
            yield row.clip(
                id=name.removesuffix(".wav"),
                audio=path / "audio" / f"fold{fold}" / name,
                duration=row.seconds("start", "end"),
                events=[{"label": pretty(row.text("class"))}],
                recording=recording(row.text("fsID")),
            )
