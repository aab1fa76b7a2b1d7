"""NSynth: 305,979 four-second notes of 1,006 instruments (Engel et al., ICML 2017).

Source: https://magenta.tensorflow.org/datasets/nsynth
Licence: CC-BY-4.0 (the card of jg583/NSynth on the Hub, after Magenta's page): may be redistributed, with attribution.
Layout: a folder a split (``nsynth-train``, ``nsynth-valid``, ``nsynth-test``) with ``examples.json`` and ``audio/``.
Example: ``"guitar_acoustic_010-066-100": {"instrument_str": "guitar_acoustic_010", "instrument_family_str": "guitar",
    "instrument_source_str": "acoustic", "pitch": 66, "velocity": 100, "qualities_str": ["dark"], …}``
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from balsa_data.corpora._files import pretty
from balsa_data.corpora._json import json_items
from balsa_data.schemas import AudioClip

LICENSE = "CC-BY-4.0"
REDISTRIBUTABLE = True
FAMILIES = {
    "bass": "bass",
    "brass": "brass instrument",
    "flute": "flute",
    "guitar": "guitar",
    "keyboard": "keyboard instrument",
    "mallet": "mallet percussion",
    "organ": "organ",
    "reed": "reed instrument",
    "string": "string instrument",
    "synth_lead": "synthesizer",
    "vocal": "singing voice",
}
NOTES = ("C", "C sharp", "D", "D sharp", "E", "F", "F sharp", "G", "G sharp", "A", "A sharp", "B")


def read(path: Path) -> Iterator[AudioClip]:
    """Yield a clip a note; those of one instrument count as one recording, as in the corpus' own splits.

    Args:
        path: The folder of a split.

    Raises:
        CorpusError: ``examples.json`` or an entry in it is wrong.
    """
    for name, row in json_items(path / "examples.json"):
        pitch = int(row.number("pitch"))
        qualities = row.get("qualities_str") or []
        yield row.clip(
            id=name,
            audio=path / "audio" / f"{name}.wav",
            duration=4.0,
            events=[{"label": row.code("instrument_family_str", FAMILIES)}],
            attributes={
                "source": row.text("instrument_source_str"),
                "pitch": f"{NOTES[pitch % 12]} {pitch // 12 - 1}",
            }
            | ({"qualities": ", ".join(map(pretty, qualities))} if qualities else {}),
            recording=f"nsynth:{row.text('instrument_str')}",
        )
