"""NVIDIA NeMo: exported conversations through its adapter and its collation of audio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sources import Source

from balsa_data.exports import export

pytest.importorskip("torch")
lhotse = pytest.importorskip("lhotse")
pytest.importorskip("nemo")

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore")]


def test_one_and_two_clips_reach_tensors_and_the_last_turn_is_the_response(
    run: Source, responses: list[str], tmp_path: Path
) -> None:
    from lhotse.dataset import AudioSamples
    from nemo.collections.common.data.lhotse import text_adapters as theirs

    export(run, "nemo", tmp_path / "out")
    adapter = theirs.NeMoMultimodalConversationJsonlAdapter(
        manifest_filepath=str(tmp_path / "out/train.jsonl"), audio_locator_tag="<|audioplaceholder|>"
    )
    found: list[Any] = list(adapter)
    assert [[type(turn).__name__ for turn in one.turns] for one in found] == [
        ["AudioTurn", "TextTurn", "TextTurn"],
        ["AudioTurn", "AudioTurn", "TextTurn", "TextTurn"],
    ]
    assert [one.turns[-1].value for one in found] == responses
    assert [(one.turns[-1].role) for one in found] == ["assistant", "assistant"]
    cuts = lhotse.CutSet.from_items(found)
    audio, lengths, kept = theirs.collate_conversation_audio_fault_tolerant(cuts, AudioSamples(fault_tolerant=True))
    assert (audio.shape, lengths.tolist(), len(kept)) == ((3, 48000), [32000, 32000, 48000], 2)
