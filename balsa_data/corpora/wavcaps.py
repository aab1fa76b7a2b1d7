"""WavCaps: 400,000 clips from four sources, captioned by ChatGPT from their descriptions (Mei et al., TASLP 2024).

Source: https://huggingface.co/datasets/cvssp/WavCaps
Licence: academic use only; the audio is Freesound's, the BBC's, SoundBible's and YouTube's: it may not be redistributed.
Layout: ``json_files/<source>/<file>.json`` with the clips under ``data``; audio unpacked to ``Audio/<source>/<id>.flac``.
    Ids are Freesound's, the BBC's, SoundBible's, or for AudioSet_SL ``Y<video>.wav``.
Example: ``{"id": "2219", "title": "Airplane Landing Airport", "caption": "An airplane is landing.", "duration": 14.14,
    "audio": "wav_path", …}``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from balsa_data.corpora import _freesound, _youtube
from balsa_data.corpora._json import json_items
from balsa_data.schemas import AudioClip

LICENSE = "academic use only; each source's own"
REDISTRIBUTABLE = False
FILES = {
    "AudioSet_SL": "as_final.json",
    "BBC_Sound_Effects": "bbc_final.json",
    "FreeSound": "fsd_final.json",
    "SoundBible": "sb_final.json",
}


def read(
    path: Path, *, source: Literal["AudioSet_SL", "BBC_Sound_Effects", "FreeSound", "SoundBible"]
) -> Iterator[AudioClip]:
    """Yield the clips of one source.

    AudioSet_SL holds clips of AudioCaps' test split and FreeSound holds Clotho's: their `recording` tells which.

    Args:
        path: The repository's folder.
        source: The source.

    Raises:
        CorpusError: The json file or a clip in it is wrong.
    """
    for _, row in json_items(path / "json_files" / source / FILES[source], "data"):
        name = row.text("id").removesuffix(".wav")
        recording = f"wavcaps:{source}/{name}"
        if source == "AudioSet_SL":
            recording = _youtube.recording(name.removeprefix("Y"))
        elif source == "FreeSound":
            recording = _freesound.recording(name)
        yield row.clip(
            id=f"{source}/{name}",
            audio=path / "Audio" / source / f"{name}.flac",
            duration=row.get("duration"),
            captions=[row.text("caption")],
            recording=recording,
        )
