"""LibriTTS-R: 585 hours of read English, LibriTTS with its sound restored (Koizumi et al., Interspeech 2023).

Source: https://www.openslr.org/141 (and LibriTTS itself, https://www.openslr.org/60, in the same layout)
Licence: CC-BY-4.0: may be redistributed, with attribution.
Layout: ``SPEAKERS.txt`` (readers' genders, where it is there); ``<subset>/<reader>/<chapter>/<reader>_<chapter>.trans.tsv``
    without a header, with the ``.wav`` files beside it: id, text as printed, text as spoken (numbers in words), which is
    what is read here.
Example: ``84_121550_000007_000000<tab>It was 9 o'clock.<tab>It was nine o'clock.``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import parts, table
from balsa_data.corpora._librivox import genders, recording, transcripts, utterance
from balsa_data.schemas import AudioClip

LICENSE = "CC-BY-4.0"
REDISTRIBUTABLE = True
COLUMNS = ("id", "original", "normalized")
NAME = re.compile(r"(?P<reader>\d+)_(?P<chapter>\d+)_\d+_\d+")


def read(path: Path, *, subsets: tuple[str, ...] = ()) -> Iterator[AudioClip]:
    """Yield a clip an utterance; those of one chapter count as one recording.

    Args:
        path: The folder ``LibriTTS_R``.
        subsets: Which (``dev-clean``, ``train-clean-100``…); none named takes all that are there.

    Raises:
        CorpusError: A file or row is wrong.
    """
    readers = path / "SPEAKERS.txt"
    known = genders(readers) if readers.is_file() else {}
    for file in transcripts(path, subsets, ".trans.tsv"):
        for row in table(file, header=COLUMNS, delimiter="\t", quoting=False):
            name = row.text("id")
            of = parts(name, NAME, row.place, "<reader>_<chapter>_<paragraph>_<sentence>")
            yield row.clip(
                id=name,
                audio=file.parent / f"{name}.wav",
                speech=[utterance(of["reader"], row.text("normalized"), known)],
                recording=recording(of["reader"], of["chapter"]),
            )
