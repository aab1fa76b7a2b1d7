"""MACS: 3,930 ten-second urban soundscapes, tagged and captioned by several annotators each (Martín-Morató, DCASE 2021).

Source: https://zenodo.org/records/5114771; audio: TAU Urban Acoustic Scenes 2019, https://zenodo.org/records/2589280
Licence: Tampere University's, for non-commercial use; the audio may not be redistributed.
Layout: ``MACS.yaml``; the audio in ``audio/`` beside it, named ``<scene>-<city>-<location>-<segment>-<device>.wav``.
Example: ``filename: park-lisbon-7-32-a.wav`` with annotations of ``annotator_id``, ``sentence`` and ``tags``
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import BaseModel

from balsa_data.corpora._files import Row, lines, parts, pretty
from balsa_data.errors import CorpusError
from balsa_data.schemas import AudioClip

LICENSE = "Tampere University, non-commercial"
REDISTRIBUTABLE = False
NAME = re.compile(r"(?P<scene>[a-z_]+)-(?P<city>[a-z]+)-(?P<location>\d+)-(?P<segment>\d+)-(?P<device>[a-z]\d?)\.wav")


class Annotation(BaseModel):
    """What one annotator heard."""

    sentence: str
    tags: list[str] = []


class Soundscape(BaseModel):
    """An entry of the yaml file."""

    filename: str
    annotations: list[Annotation]


def read(path: Path) -> Iterator[AudioClip]:
    """Yield a clip a soundscape, with every annotator's caption and the tags any of them gave, most agreed on first.

    A sound that one annotator heard is kept: it may be faint, and must not be said to be absent.

    Args:
        path: The folder that holds ``MACS.yaml`` and ``audio/``.

    Raises:
        CorpusError: The yaml or an entry in it is wrong.
    """
    for row in _entries(path / "MACS.yaml"):
        entry = row.shaped(Soundscape)
        named = parts(entry.filename, NAME, row.place, "<scene>-<city>-<location>-<segment>-<device>.wav")
        heard = Counter(pretty(tag) for annotation in entry.annotations for tag in annotation.tags)
        yield row.clip(
            id=entry.filename.removesuffix(".wav"),
            audio=path / "audio" / entry.filename,
            duration=10.0,
            captions=[annotation.sentence for annotation in entry.annotations],
            events=[{"label": label} for label, _ in heard.most_common()],
            attributes={"scene": pretty(named["scene"])},
            recording=f"tau:{named['city']}-{named['location']}",
        )


def _entries(file: Path) -> Iterator[Row]:
    text = "".join(line for _, line in lines(file))
    try:
        # 2.8 MB, held whole, as YAML asks for; libyaml's loader, where it was built in, is ten times faster.
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = str(getattr(error, "problem", error)).partition("\n")[0]
        raise CorpusError(f"{file}:{mark.line + 1 if mark else 1}: not valid YAML ({reason})") from None
    entries = document.get("files") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CorpusError(f"{file}: no list of soundscapes under the key 'files': put the corpus' own there")
    for number, entry in enumerate(entries):
        yield Row(entry.items(), f"{file}, entry {number + 1}")
