"""MELD: 13,000 utterances of the series Friends, each with its emotion (Poria et al., ACL 2019).

Source: https://github.com/declare-lab/MELD
Licence: of the annotations GPL-3.0; the audio is the television series' and may not be redistributed.
Layout: ``<split>_sent_emo.csv``; a video an utterance, ``dia<dialogue>_utt<utterance>.mp4``, in a folder a split
    (``train_splits``, ``dev_splits_complete``, ``output_repeated_splits_test``). Times are the episode's; in a row
    or two of the published files an utterance ends before it starts, and its duration is taken as unknown.
Example: ``2,What?,Monica,surprise,negative,0,1,4,7,"00:21:01,927","00:21:03,261"``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import Row, audio_of, parts, table
from balsa_data.schemas import AudioClip

LICENSE = "none: a television series; annotations GPL-3.0"
REDISTRIBUTABLE = False
COLUMNS = [
    "Utterance",
    "Speaker",
    "Emotion",
    "Dialogue_ID",
    "Utterance_ID",
    "Season",
    "Episode",
    "StartTime",
    "EndTime",
]
TIME = re.compile(r"(?P<h>\d+):(?P<m>\d\d):(?P<s>\d\d,\d+)")
EMOTIONS = {
    "anger": "angry",
    "disgust": "disgusted",
    "fear": "fearful",
    "joy": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": "surprised",
}


def read(path: Path, *, audio: str = "dia{Dialogue_ID}_utt{Utterance_ID}.mp4") -> Iterator[AudioClip]:
    """Yield a clip an utterance; those of one episode count as one recording.

    Args:
        path: The csv of a split; its name's first word goes into the ids (``train_dia0_utt1``).
        audio: Where a clip's file is, seen from the csv's folder, with columns in braces.

    Raises:
        CorpusError: The csv or a row is wrong.
    """
    split = path.stem.partition("_")[0]
    for row in table(path, COLUMNS):
        seconds = round(_seconds(row, "EndTime") - _seconds(row, "StartTime"), 3)
        yield row.clip(
            id=f"{split}_dia{row.text('Dialogue_ID')}_utt{row.text('Utterance_ID')}",
            audio=audio_of(row, audio, path.parent),
            duration=seconds if seconds > 0 else None,
            speech=[
                {
                    "transcript": row.text("Utterance"),
                    "speaker": row.text("Speaker"),
                    "emotion": row.code("Emotion", EMOTIONS),
                    "language": "en",
                }
            ],
            recording=f"meld:S{row.text('Season')}E{row.text('Episode')}",
        )


def _seconds(row: Row, field: str) -> float:
    time = parts(row.text(field), TIME, row.place, "<hours>:<minutes>:<seconds>,<milliseconds>")
    return int(time["h"]) * 3600 + int(time["m"]) * 60 + float(time["s"].replace(",", "."))
