"""VCTK 0.92: 110 speakers of English, of many accents, reading about 400 sentences each (Yamagishi et al., 2019).

Source: https://datashare.ed.ac.uk/handle/10283/3443
Licence: CC-BY-4.0: may be redistributed, with attribution.
Layout: ``speaker-info.txt``; ``txt/<speaker>/<speaker>_<number>.txt``, ``wav48_silence_trimmed/<speaker>/…_mic1.flac`` and
    ``…_mic2.flac``. p315 has no texts; p280 and p315 have no mic2, and p362 lacks some files.
Example: ``ID  AGE  GENDER  ACCENTS  REGION COMMENTS`` / ``p225  23  F    English    Southern  England``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from balsa_data.corpora._files import Row, files, lines, parts
from balsa_data.errors import CorpusError
from balsa_data.schemas import AudioClip

LICENSE = "CC-BY-4.0"
REDISTRIBUTABLE = True
SPEAKER = re.compile(r"(?P<id>\w+)\s+(?P<age>\d+)\s+(?P<sex>[FM])\s+(?P<accent>\S+)\s*(?P<region>[^(]*)(\(.*\))?")
NAME = re.compile(r"(?P<speaker>\w+)_(?P<number>\d+)")
ACCENTS = {"NorthernIrish": "Northern Irish", "NewZealand": "New Zealand", "SouthAfrican": "South African"}


def read(path: Path, *, mic: Literal["mic1", "mic2"] = "mic1") -> Iterator[AudioClip]:
    """Yield a clip a sentence that has a text, sorted by name.

    Args:
        path: The folder that holds ``speaker-info.txt``.
        mic: Which microphone's recording.

    Raises:
        CorpusError: A file or line is wrong.
    """
    table = path / "speaker-info.txt"
    if not (speakers := dict(_speakers(table))):
        raise CorpusError(f"{table}: no speaker is in this table: put the corpus' own there")
    for file in files(path / "txt", {".txt"}):
        row = parts(file.stem, NAME, file, "<speaker>_<number>.txt")
        speaker = row["speaker"]
        yield row.clip(
            id=file.stem,
            audio=path / "wav48_silence_trimmed" / speaker / f"{file.stem}_{mic}.flac",
            speech=[
                {"transcript": "".join(line for _, line in lines(file)), "speaker": speaker, "language": "en"}
                | (_voice(speakers[speaker]) if speaker in speakers else {})
            ],
        )


def _speakers(path: Path) -> Iterator[tuple[str, Row]]:
    for number, line in lines(path):
        if number > 1 and line.strip():
            row = parts(line.strip(), SPEAKER, f"{path}:{number}", "<id> <age> <F or M> <accent> <region>")
            yield row["id"], row


def _voice(row: Row) -> dict[str, object]:
    region = " ".join(row["region"].split())
    return {
        "age": row["age"],
        "gender": "female" if row["sex"] == "F" else "male",
        "accent": ACCENTS.get(row["accent"], row["accent"]) if row["accent"] != "Unknown" else None,
        "attributes": {"region": region} if region else {},
    }
