"""AudioSet: ten-second segments of YouTube videos with the sounds heard in them (Gemmeke et al., ICASSP 2017).

Source: https://research.google.com/audioset/download.html (``balanced_train_segments.csv``, ``eval_segments.csv``,
    ``unbalanced_train_segments.csv``, ``class_labels_indices.csv``)
Licence: of the labels CC-BY-4.0; the audio belongs to the uploaders of the YouTube videos and may not be redistributed.
Layout: a csv a split, its header a comment; labels are ids (mid), which the labels file (``index,mid,display_name``)
    names. The audio is not distributed: how your files are named, `audio` says.
Example: ``--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import audio_of, lookup, pretty, table
from balsa_data.corpora._youtube import recording, segment
from balsa_data.schemas import AudioClip

LICENSE = "YouTube videos, each its uploader's; labels CC-BY-4.0"
REDISTRIBUTABLE = False
COLUMNS = ("YTID", "start_seconds", "end_seconds", "positive_labels")


def read(path: Path, *, labels: str = "class_labels_indices.csv", audio: str = "{YTID}.wav") -> Iterator[AudioClip]:
    """Yield a clip a segment, with its id as AudioSet writes it (``--PJHxphWEs_30000``).

    Args:
        path: The csv of a split.
        labels: The labels file, seen from the csv's folder.
        audio: Where a clip's file is, seen from the csv's folder, with columns in braces.

    Raises:
        CorpusError: A file or row is wrong, or a label is not in the labels file.
    """
    named = lookup(table(path.parent / labels, ["mid", "display_name"]), "mid", "display_name")
    for row in table(path, header=COLUMNS, comment="#"):
        mids = row.text("positive_labels").split(",")
        yield row.clip(
            id=segment(row.text("YTID"), row.number("start_seconds")),
            audio=audio_of(row, audio, path.parent),
            duration=row.seconds("start_seconds", "end_seconds"),
            events=[{"label": pretty(row.code("positive_labels", named, mid.strip()))} for mid in mids],
            recording=recording(row.text("YTID")),
        )
