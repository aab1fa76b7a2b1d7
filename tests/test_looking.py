"""`balsa init`: a recipe for a corpus that nobody wrote one for runs as it is, and what is missing is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sources import tone

from balsa_data import synthesize
from balsa_data.corpora import load_all
from balsa_data.errors import BalsaError
from balsa_data.looking import draft, look, named, remarks
from balsa_data.recipe import Recipe
from balsa_data.testing import ScriptedBackbone


def table(folder: Path) -> Path:
    (folder / "my clips.csv").write_text(
        'File,Text,Tags,speaker_id,mood\na.wav,A dog barks.,dog;rain,1,x\nb.wav,"Rain, then thunder.",rain,,y\n'
    )
    return folder / "my clips.csv"


def json_lines(folder: Path) -> Path:
    rows = [
        {"id": "a", "audio": "a.wav", "caption": "A dog barks.", "annotator": 3},
        {"id": "b", "audio": "b.wav", "transcript": "Hello.", "gender": "female", "license": "CC0-1.0"},
    ]
    (folder / "clips.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "clips.jsonl"


def manifest(folder: Path) -> Path:
    rows = [{"audio_filepath": f"{name}.wav", "duration": 1.0, "text": "hello"} for name in "ab"]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "manifest.jsonl"


def listed(folder: Path) -> Path:
    (folder / "metadata.csv").write_text("file_name,text\na.wav,A dog barks.\nb.wav,Rain falls.\n")
    return folder


def sidecars(folder: Path) -> Path:
    for name, text in (("a", "A dog barks."), ("b", "Rain falls.")):
        (folder / f"{name}.txt").write_text(text)
    return folder


def classes(folder: Path) -> Path:
    for name, label in (("a", "dog_bark"), ("b", "rain")):
        (folder / label).mkdir()
        (folder / f"{name}.wav").rename(folder / label / f"{name}.wav")
    return folder


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.wav").write_bytes(tone(0.1))
    return folder


@pytest.mark.parametrize("made", [table, json_lines, manifest, listed, sidecars, classes], ids=lambda f: f.__name__)
def test_the_recipe_of_any_corpus_runs_as_it_is(corpus: Path, made: Callable[[Path], Path]) -> None:
    path = made(corpus)
    found = look(path)
    assert (found.clips, found.bare, found.lost, found.twice) == (2, 0, 0, 0)
    out = Path(f"{named(path)}.yaml")
    out.write_text(draft(found, out))
    recipe = Recipe.load(out)
    assert recipe.corpora[0].audio == "require"
    assert all(Path(str(clip.audio)).is_file() for clip in load_all(recipe.corpora))
    run = synthesize(recipe, backbone=ScriptedBackbone(), progress=False)
    assert run.finished
    assert len(run.samples) > 0


def test_columns_are_recognised_and_what_is_not_is_said(corpus: Path) -> None:
    found = look(table(corpus))
    assert found.fields == {
        "audio": "File", "captions": "Text", "labels": "Tags", "speaker": "speaker_id", "id": "File",
    }  # fmt: skip
    assert found.options["separator"] == ";"
    assert list(remarks(found)) == [
        "not used: mood",
        "no clip has a licence, so no audio will be in what is published: tell each its `license`",
    ]


def test_what_would_stop_a_run_is_said_with_its_place(corpus: Path) -> None:
    path = corpus / "clips.csv"
    path.write_text("id,audio,caption\na,a.wav,\na,gone.wav,Rain.\n")
    said = list(remarks(look(path)))
    assert said[0].startswith(f"1 of 2 clips say nothing of what is heard, the first {path}:2: clip 'a'")
    assert said[1].startswith(f"1 clips have an id that another has, the first {path}:3")
    assert said[2].startswith(f"1 of 2 audio files are missing, the first {path}:3")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "id,audio\n1,a.wav\n", "no column is known to describe a clip"),
        ("a.csv", "caption\nRain.\n", "no column tells the clips apart"),
        ("a.csv", "id,caption\n", "no row follows"),
        ("a.jsonl", '{"id": "a", "said": "x"}\n', "no field is known to describe a clip"),
        ("a.jsonl", "", "the file is empty"),
        ("a.xlsx", "", "is not a corpus that can be told by its look"),
    ],
)
def test_what_cannot_be_told_is_one_sentence(corpus: Path, name: str, text: str, says: str) -> None:
    (corpus / name).write_text(text)
    with pytest.raises(BalsaError, match=says):
        look(corpus / name)
    with pytest.raises(BalsaError, match="no such file or folder"):
        look(corpus / "nowhere")


def test_nothing_in_a_name_leaves_the_comment_it_is_put_into(corpus: Path) -> None:
    path = corpus / "clips.jsonl"
    path.write_text(json.dumps({"id": "a", "caption": "Rain.", "x\nbackbone: evil/model": 1}) + "\n")
    out = corpus / "r.yaml"
    out.write_text(draft(look(path), out))
    assert Recipe.load(out).backbone == "local"
