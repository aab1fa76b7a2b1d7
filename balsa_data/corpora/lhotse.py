"""Lhotse manifests: recordings with their supervisions, or cuts, as lhotse's 100 recipes prepare them.

Source: https://lhotse.readthedocs.io
Licence: the prepared corpus' own; a manifest does not tell it, so the audio is taken as not ours to give.
Layout: ``*_supervisions_*.jsonl.gz`` with ``*_recordings_*.jsonl.gz`` beside it, or a file of cuts; all also unzipped.
    Relative audio paths are seen from the working directory, as in lhotse.
Example: ``{"id": "s1", "recording_id": "r1", "start": 0.0, "duration": 4.2, "channel": 0, "text": "Hello.", "speaker":
    "a", "gender": "F", "language": "English", "custom": {"emotion": "happy"}}``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from balsa_data.corpora._files import Row, grouped
from balsa_data.corpora._json import json_rows
from balsa_data.schemas import AudioClip

LICENSE = None
REDISTRIBUTABLE = False
GENDERS = {"f": "female", "m": "male"}
CUSTOM = {"emotion": "emotion", "age": "age", "accent": "accent", "accents": "accent"}
SLACK = 0.05  # seconds by which a whole cut's and its recording's durations may differ


class Manifest(BaseModel):
    """What is read of a row; the rest of it is left alone."""

    model_config = ConfigDict(coerce_numbers_to_str=True, allow_inf_nan=False)


class Source(Manifest):
    """Where a recording's audio is."""

    type: str
    source: str


class Recording(Manifest):
    """A recording."""

    id: str
    duration: float
    sources: list[Source]


class Supervision(Manifest):
    """What one speaker says in a recording."""

    recording_id: str
    start: float
    duration: float
    text: str | None = None
    language: str | None = None
    speaker: str | None = None
    gender: str | None = None
    custom: dict[str, Any] | None = None


class Cut(Manifest):
    """A cut; one that mixes several has no recording."""

    id: str
    type: str = "cut"
    start: float = 0.0
    duration: float = 0.0
    recording: Recording | None = None
    supervisions: list[Supervision] = []


def read(path: Path, *, recordings: str | None = None) -> Iterator[AudioClip]:
    """Yield a clip a recording with all that is said in it, or a clip a cut.

    Args:
        path: The supervisions or the cuts.
        recordings: The recordings that go with supervisions, seen from their folder; by default the file of the same
            name with "recordings" for "supervisions". They are held in memory.

    Raises:
        CorpusError: A file or row is wrong, a recording is not one file, or a cut is not a whole recording.
    """
    first = next(json_rows(path), None)
    if first is None:
        return
    if "sources" in first:
        raise first.wrong("these are recordings, which say nothing of what is heard: give the supervisions or the cuts")
    if "recording_id" not in first:
        yield from map(_cut, json_rows(path))
        return
    beside = path.parent / (recordings or path.name.replace("supervisions", "recordings"))
    if beside == path:
        raise first.wrong("name the file of the recordings with the option 'recordings'")
    known = {row.text("id"): (row, row.shaped(Recording)) for row in json_rows(beside)}
    for group in grouped(lambda: json_rows(path), lambda row: row.text("recording_id")):
        name = group[0].text("recording_id")
        if name not in known:
            raise group[0].wrong(f"recording {name!r} is not in {beside}: give the manifest it is in")
        row, recording = known[name]
        yield _clip(row, recording, [segment.shaped(Supervision) for segment in group], id=name)


def _cut(row: Row) -> AudioClip:
    cut = row.shaped(Cut)
    if cut.recording is None:
        raise row.wrong(f"the {cut.type} has no recording of its own: save the cuts' audio first (CutSet.save_audios)")
    if cut.start or abs(cut.duration - cut.recording.duration) > SLACK:
        raise row.wrong(
            f"the cut is not the whole of recording {cut.recording.id!r}, and a clip is a whole file: "
            f"save the cuts' audio first (CutSet.save_audios)"
        )
    return _clip(row, cut.recording, cut.supervisions, id=cut.id)


def _clip(row: Row, recording: Recording, said: list[Supervision], **fields: Any) -> AudioClip:
    if [source.type in ("file", "url") for source in recording.sources] != [True]:
        raise row.wrong(
            f"recording {recording.id!r} is not one file: save its audio as one, and prepare the manifest again"
        )
    return row.clip(
        audio=recording.sources[0].source,
        duration=recording.duration,
        speech=[_segment(s) for s in sorted(said, key=lambda s: s.start) if s.text and s.text.strip()],
        recording=recording.id,
        **fields,
    )


def _segment(said: Supervision) -> dict[str, Any]:
    start = max(0.0, said.start)
    gender = (said.gender or "").lower()
    return {
        "transcript": said.text,
        "start": start,
        "end": start + said.duration,
        "speaker": said.speaker or None,
        "gender": GENDERS.get(gender, gender) or None,
        "language": said.language or None,
        **{to: str(value) for field, to in CUSTOM.items() if (value := (said.custom or {}).get(field))},
    }
