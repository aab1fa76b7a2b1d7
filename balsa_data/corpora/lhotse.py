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

from balsa_data.corpora._files import Row, grouped
from balsa_data.corpora._json import json_rows
from balsa_data.schemas import AudioClip

LICENSE = None
REDISTRIBUTABLE = False
GENDERS = {"f": "female", "m": "male"}
CUSTOM = {"emotion": "emotion", "age": "age", "accent": "accent", "accents": "accent"}
SLACK = 0.05  # seconds by which a whole cut's and its recording's durations may differ


def read(path: Path, *, recordings: str | None = None) -> Iterator[AudioClip]:
    """Yield a clip a recording with all that is said in it, or a clip a cut.

    Args:
        path: The supervisions or the cuts.
        recordings: The recordings that go with supervisions, seen from their folder; by default the file of the same
            name with "recordings" for "supervisions".

    Raises:
        CorpusError: A file or row is wrong, a recording is not one file, or a cut is not a whole recording.
    """
    first = next(json_rows(path), None)
    if first is not None and "recording_id" not in first:
        yield from map(_cut, json_rows(path))
        return
    beside = path.parent / (recordings or path.name.replace("supervisions", "recordings"))
    if beside == path:
        raise Row((), str(path)).wrong("name the file of the recordings with the option 'recordings'")
    known = {row.text("id"): row for row in json_rows(beside)}
    for group in grouped(lambda: json_rows(path), lambda row: row.text("recording_id")):
        name = group[0].text("recording_id")
        if name not in known:
            raise group[0].wrong(f"recording {name!r} is not in {beside}: give the manifest it is in")
        yield _clip(group[0], known[name], group, id=name)


def _cut(row: Row) -> AudioClip:
    if not isinstance(recording := row.get("recording"), dict):
        kind = row.get("type", "cut")
        raise row.wrong(f"the {kind} has no recording of its own: save the cuts' audio first (CutSet.save_audios)")
    held = Row(recording.items(), row.place)
    start, lacks = row.number("start"), held.number("duration") - row.number("duration")
    if start or abs(lacks) > SLACK:
        raise row.wrong(
            f"the cut is not the whole of recording {held.text('id')!r}, and a clip is a whole file: "
            f"save the cuts' audio first (CutSet.save_audios)"
        )
    said = [Row(segment.items(), row.place) for segment in row.get("supervisions") or ()]
    return _clip(row, held, said, id=row.text("id"))


def _clip(row: Row, recording: Row, said: list[Row], **fields: Any) -> AudioClip:
    sources = recording.get("sources") or []
    if len(sources) != 1 or sources[0].get("type") not in ("file", "url"):
        raise recording.wrong(
            f"recording {recording.text('id')!r} is not one file: save it as one (Recording.move_to_memory, "
            f"RecordingSet) and prepare the manifest again"
        )
    spoken = sorted((s for s in said if s.maybe("text")), key=lambda s: s.number("start"))
    return row.clip(
        audio=sources[0]["source"],
        duration=recording.number("duration"),
        speech=[_segment(s) for s in spoken],
        recording=recording.text("id"),
        **fields,
    )


def _segment(row: Row) -> dict[str, Any]:
    gender, start = row.maybe("gender"), max(0.0, row.number("start"))
    custom = Row((row.get("custom") or {}).items(), row.place)
    return {
        "transcript": row.text("text"),
        "start": start,
        "end": start + row.number("duration"),
        "speaker": row.maybe("speaker"),
        "gender": GENDERS.get(gender.lower(), gender.lower()) if gender else None,
        "language": row.maybe("language"),
        **{to: text for field, to in CUSTOM.items() if (text := custom.maybe(field))},
    }
