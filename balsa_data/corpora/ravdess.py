"""RAVDESS: two sentences said and sung by 24 actors in eight emotions (Livingstone and Russo, PLoS ONE 2018).

Source: https://zenodo.org/records/1188976
Licence: CC-BY-NC-SA-4.0: may be redistributed, with attribution, not commercially, under the same licence.
Layout: ``Actor_01/`` to ``Actor_24/`` with seven numbers a name: modality, vocal channel, emotion, intensity, statement,
    repetition, actor (odd: male, even: female). The audio-only files are modality 03; song and speech may lie together.
Example: ``Actor_12/03-01-06-01-02-01-12.wav``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import files, parts
from balsa_data.schemas import AudioClip

LICENSE = "CC-BY-NC-SA-4.0"
REDISTRIBUTABLE = True
NAME = re.compile(
    r"03-(?P<channel>\d\d)-(?P<emotion>\d\d)-(?P<intensity>\d\d)-(?P<statement>\d\d)-\d\d-(?P<actor>\d\d)"
)
CHANNELS = {"01": "spoken", "02": "sung"}
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgusted",
    "08": "surprised",
}
INTENSITIES = {"01": "normal", "02": "strong"}
STATEMENTS = {"01": "Kids are talking by the door.", "02": "Dogs are sitting by the door."}


def read(path: Path) -> Iterator[AudioClip]:
    """Yield a clip a recording, sorted by path.

    Args:
        path: The folder that holds the actors' folders.

    Raises:
        CorpusError: The folder is missing, or a file is not named as in this corpus.
    """
    for audio in files(path, {".wav"}):
        row = parts(audio.stem, NAME, audio, "03-<channel>-<emotion>-<intensity>-<statement>-<repetition>-<actor>.wav")
        sung = row.code("channel", CHANNELS) == "sung"
        yield row.clip(
            id=audio.stem,
            audio=audio,
            events=[{"label": "singing"}] if sung else [],
            speech=[
                {
                    "transcript": row.code("statement", STATEMENTS),
                    "speaker": row["actor"],
                    "gender": "male" if int(row["actor"]) % 2 else "female",
                    "emotion": row.code("emotion", EMOTIONS),
                    "language": "en",
                    "attributes": {
                        "emotion intensity": row.code("intensity", INTENSITIES),
                        "delivery": row.code("channel", CHANNELS),
                    },
                }
            ],
        )
