"""CREMA-D: 7,442 clips of 91 actors saying twelve sentences in six emotions (Cao et al., IEEE TAC 2014).

Source: https://github.com/CheyneyComputerScience/CREMA-D
Licence: ODbL-1.0 (contents DbCL-1.0): may be redistributed, with attribution and under the same licence.
Layout: ``VideoDemographics.csv`` (``ActorID,Age,Sex,Race,Ethnicity``) and ``AudioWAV/<actor>_<sentence>_<emotion>_<level>.wav``.
    The emotion is the one the actor was asked for.
Example: ``1001_IEO_ANG_HI.wav``; ``1001,51,"Male","Caucasian","Not Hispanic"``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import files, parts, table
from balsa_data.schemas import AudioClip

LICENSE = "ODbL-1.0"
REDISTRIBUTABLE = True
NAME = re.compile(r"(?P<actor>\d{4})_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_(?P<level>[A-Z]{1,2})")
SILENT = {"1076_MTI_SAD_XX"}  # the corpus' readme: no audio, very short
SENTENCES = {
    "DFA": "Don't forget a jacket.",
    "IEO": "It's eleven o'clock.",
    "IOM": "I'm on my way to the meeting.",
    "ITH": "I think I have a doctor's appointment.",
    "ITS": "I think I've seen this before.",
    "IWL": "I would like a new alarm clock.",
    "IWW": "I wonder what this is about.",
    "MTI": "Maybe tomorrow it will be cold.",
    "TAI": "The airplane is almost full.",
    "TIE": "That is exactly what happened.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
EMOTIONS = {
    "ANG": "angry",
    "DIS": "disgusted",
    "FEA": "fearful",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": "", "X": ""}


def read(path: Path) -> Iterator[AudioClip]:
    """Yield a clip a recording, sorted by name; one that is known to be silent is left out.

    Args:
        path: The repository's folder.

    Raises:
        CorpusError: A file is missing, or not named as in this corpus.
    """
    actors = {row.text("ActorID"): row for row in table(path / "VideoDemographics.csv", ["ActorID", "Age", "Sex"])}
    for audio in files(path / "AudioWAV", {".wav"}):
        if audio.stem in SILENT:
            continue
        row = parts(audio.stem, NAME, audio, "<actor>_<sentence>_<emotion>_<level>.wav")
        if row["actor"] not in actors:
            raise row.wrong(f"actor {row['actor']} is not in VideoDemographics.csv: add a row for the actor")
        actor, level = actors[row["actor"]], row.code("level", LEVELS)
        yield row.clip(
            id=audio.stem,
            audio=audio,
            speech=[
                {
                    "transcript": row.code("sentence", SENTENCES),
                    "speaker": row["actor"],
                    "gender": actor.text("Sex").lower(),
                    "age": actor.text("Age"),
                    "emotion": row.code("emotion", EMOTIONS),
                    "language": "en",
                    "attributes": {"emotion intensity": level} if level else {},
                }
            ],
        )
