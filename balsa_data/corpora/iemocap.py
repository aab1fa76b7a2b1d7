"""IEMOCAP: twelve hours of dialogues between actors, with the emotion of each turn (Busso et al., LREC 2008).

Source: https://sail.usc.edu/iemocap/
Licence: USC's own, which one agrees to on request (https://sail.usc.edu/iemocap/iemocap_release.htm); its text could not be
    read here, check the licence: the audio is never in what is published.
Layout: ``Session1`` to ``Session5``, each with ``dialog/EmoEvaluation/<dialog>.txt``, ``dialog/transcriptions/<dialog>.txt``,
    ``dialog/wav/<dialog>.wav`` and ``sentences/wav/<dialog>/<turn>.wav``. A turn whose annotators disagree (``xxx``) or
    chose another emotion (``oth``) has none here.
Example: ``[6.2901 - 8.2357]<tab>Ses01F_impro01_F000<tab>neu<tab>[2.5000, 2.5000, 2.5000]`` and
    ``Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from balsa_data.corpora._files import Row, files, lines, listing, parts
from balsa_data.schemas import AudioClip

LICENSE = "USC's own, on request: check the licence"
REDISTRIBUTABLE = False
RATED = re.compile(r"\[(?P<start>[\d.]+) - (?P<end>[\d.]+)\]\s+(?P<turn>\w+)\s+(?P<emotion>\w+)\s+\[.*\]")
SAID = re.compile(r"(?P<turn>Ses\w+) \[(?P<start>[\d.]+)-(?P<end>[\d.]+)\]:\s*(?P<text>.+)")
NOISE = re.compile(r"\[([A-Z]+)\]")
SOUNDS = {"LAUGHTER": "laughter", "BREATHING": "breathing"}
EMOTIONS = {
    "ang": "angry",
    "dis": "disgusted",
    "exc": "excited",
    "fea": "fearful",
    "fru": "frustrated",
    "hap": "happy",
    "neu": "neutral",
    "sad": "sad",
    "sur": "surprised",
    "oth": "",
    "xxx": "",
}


def read(
    path: Path, *, sessions: tuple[int, ...] = (1, 2, 3, 4, 5), unit: Literal["turn", "dialog"] = "turn"
) -> Iterator[AudioClip]:
    """Yield the turns of some sessions, or their dialogues whole, each turn with its times.

    Args:
        path: The folder that holds ``Session1``.
        sessions: Which of the five.
        unit: What a clip is.

    Raises:
        CorpusError: A folder is missing or a line is wrong.
    """
    for session in sessions:
        root = listing(path / f"Session{session}")
        for rated in files(root / "dialog" / "EmoEvaluation", {".txt"}):
            if rated.parent.name != "EmoEvaluation":
                continue  # the single annotators' files lie in folders below
            dialog = rated.stem
            turns = list(_turns(rated, root / "dialog" / "transcriptions" / rated.name))
            if unit == "turn":
                for row in turns:
                    speech, events = _heard(row)
                    yield row.clip(
                        id=row["turn"],
                        audio=root / "sentences" / "wav" / dialog / f"{row['turn']}.wav",
                        duration=row.seconds("start", "end"),
                        events=events,
                        speech=speech,
                        recording=f"iemocap:{dialog}",
                    )
            elif turns:
                heard = [_heard(row, timed=True) for row in sorted(turns, key=lambda row: row.number("start"))]
                yield turns[0].clip(
                    id=dialog,
                    audio=root / "dialog" / "wav" / f"{dialog}.wav",
                    events=[event for _, events in heard for event in events],
                    speech=[segment for speech, _ in heard for segment in speech],
                    recording=f"iemocap:{dialog}",
                )


def _turns(rated: Path, said: Path) -> Iterator[Row]:
    """Yield the turns that were rated and transcribed, in the order they were rated."""
    texts = {}
    for number, line in lines(said):
        if line.startswith("Ses"):  # a few lines are of an unnamed turn: "M: [GARBAGE]"
            row = parts(line.strip(), SAID, f"{said}:{number}", "<turn> [<start>-<end>]: <text>")
            texts[row["turn"]] = row["text"]
    for number, line in lines(rated):
        if line.startswith("["):
            form = "[<start> - <end>] <turn> <emotion> [<V>, <A>, <D>]"
            row = parts(line.strip(), RATED, f"{rated}:{number}", form)
            if row["turn"] not in texts:
                raise row.wrong(f"turn {row['turn']!r} has no line in {said}: add it there")
            row["text"] = texts[row["turn"]]
            yield row


def _heard(row: Row, *, timed: bool = False) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what is said in a turn and what else is heard; a mark like ``[LAUGHTER]`` is a sound, not a word."""
    start, end = (row.number("start"), row.number("end")) if timed else (None, None)
    sounds = [SOUNDS[mark] for mark in NOISE.findall(row["text"]) if mark in SOUNDS]
    text = " ".join(NOISE.sub(" ", row["text"]).split())
    side = row["turn"].rpartition("_")[2][:1]
    voice = {
        "transcript": text,
        "start": start,
        "end": end,
        "speaker": f"{row['turn'][:5]}{side}",
        "gender": row.code("turn", {"F": "female", "M": "male"}, side),
        "emotion": row.code("emotion", EMOTIONS) or None,
        "language": "en",
    }
    return [voice] if text else [], [{"label": s, "onset": start, "offset": end} for s in dict.fromkeys(sounds)]
