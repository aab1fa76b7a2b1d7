"""AudioCaps: ten-second clips of AudioSet with captions written by people (Kim et al., NAACL 2019).

Source: https://github.com/cdjkim/audiocaps (``dataset/train.csv``, ``val.csv``, ``test.csv``)
Licence: of the captions: for academic use; the audio belongs to the uploaders of the YouTube videos and may not be redistributed.
Layout: a csv a split, ``audiocap_id,youtube_id,start_time,caption``; a clip has one caption in train and five in val and
    test, whose rows do not stand together. The audio is not distributed: how your files are named, `audio` says.
Example: ``91139,r1nicOVtvkQ,130,A woman talks nearby as water pours``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import Row, audio_of, grouped, table
from balsa_data.corpora._youtube import recording, segment
from balsa_data.schemas import AudioClip

LICENSE = "YouTube videos, each its uploader's; captions for academic use"
REDISTRIBUTABLE = False


def read(path: Path, *, audio: str = "{youtube_id}.wav") -> Iterator[AudioClip]:
    """Yield a clip a segment, with all its captions; the id is AudioSet's segment id (``r1nicOVtvkQ_130000``).

    Args:
        path: The csv of a split.
        audio: Where a clip's file is, seen from the csv's folder, with columns in braces.

    Raises:
        CorpusError: The file or a row is wrong.
    """

    def rows() -> Iterator[Row]:
        return table(path, ["audiocap_id", "youtube_id", "start_time", "caption"])

    def key(row: Row) -> str:
        return segment(row.text("youtube_id"), row.number("start_time"))

    for group in grouped(rows, key):
        row = group[0]
        yield row.clip(
            id=key(row),
            audio=audio_of(row, audio, path.parent),
            captions=[r.text("caption") for r in group],
            recording=recording(row.text("youtube_id")),
        )
