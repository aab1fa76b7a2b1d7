"""What `load` lets through, and what it refuses in one sentence before anything is paid for."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from balsa_data.corpora import load
from balsa_data.errors import CorpusError, InputError, RecipeError


def jsonl(folder: Path, *rows: Mapping[str, object]) -> Path:
    file = folder / "clips.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return file


def refused(file: Path, reader: str = "jsonl", **arguments: object) -> str:
    with pytest.raises(CorpusError) as caught:
        list(load(reader, file, **arguments))  # type: ignore[arg-type]  # what varies is what is tested
    return str(caught.value).replace(f"{file.parent}{os.sep}", "")


def test_names_the_dataset_and_fills_the_licence(tmp_path: Path) -> None:
    file = jsonl(
        tmp_path, {"id": "a", "caption": "Rain."}, {"id": "b", "caption": "Hail.", "dataset": "x", "license": "CC0-1.0"}
    )
    assert [(c.dataset, c.license) for c in load("jsonl", file)] == [("clips", None), ("x", "CC0-1.0")]
    assert [c.dataset for c in load("jsonl", file, dataset="mine")] == ["mine", "x"]


def test_lines_can_be_left_out_by_id_and_a_voice_is_told_beside_its_words(tmp_path: Path) -> None:
    file = jsonl(
        tmp_path,
        {"id": "beep-1", "transcript": "<beep>"},
        {"id": "a", "transcript": "Hello.", "gender": "female", "language": "en"},
    )
    (clip,) = load("jsonl", file, options={"leave_out": ["beep*"]})
    assert [(s.transcript, s.gender, s.language) for s in clip.speech] == [("Hello.", "female", "en")]
    assert "unknown field 'gender'" in refused(jsonl(tmp_path, {"id": "a", "caption": "Rain.", "gender": "female"}))


def test_an_id_that_is_there_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    file = jsonl(tmp_path, *({"id": i, "caption": "Rain."} for i in "abcb"))
    assert refused(file) == (
        "clips.jsonl:4: clip 'b' is there twice (first at clips.jsonl:2): give each clip an id of its own"
    )


def test_a_row_that_says_nothing_is_named(tmp_path: Path) -> None:
    file = jsonl(tmp_path, {"id": "a", "caption": "Rain."}, {"id": "b", "captions": [], "audio": "b.wav"})
    assert refused(file).startswith("clips.jsonl:2: clip 'b' has no caption, event, speech or attribute")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"id": "a", "caption": "Rain.", "duration": -1}, "clips.jsonl:1: duration: Input should be greater than 0"),
        ({"caption": "Rain."}, "clips.jsonl:1: id: Field required"),
        ({"id": "a", "captoins": ["Rain."]}, "clips.jsonl:1: unknown field 'captoins'; did you mean 'captions'?"),
        ({"id": "a", "caption": "Rain.", "captions": ["Rain."]}, "field 'caption' is given beside 'captions'"),
        ({"id": "a", "caption": 3}, "clips.jsonl:1: captions.0: Input should be a valid string"),
        ({"id": "a", "events": [{"label": "dog", "onset": 2, "offset": 1}]}, "events.0.offset: 1 lies before 2"),
    ],
)
def test_a_wrong_field_is_named_with_the_line(tmp_path: Path, row: dict[str, object], says: str) -> None:
    assert says in refused(jsonl(tmp_path, row))


def test_a_corpus_without_clips_is_refused(tmp_path: Path) -> None:
    assert (
        refused(jsonl(tmp_path)) == "clips.jsonl: the corpus is empty: look whether the path and the options are right"
    )


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    jsonl(tmp_path)
    assert refused(tmp_path / "clip.jsonl") == "clip.jsonl: no such file; did you mean 'clips.jsonl'?"
    assert "nor the folder" in refused(tmp_path / "none" / "clips.jsonl")


def test_a_folder_where_a_file_belongs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clips.jsonl").mkdir()
    assert refused(tmp_path / "clips.jsonl").startswith("clips.jsonl:1: cannot be read")


def test_audio_ignored_required_or_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    audio = {"0": "a.wav", "1": "b.wav", "2": None, "3": "https://example.org/d.wav"}
    rows: list[dict[str, object]] = [{"id": i, "caption": "Rain.", "audio": a} for i, a in audio.items()]
    file = jsonl(tmp_path, *rows)
    assert len(list(load("jsonl", file))) == 4
    assert refused(file, audio="require").startswith("clips.jsonl:2: clip '1' has no audio file at b.wav: put")
    clips = load("jsonl", file, audio="skip")
    assert [c.id for c in clips] == ["0", "3"]
    assert (clips.taken, clips.skipped) == (2, 2)


def test_unknown_reader_and_option_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown reader 'audiocap'; did you mean 'audiocaps'"):
        load("audiocap", tmp_path)
    with pytest.raises(RecipeError, match="no option 'adio'; did you mean 'audio'"):
        load("audiocaps", tmp_path, options={"adio": "x"})
    with pytest.raises(RecipeError, match="split"):
        load("fsd50k", tmp_path, options={"split": "trian"})


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(ids=st.lists(st.text(min_size=1).map(str.strip).filter(bool), min_size=1, max_size=30))
def test_all_ids_come_out_or_a_repeated_one_is_named(tmp_path_factory: pytest.TempPathFactory, ids: list[str]) -> None:
    file = jsonl(tmp_path_factory.mktemp("ids"), *({"id": i, "caption": "Rain."} for i in ids))
    if len(set(ids)) == len(ids):
        assert [c.id for c in load("jsonl", file)] == ids
    else:
        assert "is there twice" in refused(file)


@pytest.mark.parts
@pytest.mark.skipif("BALSA_PARTS" not in os.environ, reason="BALSA_PARTS names no folder of real parts")
class TestOnRealFiles:
    """The published files themselves: 49,810 captions of AudioCaps and 22,160 segments of AudioSet."""

    def test_audiocaps_gives_every_caption(self) -> None:
        file = Path(os.environ["BALSA_PARTS"]) / "text" / "audiocaps_train.csv"
        assert sum(len(clip.captions) for clip in load("audiocaps", file)) == 49810

    def test_audiocaps_streams(self, tmp_path: Path) -> None:
        whole = (
            (Path(os.environ["BALSA_PARTS"]) / "text" / "audiocaps_train.csv").read_bytes().splitlines(keepends=True)
        )
        (tmp_path / "train.csv").write_bytes(b"".join(whole[:5001]))
        del whole
        tracemalloc.start()
        assert sum(1 for _ in load("audiocaps", tmp_path / "train.csv")) == 5000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4e6  # held as clips, 5,000 captions take 8.6 MB

    def test_audioset_finds_all_its_labels(self) -> None:
        file = Path(os.environ["BALSA_PARTS"]) / "text" / "audioset_balanced.csv"
        clips = list(load("audioset", file, options={"labels": "audioset_labels.csv"}))
        assert len(clips) == 22160
        assert sum(len(clip.events) for clip in clips) == 52882  # as the file's own comment counts
        assert len({event.label for clip in clips for event in clip.events}) == 527
