"""AudioSet's strong labels: when each sound is heard, for 120,000 of its segments (Hershey et al., ICASSP 2021).

Source: https://research.google.com/audioset/download_strong.html (``audioset_train_strong.tsv``,
    ``audioset_eval_strong.tsv``, ``mid_to_display_name.tsv``)
Licence: of the labels CC-BY-4.0; the audio belongs to the uploaders of the YouTube videos and may not be redistributed.
Layout: a tsv a split, a row an event, timed in seconds from the segment's start; ids (mid) are named by a second tsv, which
    has no header. The audio is not distributed: how your files are named, `audio` says.
Example: ``segment_id<tab>start_time_seconds<tab>end_time_seconds<tab>label`` /
    ``b0RFKhbpFJA_30000<tab>0.000<tab>10.000<tab>/m/03m9d0z``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import Row, audio_of, grouped, lookup, parts, pretty, table
from balsa_data.corpora._youtube import recording
from balsa_data.schemas import AudioClip

LICENSE = "YouTube videos, each its uploader's; labels CC-BY-4.0"
REDISTRIBUTABLE = False
COLUMNS = ("segment_id", "start_time_seconds", "end_time_seconds", "label")
SEGMENT = re.compile(r"(?P<YTID>.+)_(?P<start>\d+)")


def read(path: Path, *, labels: str = "mid_to_display_name.tsv", audio: str = "{YTID}.wav") -> Iterator[AudioClip]:
    """Yield a clip a segment, with its events in the order they begin.

    Args:
        path: The tsv of a split.
        labels: The labels' names, seen from the tsv's folder.
        audio: Where a clip's file is, seen from the tsv's folder, with ``YTID`` and ``start`` (in milliseconds) in braces.

    Raises:
        CorpusError: A file or row is wrong, or a label has no name.
    """
    names = table(path.parent / labels, header=("mid", "name"), delimiter="\t", quoting=False)
    named = lookup(names, "mid", "name")

    def rows() -> Iterator[Row]:
        return table(path, COLUMNS, delimiter="\t", quoting=False)

    for group in grouped(rows, lambda row: row.text("segment_id")):
        row = group[0]
        segment = parts(row.text("segment_id"), SEGMENT, row.place, "<video>_<milliseconds>")
        yield row.clip(
            id=row.text("segment_id"),
            audio=audio_of(segment, audio, path.parent),
            events=[
                {
                    "label": pretty(event.code("label", named)),
                    "onset": event.number("start_time_seconds"),
                    "offset": event.number("end_time_seconds"),
                }
                for event in sorted(group, key=lambda event: event.number("start_time_seconds"))
            ],
            recording=recording(segment["YTID"]),
        )
