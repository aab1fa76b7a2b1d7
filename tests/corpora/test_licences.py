"""What a reader says of its audio decides what is published of it: over every reader, from its files to a dataset folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from balsa_data.corpora import CORPORA
from balsa_data.dataset import AudioPolicy, build
from balsa_data.licences import redistributable, withheld
from balsa_data.schemas import AudioClip, Provenance, Sample, Usage


class Made:
    """A run over these clips, whose audio is there."""

    def __init__(self, folder: Path, clips: list[AudioClip]) -> None:
        self.folder, self.planned, self.usage = folder, len(clips), Usage()
        self.recipe = {"name": "made"}
        self.samples = [self._sample(clip.model_copy(update={"audio": b"RIFF"})) for clip in clips]
        self.rejections: list[Any] = []
        self.failures: list[Any] = []

    @staticmethod
    def _sample(clip: AudioClip) -> Sample:
        provenance = Provenance(
            backbone="b", recipe="r", prompt_name="p", prompt_hash="0", library_version="0", seed=0, request_id=clip.id
        )
        words = {"prompt": "What is heard?", "response": "A sound.", "seed_description": "(a sound)"}
        return Sample(id=clip.id, task="positive", clips=(clip,), provenance=provenance, **words)


def becomes(clips: list[AudioClip], folder: Path, chosen: AudioPolicy | None = None) -> str:
    return build(Made(folder, clips), folder / "ds", audio=chosen).audio


@pytest.mark.parametrize("reader", CORPORA.names())
def test_audio_that_a_reader_withholds_is_embedded_only_when_the_user_says_so(
    corpus: Callable[[str], Any], reader: str, tmp_path: Path
) -> None:
    clips = list(corpus(reader).load())
    module = CORPORA.module(reader)
    if module.LICENSE and not module.REDISTRIBUTABLE:  # a corpus that may not be passed on, whatever its clips say
        assert becomes(clips, tmp_path) == "reference"
    else:
        allowed = all(redistributable(clip.license) for clip in clips)
        assert becomes(clips, tmp_path) == ("embed" if allowed else "reference")
    assert becomes(clips, tmp_path, "embed") == "embed"


@pytest.mark.parametrize("reader", [name for name in CORPORA.names() if not CORPORA.module(name).LICENSE])
def test_audio_of_a_file_that_says_nothing_of_its_licence_is_not_embedded(
    corpus: Callable[[str], Any], reader: str, tmp_path: Path
) -> None:
    clips = [clip.model_copy(update={"license": None}) for clip in corpus(reader).load()]
    assert becomes(clips, tmp_path) == "reference"


@pytest.mark.parametrize("licence", ["CC0-1.0", "https://creativecommons.org/licenses/by/4.0/", "MIT"])
def test_terms_beside_a_free_licence_count(licence: str) -> None:
    assert redistributable(licence)
    assert licence in withheld(licence)
    assert not redistributable(withheld(licence))
    assert withheld(withheld(licence)) == withheld(licence)
