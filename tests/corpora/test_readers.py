"""What single readers do beyond the contract: splits, units, codes, and rows that must not become claims."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from balsa_data.corpora import load
from balsa_data.errors import CorpusError

Corpus = Callable[[str], Any]


def ids(corpus: Corpus, reader: str, **options: object) -> list[str]:
    made = corpus(reader)
    given = made.says.get("options", {}) | options
    return [clip.id for clip in load(reader, made.root / made.says["path"], options=given)]


@pytest.mark.parametrize(
    ("reader", "options", "expected"),
    [
        ("fsd50k", {"split": "train"}, ["900001"]),
        ("fsd50k", {"split": "val"}, ["900002"]),
        ("esc50", {"folds": [2]}, ["2-900002-B-36"]),
        ("urbansound8k", {"folds": [10]}, ["900263-2-0-117"]),
        ("vggsound", {"split": "train"}, ["--fakeVid02_30000"]),
        ("librispeech", {"subsets": ["dev-clean"]}, ["9001-70001-0000", "9001-70001-0001", "9002-70002-0000"]),
        ("iemocap", {"unit": "dialog"}, ["Ses01F_impro01"]),
    ],
)
def test_takes_the_part_that_was_asked_for(
    corpus: Corpus, reader: str, options: dict[str, object], expected: list[str]
) -> None:
    assert ids(corpus, reader, **options) == expected


def test_a_subset_that_is_not_there_is_named(corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match="dev-claen: no such folder; did you mean 'dev-clean'"):
        ids(corpus, "librispeech", subsets=["dev-claen"])


def test_iemocap_dialogues_have_the_times_of_their_turns(corpus: Corpus) -> None:
    (clip,) = load("iemocap", corpus("iemocap").root, options={"sessions": [1], "unit": "dialog"})
    assert [(s.start, s.end, s.speaker, s.emotion) for s in clip.speech] == [
        (6.2901, 8.2357, "Ses01F", "neutral"),
        (10.01, 11.3925, "Ses01M", None),  # the annotators did not agree
    ]
    assert [(e.label, e.onset, e.offset) for e in clip.events] == [("laughter", 10.01, 11.3925)]


def test_crema_d_leaves_out_the_recording_that_is_silent(corpus: Corpus) -> None:
    made = corpus("crema_d")
    (made.root / "AudioWAV" / "1076_MTI_SAD_XX.wav").touch()
    assert len(list(made.load())) == 2


def test_meld_takes_no_duration_from_an_utterance_that_ends_before_it_starts(corpus: Corpus) -> None:
    made = corpus("meld")
    with (made.root / "dev_sent_emo.csv").open("a", encoding="utf-8") as out:
        out.write('3,Oh.,Ada,neutral,neutral,1,0,4,7,"00:20:57,256","00:20:56,000"\n')
    assert [clip.duration for clip in made.load()] == [2.793, 1.334, None]


@pytest.mark.parametrize(
    ("reader", "file", "says"),
    [
        ("crema_d", "AudioWAV/1901_XXX_ANG_HI.wav", "field 'sentence' has the unknown code 'XXX'"),
        ("crema_d", "AudioWAV/1999_IEO_ANG_HI.wav", "actor 1999 is not in VideoDemographics.csv"),
        ("ravdess", "Actor_01/notes.wav", "'notes' is not of the form 03-<channel>"),
        ("vocalsound", "audio_16k/f0003_0_yawn.wav", "field 'sound' has the unknown code 'yawn'"),
        ("gtzan", "genres/polka/polka.00001.wav", "field 'genre' has the unknown code 'polka'"),
    ],
)
def test_a_file_that_is_not_of_the_corpus_is_named(corpus: Corpus, reader: str, file: str, says: str) -> None:
    made = corpus(reader)
    (made.root / file).parent.mkdir(exist_ok=True)
    (made.root / file).touch()
    message = made.refusal()
    assert message.startswith(f"{file}: ")
    assert says in message


def test_audioset_refuses_a_label_that_its_labels_file_lacks(corpus: Corpus) -> None:
    made = corpus("audioset")
    with (made.root / "balanced_train_segments.csv").open("a") as out:
        out.write('-fakeVid_04, 1.000, 2.000, "/m/0none"\n')
    assert made.refusal() == (
        "balanced_train_segments.csv:6: field 'positive_labels' has the unknown code '/m/0none'; there are: "
        "/m/05zppz, /m/09x0r, /t/dd00088"
    )


def test_wavcaps_tells_which_recording_a_clip_is_of(tmp_path: Path) -> None:
    def one(source: str, file: str, name: str) -> str | None:
        path = tmp_path / "json_files" / source / file
        path.parent.mkdir(parents=True)
        entry = {"id": name, "caption": "Rain.", "duration": 3, "audio": "wav_path"}
        path.write_text(json.dumps({"num_captions_per_audio": 1, "data": [entry]}), "utf-8")
        (clip,) = load("wavcaps", tmp_path, options={"source": source})
        assert clip.audio == str(tmp_path / "Audio" / source / f"{name.removesuffix('.wav')}.flac")
        return clip.recording

    assert one("AudioSet_SL", "as_final.json", "YfakeVideo01.wav") == "youtube:fakeVideo01"
    assert one("FreeSound", "fsd_final.json", "900001") == "freesound:900001"
    assert one("BBC_Sound_Effects", "bbc_final.json", "NHU900") == "wavcaps:BBC_Sound_Effects/NHU900"


def test_lhotse_reads_cuts_and_gzip(corpus: Corpus) -> None:
    root = corpus("lhotse").root
    clips = list(load("lhotse", root / "cuts.jsonl"))
    assert [(c.id, c.recording, len(c.speech)) for c in clips] == [
        ("meeting-1-0", "meeting-1", 2),
        ("meeting-2-1", "meeting-2", 1),
    ]
    for name in ("recordings", "supervisions"):
        plain = root / f"ours_{name}_dev.jsonl"
        Path(f"{plain}.gz").write_bytes(gzip.compress(plain.read_bytes()))
    zipped, plain_clips = root / "ours_supervisions_dev.jsonl.gz", load("lhotse", root / "ours_supervisions_dev.jsonl")
    assert list(load("lhotse", zipped)) == list(plain_clips)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("short_cuts.jsonl", "the cut is not the whole of recording 'meeting-1'"),
        ("mixed_cuts.jsonl", "the MixedCut has no recording of its own"),
        ("ours_recordings_dev.jsonl", "these are recordings"),
    ],
)
def test_lhotse_refuses_what_is_not_one_whole_file(corpus: Corpus, file: str, says: str) -> None:
    with pytest.raises(CorpusError, match=says):
        list(load("lhotse", corpus("lhotse").root / file))


def test_nemo_refuses_an_excerpt_and_hides_where_audio_lies(tmp_path: Path) -> None:
    manifest = tmp_path / "m.json"
    row = {"audio_filepath": str(tmp_path / "wavs" / "a.wav"), "duration": 2.0, "text": "hello"}
    manifest.write_text(json.dumps(row) + "\n", "utf-8")
    assert [c.id for c in load("nemo", manifest)] == ["wavs/a.wav"]
    manifest.write_text(json.dumps(row | {"audio_filepath": "/elsewhere/a.wav"}) + "\n", "utf-8")
    assert [c.id for c in load("nemo", manifest)] == ["a.wav"]
    manifest.write_text(json.dumps(row | {"offset": 3.5}) + "\n", "utf-8")
    with pytest.raises(CorpusError, match=r"m.json:1: the row starts 3.5 s into .*: cut the audio first"):
        list(load("nemo", manifest))


class TestFolder:
    def make(self, root: Path, *files: str) -> Path:
        for name in files:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("A dog barks.\n" if name.endswith(".txt") else "", "utf-8")
        return root

    def test_class_folders(self, tmp_path: Path) -> None:
        root = self.make(tmp_path, "Dog_bark/2.wav", "Dog_bark/1.wav", "rain/a.FLAC", ".cache/x.wav", "rain/._a.wav")
        assert [(c.id, c.events[0].label) for c in load("folder", root)] == [
            ("Dog_bark/1.wav", "dog bark"),
            ("Dog_bark/2.wav", "dog bark"),
            ("rain/a.FLAC", "rain"),
        ]

    def test_a_folder_never_becomes_a_sound_where_texts_describe(self, tmp_path: Path) -> None:
        root = self.make(tmp_path, "wavs/1.wav", "wavs/1.txt", "wavs/2.wav")
        with pytest.raises(CorpusError, match=r"2.wav: no 2.txt or 2.json is beside it"):
            list(load("folder", root))

    def test_a_file_that_nothing_describes(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match=r"1.wav: nothing describes this file"):
            list(load("folder", self.make(tmp_path, "1.wav")))

    def test_no_audio_at_all(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match="is in this folder or below it"):
            list(load("folder", self.make(tmp_path, "1.txt")))

    def test_a_sidecar_does_not_rename_its_clip(self, tmp_path: Path) -> None:
        root = self.make(tmp_path, "1.wav")
        (root / "1.json").write_text('{"id": "other", "caption": "Rain."}', "utf-8")
        with pytest.raises(CorpusError, match=r"1.json: field 'id' is given by the audio file itself"):
            list(load("folder", root))


class TestCsv:
    def read(self, root: Path, text: str, **options: object) -> list[Any]:
        (root / "t.tsv").write_text(text, "utf-8")
        return list(load("csv", root / "t.tsv", options=options))

    def test_columns_are_found_by_the_fields_own_names(self, tmp_path: Path) -> None:
        (clip,) = self.read(tmp_path, "id\tcaption\tgender\tother\n1\tA man hums.\tmale\tx\n")
        assert (clip.captions, clip.attributes) == (("A man hums.",), {"gender": "male"})

    def test_a_named_column_must_be_there(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match=r"no column 'tag' \(option columns.labels\); did you mean 'tags'"):
            self.read(tmp_path, "id\ttags\n1\tx\n", columns={"labels": "tag"})

    def test_a_table_that_describes_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match="no column describes a clip"):
            self.read(tmp_path, "id\tfile\n1\tx\n")

    def test_an_id_is_needed(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match="no column 'id'"):
            self.read(tmp_path, "name\tcaption\n1\tx\n")
        with pytest.raises(CorpusError, match=r"t.tsv:3: field 'id' is empty"):
            self.read(tmp_path, "id\tcaption\n1\tx\n \ty\n")
