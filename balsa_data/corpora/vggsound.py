"""VGGSound: ten-second clips of YouTube videos, one of 309 sounds each (Chen et al., ICASSP 2020).

Source: https://www.robots.ox.ac.uk/~vgg/data/vggsound/ (``vggsound.csv``)
Licence: CC-BY-4.0, "the copyright remains with the original owners of the video" (the README of hche11/VGGSound): what it
    covers is the list, not the audio, which is never in what is published.
Layout: one csv without a header: video, start second, label, split. The audio is not distributed: how your files are
    named, `audio` says, with ``youtube_id``, ``start_seconds``, ``label`` and ``split`` in braces.
Example: ``---g-f_I2yQ,1,people marching,test``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from balsa_data.corpora._files import audio_of, pretty, table
from balsa_data.corpora._youtube import recording, segment
from balsa_data.schemas import AudioClip

LICENSE = "YouTube videos, each its uploader's; labels CC-BY-4.0"
REDISTRIBUTABLE = False
COLUMNS = ("youtube_id", "start_seconds", "label", "split")


def read(
    path: Path,
    *,
    split: Literal["train", "test"] | None = None,
    audio: str = "{youtube_id}_{start_seconds:0>6}.wav",
) -> Iterator[AudioClip]:
    """Yield the clips of a split, or of both.

    Args:
        path: The csv.
        split: The split; None takes both.
        audio: Where a clip's file is, seen from the csv's folder, with columns in braces.

    Raises:
        CorpusError: The csv or a row is wrong.
    """
    for row in table(path, header=COLUMNS):
        if split in (None, row.text("split")):
            video = row.text("youtube_id")
            yield row.clip(
                id=segment(video, row.number("start_seconds")),
                audio=audio_of(row, audio, path.parent),
                events=[{"label": pretty(row.text("label"))}],
                recording=recording(video),
            )
