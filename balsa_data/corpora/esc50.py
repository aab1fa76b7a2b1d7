"""ESC-50: 2,000 five-second clips of 50 environmental sounds (Piczak, ACM Multimedia 2015).

Source: https://github.com/karolpiczak/ESC-50
Licence: CC-BY-NC-3.0 (the ESC-10 part CC-BY-3.0): may be redistributed, with attribution and not commercially.
Layout: ``meta/esc50.csv``, audio in ``audio/``. ``src_file`` is the Freesound sound a clip was cut from.
Example: ``1-100032-A-0.wav,1,0,dog,True,100032,A``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import pretty, table
from balsa_data.corpora._freesound import recording
from balsa_data.schemas import AudioClip

LICENSE = "CC-BY-NC-3.0"
REDISTRIBUTABLE = True


def read(path: Path, *, folds: tuple[int, ...] = (1, 2, 3, 4, 5)) -> Iterator[AudioClip]:
    """Yield the clips of some folds.

    Args:
        path: The repository's folder.
        folds: Which of the five.

    Raises:
        CorpusError: The csv or a row is wrong.
    """
    for row in table(path / "meta" / "esc50.csv", ["filename", "fold", "category", "esc10", "src_file"]):
        if int(row.number("fold")) in folds:
            name = row.text("filename")
            yield row.clip(
                id=name.removesuffix(".wav"),
                audio=path / "audio" / name,
                duration=5.0,
                events=[{"label": pretty(row.text("category"))}],
                license="CC-BY-3.0" if row.text("esc10") == "True" else LICENSE,
                recording=recording(row.text("src_file")),
            )
