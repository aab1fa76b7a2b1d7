"""What the corpora of LibriVox readings share: LibriSpeech and LibriTTS-R cut the same chapters by the same readers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import files, lines, listing, parts
from balsa_data.errors import CorpusError

__all__ = ["genders", "recording", "transcripts", "utterance"]

_GENDERS = {"F": "female", "M": "male"}
_READER = re.compile(r"(?P<id>\d+)\s*\|\s*(?P<sex>[FM])\s*\|.*")  # a reader's name may hold bars too


def genders(path: Path) -> dict[str, str]:
    """Return each reader's gender, from the table of readers (``14   | F | train-clean-360  | 25.03 | …``).

    Raises:
        CorpusError: The table is missing, empty, or a line of it is wrong.
    """
    rows = (
        parts(line.strip(), _READER, f"{path}:{number}", "<id> | <F or M> | …")
        for number, line in lines(path)
        if line.strip() and not line.startswith(";")
    )
    if not (known := {row["id"]: _GENDERS[row["sex"]] for row in rows}):
        raise CorpusError(f"{path}: no reader is in this table: put the corpus' own there")
    return known


def recording(reader: str, chapter: str) -> str:
    """Return the name of a chapter as a recording, the same in every corpus."""
    return f"librivox:{reader}-{chapter}"


def transcripts(path: Path, subsets: tuple[str, ...], suffix: str) -> Iterator[Path]:
    """Yield the transcript files of some subsets, sorted; with no subset named, of all that are there.

    Raises:
        CorpusError: A subset is missing or holds no transcripts.
    """
    for folder in [path / s for s in subsets] or [path]:
        found = (f for f in files(listing(folder), {Path(suffix).suffix}) if f.name.endswith(suffix))
        first = next(found, None)
        if first is None:
            raise CorpusError(f"{folder}: no *{suffix} is in this folder or below it: give the folder of the corpus")
        yield first
        yield from found


def utterance(reader: str, text: str, known: dict[str, str]) -> dict[str, str]:
    """Return what is said in a clip, in English, by a reader of known or unknown gender."""
    gender = {"gender": known[reader]} if reader in known else {}
    return {"transcript": text, "speaker": reader, "language": "en", **gender}
