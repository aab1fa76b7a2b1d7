"""FSD50K: Freesound clips with the sounds heard in them, of 200 AudioSet classes (Fonseca et al., TASLP 2022).

Source: https://zenodo.org/records/4060432
Licence: each clip its own Creative Commons licence, in the metadata, which lets it be redistributed with attribution
    (CC-BY-NC and Sampling+ ones not commercially); of the set CC-BY-4.0.
Layout: ``FSD50K.ground_truth/dev.csv`` and ``eval.csv``, ``FSD50K.metadata/dev_clips_info_FSD50K.json``, audio in
    ``FSD50K.dev_audio/`` and ``FSD50K.eval_audio/``. Labels are given with all their ancestors. File names are
    Freesound's ids.
Example: ``64760,"Electric_guitar,Guitar,…,Music","/m/02sgy,/m/0342h,…,/m/04rlf",train``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from balsa_data.corpora._files import pretty, table
from balsa_data.corpora._freesound import license_of, recording
from balsa_data.corpora._json import json_items
from balsa_data.schemas import AudioClip

LICENSE = "Creative Commons, each clip its own; the set CC-BY-4.0"
REDISTRIBUTABLE = True


def read(path: Path, *, split: Literal["dev", "train", "val", "eval"] = "dev") -> Iterator[AudioClip]:
    """Yield the clips of a split.

    Args:
        path: The folder that holds the ``FSD50K.*`` folders.
        split: ``dev`` is ``train`` and ``val`` together.

    Raises:
        CorpusError: A file or row is wrong.
    """
    half = "eval" if split == "eval" else "dev"
    info = path / "FSD50K.metadata" / f"{half}_clips_info_FSD50K.json"
    licenses = {name: license_of(row.maybe("license")) for name, row in json_items(info)}
    columns = ["fname", "labels"] if half == "eval" else ["fname", "labels", "split"]
    for row in table(path / "FSD50K.ground_truth" / f"{half}.csv", columns):
        if split in (half, row["split"] if half == "dev" else "eval"):
            name = row.text("fname")
            yield row.clip(
                id=name,
                audio=path / f"FSD50K.{half}_audio" / f"{name}.wav",
                events=[{"label": pretty(label)} for label in row.text("labels").split(",")],
                license=licenses.get(name),
                recording=recording(name),
            )
