"""VocalSound: 21,024 recordings of laughter, sighs, coughs, throat clearing, sneezes and sniffs (Gong et al., ICASSP 2022).

Source: https://github.com/YuanGongND/vocalsound
Licence: CC-BY-SA-4.0: may be redistributed, with attribution and under the same licence.
Layout: ``audio_16k/`` (or ``audio_44k/``) with ``<f|m><speaker>_<collection>_<sound>.wav``.
Example: ``f0003_0_throatclearing.wav``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from balsa_data.corpora._files import files, parts
from balsa_data.schemas import AudioClip

LICENSE = "CC-BY-SA-4.0"
REDISTRIBUTABLE = True
NAME = re.compile(r"(?P<sex>[fm])(?P<speaker>\d+)_(?P<collection>\d+)_(?P<sound>[a-z]+)")
SOUNDS = {
    "cough": "cough",
    "laughter": "laughter",
    "sigh": "sigh",
    "sneeze": "sneeze",
    "sniff": "sniff",
    "throatclearing": "throat clearing",
}


def read(path: Path, *, rate: Literal["16k", "44k"] = "16k") -> Iterator[AudioClip]:
    """Yield a clip a recording, sorted by name.

    Args:
        path: The folder that holds ``audio_16k/``.
        rate: Which copy of the audio.

    Raises:
        CorpusError: The folder is missing, or a file is not named as in this corpus.
    """
    for audio in files(path / f"audio_{rate}", {".wav"}):
        row = parts(audio.stem, NAME, audio, "<f|m><speaker>_<collection>_<sound>.wav")
        yield row.clip(
            id=audio.stem,
            audio=audio,
            events=[{"label": row.code("sound", SOUNDS)}],
            attributes={"speaker gender": "female" if row["sex"] == "f" else "male"},
        )
