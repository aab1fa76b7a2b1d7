"""The taxonomy against what others have: the AudioSet ontology, dataset class names, AudioCaps captions."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from taxonomy import measures
from taxonomy.class_names import ESC50, FSD50K, URBANSOUND8K

from balsa_data.taxonomy import default

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def ontology() -> Path:
    path = Path(os.environ.get("BALSA_ONTOLOGY") or HERE.parents[2] / "shared" / "data" / "audioset-ontology.json")
    if not path.is_file():
        pytest.skip("BALSA_ONTOLOGY names no AudioSet ontology file, and ../shared/data has none")
    return path


@pytest.mark.parametrize("label", [*ESC50, *URBANSOUND8K, *FSD50K])
def test_a_datasets_class_name_is_a_class(label: str) -> None:
    assert default().resolve(label) in default().sounds


def test_the_lists_are_whole() -> None:
    assert (len(ESC50), len(URBANSOUND8K), len(FSD50K)) == (50, 10, 200)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Bark", "dog barking"),
        ("dog_bark", "dog barking"),
        ("Vehicle horn, car horn, honking", "car horn"),
        ("Children_playing", "children playing"),
        ("Tap", "tapping"),
        ("Water_tap_and_faucet", "water tap"),
        ("Keyboard_(musical)", "keyboard instrument"),
        ("Male speech, man speaking", "male speech"),
        ("dog barking", "dog barking"),
        ("qwertz", None),
        ("", None),
        ("dog and cat", None),
    ],
)
def test_a_label_means_one_class_or_none(label: str, name: str | None) -> None:
    assert default().resolve(label) == name


@pytest.mark.parts
def test_every_audioset_label_resolves(parts: Path) -> None:
    labels = measures.audioset_labels(parts)
    assert len(labels) == 527
    assert [label for label in labels if default().resolve(label) is None] == []


def test_our_is_a_agrees_with_the_ontologys_but_for_the_listed(ontology: Path) -> None:
    pairs = measures.edges(ontology)
    differing = measures.disagreements(default(), pairs)
    listed = yaml.safe_load((HERE / "differences.yaml").read_text(encoding="utf-8"))
    assert sorted(f"{parent} > {child}" for parent, child in differing) == sorted(listed)
    assert len(differing) <= 0.05 * len(pairs)


@pytest.mark.parts
def test_a_sound_is_found_in_nearly_every_caption(parts: Path) -> None:
    share, _ = measures.missed_words(default(), measures.audiocaps(parts)[::10])
    assert share >= 0.92


def test_captions_labelled_by_hand() -> None:
    score = measures.score(default())
    assert score.precision >= 0.97, score.wrong
    assert score.recall >= 0.90, score.missed


def test_the_hand_labels_are_classes() -> None:
    rows = [json.loads(line) for line in measures.CAPTIONS.read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows) == 300
    assert {name for row in rows for name in (*row["heard"], *row.get("allowed", ()))} <= set(default().sounds)
