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

from balsa_data.corpora._files import Row, lines, parts, pretty
from balsa_data.errors import CorpusError
from balsa_data.schemas import AudioClip

LICENSE = "Tampere University, non-commercial"
REDISTRIBUTABLE = False
NAME = re.compile(r"(?P<scene>[a-z_]+)-(?P<city>[a-z]+)-(?P<location>\d+)-(?P<segment>\d+)-(?P<device>[a-z]\d?)\.wav")


def read(path: Path) -> Iterator[AudioClip]:
    """Yield a clip a soundscape, with every annotator's caption and the tags any of them gave, most agreed on first.

    A sound that one annotator heard is kept: it may be faint, and must not be said to be absent.

    Args:
        path: The folder that holds ``MACS.yaml`` and ``audio/``.

    Raises:
        CorpusError: The yaml or an entry in it is wrong.
    """
    file = path / "MACS.yaml"
    text = "".join(line for _, line in lines(file))
    try:
        # 3,930 entries, 2.8 MB: held whole, which YAML asks for; libyaml's loader where it was built in is ten times faster.
        entries = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["files"]
        clips = [(e["filename"], [(a["sentence"], a["tags"]) for a in e["annotations"]]) for e in entries]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CorpusError(f"{file}:{line}: not valid YAML ({error.problem})") from None
    except (KeyError, TypeError) as error:
        raise CorpusError(
            f"{file}: not of the form 'files: [filename, annotations: [sentence, tags]]' ({error})"
        ) from None
    for number, (name, said) in enumerate(clips):
        row = Row([("filename", name)], f"{file}, entry {number + 1}")
        named = parts(row.text("filename"), NAME, row.place, "<scene>-<city>-<location>-<segment>-<device>.wav")
        heard = Counter(pretty(str(tag)) for _, tags in said for tag in tags or ())
        yield row.clip(
            id=name.removesuffix(".wav"),
            audio=path / "audio" / name,
            duration=10.0,
            captions=[sentence for sentence, _ in said],
            events=[{"label": label} for label, _ in heard.most_common()],
            attributes={"scene": pretty(named["scene"])},
            recording=f"tau:{named['city']}-{named['location']}",
        )
