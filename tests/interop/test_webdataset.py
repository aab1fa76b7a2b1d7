"""WebDataset: exported shards through its own reader."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import soundfile
from sources import Source

from balsa_data.exports import export

webdataset = pytest.importorskip("webdataset")

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore")]


def test_one_and_two_clips_are_read_with_the_response(run: Source, responses: list[str], tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    export(run, "webdataset", tmp_path / "out")
    pipeline = webdataset.WebDataset(str(tmp_path / "out/train-000000.tar"), shardshuffle=False).decode()
    read = list(pipeline)
    assert [sample["json"]["response"] for sample in read] == responses
    assert [sorted(key for key in sample if key.endswith("wav")) for sample in read] == [["0.wav"], ["0.wav", "1.wav"]]
    for sample, seconds in zip(read, ([2.0], [2.0, 3.0]), strict=True):
        for index, length in enumerate(seconds):
            samples, rate = soundfile.read(io.BytesIO(sample[f"{index}.wav"]))
            assert torch.from_numpy(samples).shape == (length * 16000,)
            assert rate == 16000
