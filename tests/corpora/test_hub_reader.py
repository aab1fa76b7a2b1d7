"""The hub reader on dataset folders written by `datasets` itself; no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest

from balsa_data.corpora import load
from balsa_data.errors import CorpusError


@pytest.fixture
def dataset() -> datasets.Dataset:
    features = datasets.Features(
        {
            "audio": {"bytes": datasets.Value("binary"), "path": datasets.Value("string")},
            "text": datasets.Value("string"),
            "class": datasets.ClassLabel(names=["dog", "rain"]),
            "also": datasets.List(datasets.ClassLabel(names=["wind", "car"])),
        }
    )
    rows = [
        {"audio": {"bytes": b"RIFF1", "path": "1.wav"}, "text": "A dog barks.", "class": 0, "also": [1, 0]},
        {"audio": {"bytes": b"RIFF2", "path": "2.wav"}, "text": None, "class": 1, "also": []},
    ]
    # As repos publish it: a column that decodes, which the reader must keep it from doing.
    return datasets.Dataset.from_list(rows, features=features).cast_column("audio", datasets.Audio(sampling_rate=16000))


OPTIONS: dict[str, Any] = {"columns": {"captions": "text", "labels": ["class", "also"]}}


def check(clips: list[Any]) -> None:
    assert [(c.id, c.audio) for c in clips] == [("train-0", b"RIFF1"), ("train-1", b"RIFF2")]
    assert [[e.label for e in c.events] for c in clips] == [["dog", "car", "wind"], ["rain"]]
    assert [c.captions for c in clips] == [("A dog barks.",), ()]


def test_parquet_with_classes_and_undecoded_audio(tmp_path: Path, dataset: datasets.Dataset) -> None:
    dataset.to_parquet(tmp_path / "train.parquet")
    check(list(load("hub", tmp_path, options=OPTIONS, audio="require")))


def test_a_saved_dataset(tmp_path: Path, dataset: datasets.Dataset) -> None:
    dataset.save_to_disk(tmp_path / "one")
    check(list(load("hub", tmp_path / "one", options=OPTIONS)))
    datasets.DatasetDict(train=dataset).save_to_disk(tmp_path / "dict")
    check(list(load("hub", tmp_path / "dict", options=OPTIONS)))
    with pytest.raises(CorpusError, match="no split 'tran'; did you mean 'train'"):
        list(load("hub", tmp_path / "dict", options={**OPTIONS, "split": "tran"}))


def test_an_audio_folder(tmp_path: Path) -> None:
    for name in ("dog/1.wav", "rain/2.wav"):
        (tmp_path / "train" / name).parent.mkdir(parents=True)
        (tmp_path / "train" / name).write_bytes(b"RIFF")
    clips = list(load("hub", tmp_path, audio="require"))
    assert [[e.label for e in c.events] for c in clips] == [["dog"], ["rain"]]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"columns": {"captions": "txt"}}, r"no column 'txt' \(option columns.captions\); did you mean 'text'"),
        ({}, "no column describes a clip"),
        ({**OPTIONS, "split": "validation"}, r"validation\), row 0: datasets cannot read it \(.*validation"),
    ],
)
def test_what_is_not_there_is_named(
    tmp_path: Path, dataset: datasets.Dataset, options: dict[str, Any], says: str
) -> None:
    dataset.to_parquet(tmp_path / "train.parquet")
    with pytest.raises(CorpusError, match=says) as caught:
        list(load("hub", tmp_path, options=options))
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="none: no such folder"):
        list(load("hub", tmp_path / "none"))
