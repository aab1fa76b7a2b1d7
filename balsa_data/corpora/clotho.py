"""Clotho: 15 to 30 second clips from Freesound, each with five captions (Drossos et al., ICASSP 2020; version 2.1).

Source: https://zenodo.org/records/4783391
Licence: each clip its own Creative Commons licence, in the metadata file, which lets it be redistributed with attribution
    (CC-BY-NC and Sampling+ ones not commercially); of the captions Tampere University's, for non-commercial use.
Layout: ``clotho_captions_<split>.csv`` and ``clotho_metadata_<split>.csv`` (ISO-8859-1), audio in ``<split>/``; splits
    development, validation, evaluation.
Example: ``file_name,caption_1,…,caption_5`` / ``Rain.wav,Rain falls on a roof.,…``; ``file_name,keywords,sound_id,
    sound_link,start_end_samples,manufacturer,license``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from balsa_data.corpora._files import Row, table
from balsa_data.corpora._freesound import license_of, recording
from balsa_data.schemas import AudioClip

LICENSE = "Creative Commons, each clip its own; captions Tampere University, non-commercial"
REDISTRIBUTABLE = True
CAPTIONS = tuple(f"caption_{n}" for n in range(1, 6))


def read(
    path: Path, *, split: Literal["development", "validation", "evaluation"] = "development"
) -> Iterator[AudioClip]:
    """Yield the clips of a split, each with its five captions.

    Args:
        path: The folder that holds the csv files and the audio folders.
        split: The split.

    Raises:
        CorpusError: A file or row is wrong.
    """
    # A thousand sounds a split; some rows of the published file say "Not found" where Freesound has lost the sound.
    about = table(path / f"clotho_metadata_{split}.csv", ["file_name", "sound_id", "license"], encoding="iso-8859-1")
    known = {row.text("file_name"): row for row in about}
    for row in table(path / f"clotho_captions_{split}.csv", ["file_name", *CAPTIONS]):
        name = row.text("file_name")
        sound = known.get(name, Row((), row.place))
        number = sound.maybe("sound_id") or ""
        url = sound.maybe("license") or ""
        yield row.clip(
            id=f"{split}/{name}",
            audio=path / split / name,
            captions=[row.text(c) for c in CAPTIONS],
            license=license_of(url) if url.startswith("http") else None,
            recording=recording(number) if number.isdigit() else None,
        )
