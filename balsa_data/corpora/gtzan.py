"""GTZAN: 1,000 thirty-second excerpts of music, of ten genres (Tzanetakis and Cook, IEEE TSAP 2002).

Source: http://marsyas.info/downloads/datasets.html
Licence: none is stated (the card of marsyas/gtzan on the Hub leaves it open), and there is "no copyright permission" (the
    corpus' own README): from personal CDs, radio and microphones, never in what is published.
Layout: ``genres/<genre>/<genre>.<number>.wav`` (``.au`` in older copies). Some excerpts are of the same track, which
    nothing in the corpus tells (Sturm 2013 lists them).
Example: ``genres/hiphop/hiphop.00012.wav``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import files, parts
from balsa_data.schemas import AudioClip

LICENSE = "none stated, no copyright permission"
REDISTRIBUTABLE = False
NAME = re.compile(r"(?P<genre>[a-z]+)\.(?P<number>\d{5})")
GENRES = {"hiphop": "hip hop"} | {
    g: g for g in ("blues", "classical", "country", "disco", "jazz", "metal", "pop", "reggae", "rock")
}


def read(path: Path) -> Iterator[AudioClip]:
    """Yield a clip an excerpt, sorted by name.

    Args:
        path: The folder ``genres``.

    Raises:
        CorpusError: The folder is missing, or a file is not named as in this corpus.
    """
    for audio in files(path, {".wav", ".au"}):
        row = parts(audio.stem, NAME, audio, "<genre>.<number>.wav")
        yield row.clip(
            id=audio.stem,
            audio=audio,
            events=[{"label": "music"}],
            attributes={"genre": row.code("genre", GENRES)},
        )
