"""Rows that are good, odd and bad: each is handled, or refused in one sentence that names it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import soundfile
import torch
from tiny import BACKBONE, Row, published, wav

from balsa_data import AudioClip, SoundEvent, synthesize
from balsa_data.errors import InputError
from balsa_data.prompting import Prompts
from balsa_data.testing import ScriptedBackbone, truthful
from balsa_data.train.chat import AUDIO, user_turn
from balsa_data.train.config import TrainConfig
from balsa_data.train.data import Reader, backbone_id
from balsa_data.train.model import AudioLM
from balsa_data.train.rows import Rows, open_rows
from balsa_data.train.trainer import train

Dataset = Callable[..., str]


@pytest.fixture
def reader(model: AudioLM) -> Reader:
    return Reader(model.chat, model.encoder, model.config.queries, 1024, Path())


def heard(data: bytes | None, path: str | None = None) -> Row:
    return published(7, audios=[{"bytes": data, "path": path}])


def noise(seconds: float) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.random.default_rng(0).normal(0, 0.1, int(seconds * 16_000)), 16_000, format="FLAC")
    return buffer.getvalue()


NOT_A_NUMBER = io.BytesIO()
soundfile.write(NOT_A_NUMBER, np.full(1600, np.nan, dtype=np.float32), 16_000, format="WAV", subtype="FLOAT")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            heard(b"\x00garbage" * 50),
            r"cannot decode clip 1 of row r7 \(Format not recognised\): give it as WAV or FLAC",
        ),
        (heard(wav()[:30]), "clip 1 of row r7"),
        (heard(wav(0)), "clip 1 of row r7 holds no audio"),
        (heard(b""), "row r7: the audio file given as bytes is empty"),
        (heard(wav(peak=0)), r"clip 1 of row r7 is silent \(peak below -80 dBFS\)"),
        (heard(NOT_A_NUMBER.getvalue()), "clip 1 of row r7 holds samples that are not numbers"),
        (heard(noise(600)), r"clip 1 of row r7 lasts 600 s, more than max_seconds \(30\)"),
        (heard(None, "nowhere.wav"), "row r7: cannot read the audio file nowhere.wav: No such file"),
        (heard(None), "clip 1 of row r7 comes without audio"),
        (published(7, audios=[]), "row r7 has no audio"),
        (published(7, audios=None), "row r7 has no audio"),
        (published(7, audios=[None]), "clip 1 of row r7 comes without audio"),
        (published(7, response=""), "row r7 has no response"),
        (published(7, prompt=None), "row r7 has no prompt"),
        (published(7, prompt="\ue000?"), r"row r7: the prompt holds the character U\+E000"),
        (published(7, response="long " * 600), r"row r7 takes \d+ tokens, more than max_tokens \(1024\)"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_row_that_cannot_be_used_is_refused_in_a_sentence(row: Row, said: str, reader: Reader) -> None:
    with pytest.raises(InputError, match=said) as refused:
        reader.read(row)
    assert "r7" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("data", [wav(0.01), wav(rate=8_000), wav(rate=44_100), wav(channels=2), wav(peak=0.001)])
def test_short_slow_stereo_and_faint_audio_is_used(data: bytes, reader: Reader) -> None:
    assert reader.read(heard(data)).ids.count(AUDIO) == 3


def test_rate_and_channels_do_not_change_what_is_heard(reader: Reader) -> None:
    def states(data: bytes) -> torch.Tensor:
        return reader.encoder([reader.encoder.load(data, "clip")])[0]

    plain = states(wav())
    assert torch.allclose(plain, states(wav(channels=2)), atol=1e-5)
    assert plain.shape == states(wav(rate=8_000)).shape == (3, 25, 16)


def test_a_long_clip_is_several_windows(model: AudioLM) -> None:
    """Ten minutes where `max_seconds` allows them: nothing is cut."""
    model.encoder.max_seconds = 600
    reader = Reader(model.chat, model.encoder, model.config.queries, 2000, Path())
    example = reader.read(heard(noise(600)))
    assert example.ids.count(AUDIO) == 300 * model.config.queries  # windows of two seconds
    assert reader.encoder([example.sounds[0]])[0].shape[1] == 600 * 50


def test_a_windows_states_do_not_depend_on_the_clip_around_it(model: AudioLM) -> None:
    """The padded last window is the short clip's own."""
    whole = np.random.default_rng(0).normal(0, 0.1, 40_000).astype(np.float32)
    buffers = []
    for part in (whole, whole[32_000:]):
        buffer = io.BytesIO()
        soundfile.write(buffer, part, 16_000, format="WAV", subtype="FLOAT")
        buffers.append(model.encoder([model.encoder.load(buffer.getvalue(), "clip")])[0])
    assert torch.allclose(buffers[0][:, 100:], buffers[1], rtol=1e-3, atol=1e-3)  # states are of size 10


def test_unusable_rows_are_named_and_training_goes_on(dataset: Dataset, config: Callable[..., TrainConfig]) -> None:
    lines: list[str] = []
    rows = [published(0), heard(b"garbage"), published(2)]
    out = train(config(dataset(rows)), say=lines.append)
    assert [line for line in lines if "left out" in line] == [
        "left out: cannot decode clip 1 of row r7 (Format not recognised): give it as WAV or FLAC"
    ]
    assert json.loads((out / "provenance.json").read_text())["samples_by_task"] == {"positive": 16}


def test_training_on_nothing_usable_ends_in_a_sentence(dataset: Dataset, config: Callable[..., TrainConfig]) -> None:
    with pytest.raises(InputError, match="100 rows one after the other cannot be used; the last: row r7 has no audio"):
        train(config(dataset([published(7, audios=[{"bytes": wav(), "path": None}][:0])])), say=lambda _: None)


@pytest.mark.parametrize("streaming", [False, True])
def test_a_dataset_without_the_columns_is_refused(streaming: bool, tmp_path: Path) -> None:
    datasets.Dataset.from_list([{"id": "a", "text": "b"}]).to_parquet(tmp_path / "train.parquet")
    with pytest.raises(InputError, match=r"lacks the columns prompt, response, task, audios"):
        open_rows(str(tmp_path), "train", streaming=streaming)


def test_a_dataset_that_is_not_there_is_refused(tmp_path: Path, dataset: Dataset) -> None:
    with pytest.raises(InputError, match="cannot open split 'train' of the dataset"):
        open_rows(str(tmp_path / "none"), "train")
    with pytest.raises(InputError, match="cannot open split 'test'"):
        open_rows(dataset([published(0)]), "test")


def test_a_task_without_rows_is_refused(dataset: Dataset) -> None:
    rows = Rows(open_rows(dataset([published(0)]), "train"), "tones")
    with pytest.raises(InputError, match="no row of tones has the task 'positve'; did you mean 'positive'"):
        next(rows.draws({"positve": 1}, [0]))


def test_every_row_is_drawn_before_any_is_drawn_again(dataset: Dataset) -> None:
    rows = Rows(open_rows(dataset([published(k) for k in range(5)]), "train"), "tones")
    drawn = [fetch()["id"] for fetch in islice(rows.draws(None, [3]), 20)]
    assert [len(set(drawn[k : k + 5])) for k in (0, 5, 10, 15)] == [5, 5, 5, 5]
    assert drawn[:5] != drawn[5:10] != drawn[10:15]
    assert drawn == [fetch()["id"] for fetch in islice(rows.draws(None, [3]), 20)]
    assert drawn != [fetch()["id"] for fetch in islice(rows.draws(None, [4]), 20)]


def test_audio_is_found_by_its_path_from_the_datasets_folder(
    tmp_path: Path, config: Callable[..., TrainConfig]
) -> None:
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio/a.wav").write_bytes(wav())
    row: Any = published(0, audios=[{"bytes": None, "path": "audio/a.wav"}])
    (tmp_path / "train.jsonl").write_text(json.dumps(row) + "\n")
    train(config(str(tmp_path), steps=1), say=lambda _: None)


def test_a_run_is_trained_on_as_it_is(tmp_path: Path, config: Callable[..., TrainConfig]) -> None:
    clips = []
    for k, label in enumerate(("dog barking", "rain", "violin", "church bell")):
        (tmp_path / f"{k}.wav").write_bytes(wav(pitch=200 * (k + 1)))
        clips.append(AudioClip(id=str(k), audio=str(tmp_path / f"{k}.wav"), events=[SoundEvent(label=label)]))
    backbone = ScriptedBackbone(lambda messages, _: truthful(messages))
    run = synthesize(clips, out=tmp_path / "run", backbone=backbone, progress=False)
    ours = config(str(tmp_path / "run"), backbone_name=run.samples[0].provenance.backbone)
    provenance = json.loads((train(ours, say=lambda _: None) / "provenance.json").read_text())
    assert provenance["rows"] == len(run.samples)
    assert provenance["left_out"]["rows"] == 0
    with pytest.raises(InputError, match="has no split 'validation'"):
        open_rows(str(tmp_path / "run"), "validation")


@pytest.mark.parametrize("clips", [1, 2, 3, 4])
def test_the_layout_is_the_requests_own(clips: int) -> None:
    """Where the bracketed text stood the audio stands, and nothing else differs."""
    seeds = [f"seed {k}" for k in range(clips)]
    messages = Prompts().messages("positive", seeds, "What do you hear?")
    assert user_turn("What do you hear?", seeds) == messages[-1]["content"]
    assert TrainConfig.model_fields["system"].get_default(call_default_factory=True) == messages[0]["content"]


def test_any_number_of_clips_has_a_layout() -> None:
    assert "11th audio:" in user_turn("?", ["x"] * 12)
    assert user_turn("Hello.", []) == "Hello."


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("hosted_vllm/meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct", True),
        ("local", "HuggingFaceTB/SmolLM2-135M-Instruct", True),
        ("local", "HuggingFaceTB/SmolLM2-360M-Instruct", False),
        ("ollama/qwen3:8b", "qwen3", True),
        ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B", False),
    ],
)
def test_a_backbones_names(a: str, b: str, same: bool) -> None:
    assert (backbone_id(a) == backbone_id(b)) is same


def test_a_provenance_written_as_text_is_read(dataset: Dataset) -> None:
    row = published(0, provenance=json.dumps({"backbone": BACKBONE}))
    assert Rows(open_rows(dataset([row]), "train"), "tones").backbones() == {BACKBONE: 1}


def test_the_cache_tells_encoders_and_recordings_apart(tmp_path: Path, model: AudioLM) -> None:
    config = model.config.model_copy(update={"feature_cache": str(tmp_path)})
    cached, other = AudioLM(config).encoder, AudioLM(config.model_copy(update={"encoder_layers": (0, 2)})).encoder
    for encoder in (cached, other):
        first = encoder([encoder.load(wav(), "a")])[0]
        again = encoder.load(wav(), "a")
        assert again.mel is None
        assert torch.equal(encoder([again])[0], first)
        encoder([encoder.load(wav(pitch=300), "b")])
    assert len(list(tmp_path.rglob("*.safetensors"))) == 4
    assert replace(again, states=None).states is None
