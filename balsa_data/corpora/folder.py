"""A folder of audio files: named by the folder they lie in, or described by a text beside each.

Source: yours.
Licence: yours; unknown unless a ``.json`` says it, and unknown audio is not embedded in what is published.
Layout: either class folders, ``dog_bark/1.wav``: the folder's name is what is heard; or sidecars, ``1.wav`` with
    ``1.txt`` (a caption a line) or ``1.json`` (an object as in `jsonl`, without id and audio). Where one file has a
    sidecar all need one, so that a folder called ``wavs`` never becomes a sound.
Example: ``rain/street.flac`` → id "rain/street.flac", event "rain"
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import Row, files, lines, pretty
from balsa_data.corpora._json import json_file
from balsa_data.corpora._records import clip_of
from balsa_data.errors import CorpusError
from balsa_data.schemas import AudioClip

LICENSE = None
REDISTRIBUTABLE = False


def read(path: Path) -> Iterator[AudioClip]:
    """Yield a clip a file, sorted by path.

    Args:
        path: The folder.

    Raises:
        CorpusError: The folder holds no audio, a file has neither a class folder nor a sidecar, or a sidecar is wrong.
    """
    sidecars = any(_sidecar(audio) for audio in files(path))
    for audio in files(path):
        inside = audio.relative_to(path)
        row = Row([("id", inside.as_posix()), ("audio", str(audio))], str(audio))
        if not sidecars:
            if audio.parent == path:
                raise row.wrong(
                    "nothing describes this file: move it into a folder of its class, or put a .txt beside it"
                )
            yield row.clip(**row, events=[{"label": pretty(audio.parent.name)}])
        elif (text := _sidecar(audio)) is None:
            raise row.wrong(f"no {audio.stem}.txt or {audio.stem}.json is beside it, as beside the others: add one")
        elif text.suffix == ".txt":
            captions = [line.strip() for _, line in lines(text) if line.strip()]
            yield row.clip(**row, captions=captions)
        else:
            said = json_file(text)
            if not isinstance(said, dict):
                raise CorpusError(f"{text}: a {type(said).__name__}, where a JSON object belongs")
            if taken := said.keys() & row.keys():
                raise CorpusError(f"{text}: field {min(taken)!r} is given by the audio file itself: remove it")
            yield clip_of(Row([*row.items(), *said.items()], str(text)), Path())


def _sidecar(audio: Path) -> Path | None:
    """Return the text or JSON beside an audio file."""
    return next((s for suffix in (".txt", ".json") if (s := audio.with_suffix(suffix)).is_file()), None)
