"""LibriSpeech: 1,000 hours of read English, from LibriVox' audiobooks (Panayotov et al., ICASSP 2015).

Source: https://www.openslr.org/12
Licence: CC-BY-4.0: may be redistributed, with attribution.
Layout: ``SPEAKERS.TXT``; ``<subset>/<reader>/<chapter>/<reader>-<chapter>.trans.txt`` with the ``.flac`` files beside it.
    Transcripts are in capitals without punctuation; they are read in lower case.
Example: ``1272-128104-0000 MISTER QUILTER IS THE APOSTLE OF THE MIDDLE CLASSES``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import lines, parts
from balsa_data.corpora._librivox import genders, recording, transcripts, utterance
from balsa_data.schemas import AudioClip

LICENSE = "CC-BY-4.0"
REDISTRIBUTABLE = True
LINE = re.compile(r"(?P<id>(?P<reader>\d+)-(?P<chapter>\d+)-\d+) (?P<text>.+)")


def read(path: Path, *, subsets: tuple[str, ...] = ()) -> Iterator[AudioClip]:
    """Yield a clip an utterance; those of one chapter count as one recording.

    Args:
        path: The folder ``LibriSpeech``.
        subsets: Which (``dev-clean``, ``train-clean-100``…); none named takes all that are there.

    Raises:
        CorpusError: A file or line is wrong.
    """
    known = genders(path / "SPEAKERS.TXT")
    for file in transcripts(path, subsets, ".trans.txt"):
        for number, line in lines(file):
            row = parts(line.strip(), LINE, f"{file}:{number}", "<reader>-<chapter>-<number> <TEXT>")
            yield row.clip(
                id=row["id"],
                audio=file.parent / f"{row['id']}.flac",
                speech=[utterance(row["reader"], row["text"].lower(), known)],
                recording=recording(row["reader"], row["chapter"]),
            )
