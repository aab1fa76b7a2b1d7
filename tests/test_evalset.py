"""Evaluation sets: a Yes is what the metadata states, a No what it cannot be taken to say, and neither can be guessed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from balsa_data.errors import CorpusError, InputError
from balsa_data.evalset import LEAN, MARGIN, EvalSet, ObjectQuestions, evalset, order
from balsa_data.facts import akin, heard, supported
from balsa_data.recipe import NegativeSpec, Recipe
from balsa_data.schemas import AudioClip, SoundEvent, SpeechSegment
from balsa_data.taxonomy import default

TAXONOMY = default()
NAMES = sorted(name for name, sound in TAXONOMY.sounds.items() if not sound.generic)
COLUMNS = ["entry_id", "audio_index", "prompt_text", "object", "attribute", "label", "sampling"]
LABELS = "dog barking|car horn|rain|violin|church bell|male speech|sawing|helicopter|frog croaking|typing".split("|")
MANY = [
    AudioClip(id=f"c{i}{j}", events=[SoundEvent(label=LABELS[i]), SoundEvent(label=LABELS[(i + j) % len(LABELS)])])
    for i in range(len(LABELS))
    for j in (1, 2, 3, 4)
]


def rows(made: EvalSet) -> list[dict[str, Any]]:
    files = (made.folder / f"{name}.jsonl" for name in made.questions)
    return [json.loads(line) for file in files for line in file.read_text("ascii").splitlines()]


def asked(clip: AudioClip, folder: Path, label: str) -> set[str]:
    """The sounds that one clip among many others is asked for with this answer, over all samplings and some seeds."""
    found = set()
    for seed in range(6):
        made = evalset(Recipe.make(seed=seed), folder / str(seed), clips=[clip, *MANY])
        found |= {r["object"] for r in rows(made) if r["audio_index"] == clip.id and r["label"] == label}
    return found


@st.composite
def corpora(draw: st.DrawFn) -> list[AudioClip]:
    """Clips with labels of the taxonomy, or captions that affirm some sounds, deny, doubt or merely name others."""
    sentences = ["{} can be heard.", "There is no {}.", "Perhaps {} is heard.", "Someone beside {}.", "{} and {}"]
    clips = []
    for number in range(draw(st.integers(2, 12))):
        names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))
        phrases = [TAXONOMY.sounds[name].phrase for name in names]
        if draw(st.booleans()):
            clips.append(AudioClip(id=f"c{number}", events=[SoundEvent(label=name) for name in names]))
        else:
            captions = [draw(st.sampled_from(sentences)).format(phrase, phrase) for phrase in phrases]
            clips.append(AudioClip(id=f"c{number}", captions=captions))
    return clips


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(clips=corpora())
def test_no_question_contradicts_the_metadata(clips: list[AudioClip]) -> None:
    facts = {clip.id: heard(clip) for clip in clips}
    objects = ObjectQuestions([(clip, facts[clip.id]) for clip in clips], TAXONOMY, NegativeSpec())
    for clip in clips:
        present = facts[clip.id]
        for _, yes, no in objects.pairs(clip, present, Random(clip.id)):
            assert yes in present
            assert not supported(no, present)
            assert not any(akin(no, sound) for sound in present)
            assert not any(TAXONOMY.confusable(no, sound) for sound in present if sound in TAXONOMY.sounds)
            assert any(no in other for other in facts.values())


@settings(max_examples=400)
@given(
    st.lists(
        st.tuples(st.sampled_from([*LABELS, "dog", "speech", "engine", "car"]), st.integers(0, 80), st.integers(0, 20)),
        max_size=6,
    )
)
def test_order_is_never_asked_against_the_times(spans: list[tuple[str, int, int]]) -> None:
    events = [SoundEvent(label=label, onset=at / 10, offset=(at + length) / 10) for label, at, length in spans]
    found = order(AudioClip(id="c", events=events), TAXONOMY)
    for first, second in found:
        assert (second, first) not in found
        ends = [e.offset or 0 for e in events if akin(TAXONOMY.resolve(e.label) or "", first)]
        begins = [e.onset or 0 for e in events if akin(TAXONOMY.resolve(e.label) or "", second)]
        assert max(ends) + MARGIN <= min(begins)


def timed(label: str, onset: float | None, offset: float | None) -> SoundEvent:
    return SoundEvent(label=label, onset=onset, offset=offset)


def test_order_is_asked_of_what_is_surely_apart() -> None:
    def pairs(*events: SoundEvent, **fields: Any) -> list[tuple[str, str]]:
        return order(AudioClip(id="c", events=events, **fields), TAXONOMY)

    dog, horn = timed("dog barking", 0, 1), timed("car horn", 3, 4)
    assert pairs(dog, horn) == [("dog barking", "car horn")]
    assert pairs(dog, timed("car horn", 1.2, 2)) == []  # as good as together
    assert pairs(dog, horn, timed("dog", 5, 6)) == []  # an animal of its kind later
    assert pairs(dog, timed("car horn", None, None)) == []
    assert pairs(dog, timed("honking", 3, 4)) == []  # too broad to be asked for
    said = SpeechSegment(transcript="Sit!", start=5, end=6, gender="female")
    assert ("dog barking", "female speech") in pairs(dog, speech=[said])


@pytest.mark.parametrize(
    ("caption", "never"),
    [
        ("A man works on a wooden board while rain falls.", {"male speech", "male voice", "man laughing"}),
        ("Rain falls on a helicopter.", {"helicopter"}),
    ],
)
def test_what_is_merely_named_asks_for_no_no(caption: str, never: set[str], tmp_path: Path) -> None:
    assert not asked(AudioClip(id="it", captions=[caption]), tmp_path, "No") & {"rain", *never}


@pytest.mark.parametrize(
    ("caption", "yes"),
    [
        ("A dog barks in the rain.", {"dog barking", "rain"}),
        ("Rain falls, perhaps a dog barks.", {"rain"}),
        ("Rain falls, no dog barks.", {"rain"}),
        ("A woman talks in a high voice to a horse.", {"female speech"}),
        ("A man speaks to a dog barking at him.", {"male speech", "dog barking"}),
        ("A tiger roars and a violin plays.", {"violin"}),  # of the class called "a lion"
    ],
)
def test_a_yes_is_stated_in_its_own_words_and_without_doubt(caption: str, yes: set[str], tmp_path: Path) -> None:
    assert asked(AudioClip(id="it", captions=[caption]), tmp_path, "Yes") == yes


def test_a_clip_with_a_label_nobody_knows_is_left_out_and_counted(tmp_path: Path) -> None:
    odd = AudioClip(id="odd", events=[SoundEvent(label="dog barking"), SoundEvent(label="xylomorphone 7")])
    made = evalset(Recipe.make(), tmp_path / "set", clips=[odd, *MANY])
    assert made.left_out == {"a label that the taxonomy does not know": 1}
    assert (made.clips, made.of_clips) == (len(MANY), len(MANY) + 1)


def test_yes_and_no_are_balanced_by_clip_and_by_sound(tmp_path: Path) -> None:
    made = evalset(Recipe.make(), tmp_path / "set", clips=MANY)
    found = rows(made)
    assert [r["label"] for r in found] == ["Yes", "No"] * (len(found) // 2)
    for yes, no in zip(found[::2], found[1::2], strict=True):
        assert yes["audio_index"] == no["audio_index"]
        assert yes["prompt_text"].replace(TAXONOMY.sounds[yes["object"]].phrase, "") == no["prompt_text"].replace(
            TAXONOMY.sounds[no["object"]].phrase, ""
        )
    for sampling, share in made.blind.items():
        count = Counter((r["object"], r["label"]) for r in found if r["sampling"] == sampling)
        sounds = {sound for sound, _ in count}
        assert all(abs(count[s, "Yes"] - count[s, "No"]) <= LEAN for s in sounds)
        assert share == sum(max(count[s, "Yes"], count[s, "No"]) for s in sounds) / count.total()
        assert made.objects[sampling] == len(sounds)


def test_the_same_again_byte_for_byte_and_another_with_another_seed(tmp_path: Path) -> None:
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        evalset(Recipe.make(name="x", seed=seed), tmp_path / folder, clips=MANY)
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    assert (tmp_path / "a/random.jsonl").read_bytes() != (tmp_path / "c/random.jsonl").read_bytes()


def test_datasets_opens_every_config_with_the_fields_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    ordered = AudioClip(id="t", events=[timed("dog barking", 0, 1), timed("car horn", 3, 4)])
    made = evalset(Recipe.make(), tmp_path / "set", clips=[*MANY, ordered])
    assert datasets.get_dataset_config_names(str(made.folder)) == ["random", "popular", "adversarial", "temporal"]
    for name, count in made.questions.items():
        table = datasets.load_dataset(str(made.folder), name, split="test", cache_dir=str(tmp_path / "cache"))
        assert (table.column_names, len(table)) == (COLUMNS, count)
        assert [r for r in rows(made) if r["sampling"] == name] == table.to_list()
    yes, no = (r for r in rows(made) if r["sampling"] == "temporal")
    assert (yes["object"], no["object"]) == ("dog barking before car horn", "car horn before dog barking")


def test_recordings_come_along_named_by_their_index_with_what_is_known_of_each(tmp_path: Path) -> None:
    (tmp_path / "a b.flac").write_bytes(b"fLaC....")
    clips = [
        AudioClip(id="dir/a b.wav", audio=str(tmp_path / "a b.flac"), captions=["A dog barks."], license="CC0-1.0"),
        AudioClip(id="b", audio=b"RIFF....WAVE", captions=["A dog barks.", "Barking"]),
        *(clip.model_copy(update={"audio": "gone.wav"}) for clip in MANY),
    ]
    made = evalset(Recipe.make(), tmp_path / "set", clips=clips)
    names = sorted(p.name for p in (made.folder / "audio").iterdir())
    assert made.recordings == len(names) == 2
    with (made.folder / "clips.csv").open(encoding="utf-8", newline="") as file:
        known = {line["audio_index"]: line for line in csv.DictReader(file)}
    assert {r["audio_index"] for r in rows(made)} == set(known)
    index = next(i for i, line in known.items() if line["clip_id"] == "dir/a b.wav")
    assert names == ["b.wav", f"{index}.flac"]
    assert known[index]["license"] == "CC0-1.0"
    assert "dog" in known["b"]["metadata"].lower()
    assert "CC0-1.0" in (made.folder / "README.md").read_text("utf-8")


def test_what_gives_no_question_is_one_sentence(tmp_path: Path) -> None:
    alike = [AudioClip(id=f"s{i}", speech=[SpeechSegment(transcript="Hello.")]) for i in range(3)]
    with pytest.raises(InputError, match=r"gives no question.*3 clips: no pair of sounds"):
        evalset(Recipe.make(), tmp_path / "set", clips=alike)
    assert not (tmp_path / "set").exists()
    with pytest.raises(CorpusError, match="no clips"):
        evalset(Recipe.make(), tmp_path / "set", clips=[])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with pytest.raises(InputError, match="not an empty folder"):
        evalset(Recipe.make(), tmp_path / "full", clips=MANY)


def balsa(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "balsa_data.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)


def test_the_command(tmp_path: Path) -> None:
    lines = "".join(clip.model_dump_json(exclude_defaults=True) + "\n" for clip in MANY)
    (tmp_path / "clips.jsonl").write_text(lines, "utf-8")
    (tmp_path / "mine.yaml").write_text("corpora: {reader: jsonl, path: clips.jsonl}\n", "utf-8")
    told = balsa("evalset", "mine.yaml", "--out", "set", "--json", cwd=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert set(json.loads(told.stdout)["questions"]) == {"random", "popular", "adversarial"}
    again = balsa("evalset", "mine.yaml", "--out", "set", cwd=tmp_path)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "set exists and is not an empty folder" in again.stderr
    (tmp_path / "held.yaml").write_text(
        "corpora: {reader: jsonl, path: clips.jsonl}\npublish: {test_fraction: 0.6}\n", "utf-8"
    )
    said = {name: balsa("evalset", f"{name}.yaml", "--out", name, cwd=tmp_path).stdout for name in ("mine", "held")}
    assert {name for name, text in said.items() if "no clip is held out" in text} == {"mine"}
    assert "Example: balsa evalset" in balsa("evalset", "--help", cwd=tmp_path).stdout


def test_a_recipe_whose_corpus_is_not_here_is_shown_all_the_same(tmp_path: Path) -> None:
    shown = balsa("show", "audiocaps", cwd=tmp_path)
    assert shown.returncode == 0
    assert shown.stdout.startswith("# AudioCaps")
    assert "no clip to show yet: data/audiocaps/train.csv: no such file" in shown.stderr
    assert shown.stderr.count("\n") == 1


@pytest.mark.parts
def test_real_captions_and_tags(parts: Path, tmp_path: Path) -> None:
    labels = {"labels": "audioset_labels.csv"}
    corpora = [
        {"reader": "audiocaps", "path": str(parts / "text" / "audiocaps_train.csv"), "limit": 300},
        {"reader": "audioset", "path": str(parts / "text" / "audioset_balanced.csv"), "limit": 300, "options": labels},
    ]
    made = evalset(Recipe.make(corpora=corpora), tmp_path / "set")
    assert made.clips > 450
    assert set(made.questions) == {"random", "popular", "adversarial"}
    assert all(share < 0.7 for share in made.blind.values())
