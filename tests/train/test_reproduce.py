"""The reproduction: nothing crosses the split, labels are exact, and the table says what the answers say."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from balsa_data.prompting import Prompts

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "reproduce"))

import arms
import soundscapes
import table

GROUPS = {"bird": 9, "drum": 40, "robot": 5, "insect": 4}


@pytest.fixture
def sides() -> dict[str, list[soundscapes.Recording]]:
    found = [
        soundscapes.Recording(f"{group}-{k}", group, np.full(1600 + 16 * k, 0.5, np.float32))
        for group, count in GROUPS.items()
        for k in range(count)
    ]
    return soundscapes.split(found, seed=3)


def test_no_recording_and_no_unseen_class_crosses_the_split(sides: dict[str, list[soundscapes.Recording]]) -> None:
    ids = {name: {r.id for r in side} for name, side in sides.items()}
    assert not ids["train"] & ids["test"]
    assert {r.group for r in sides["unseen"]} == {"insect"}
    assert {r.group for r in sides["train"]} == {r.group for r in sides["test"]} == {"bird", "drum", "robot"}
    used = {
        name: {s for scape in soundscapes.mix(side, 30, seed=1) for s in scape.sources} for name, side in sides.items()
    }
    assert all(used[name] <= ids[name] for name in sides)


def test_a_soundscapes_labels_are_its_recordings(sides: dict[str, list[soundscapes.Recording]]) -> None:
    """Groups come as often as each other, and each event lies where its recording does."""
    scapes = soundscapes.mix(sides["train"], 30, seed=1)
    assert [len(scape.events) for scape in scapes[:6]] == [1, 1, 2, 1, 1, 2]
    often = Counter(group for scape in scapes for group, _, _ in scape.events)
    assert max(often.values()) - min(often.values()) <= 2
    for scape in scapes:
        assert [source.rpartition("-")[0] for source in scape.sources] == [group for group, _, _ in scape.events]
        for _, onset, offset in scape.events:
            inside = scape.samples[round(onset * soundscapes.RATE) : round(offset * soundscapes.RATE)]
            assert np.abs(inside[8:-8]).min() > 0.4


def test_questions_ask_for_what_is_there_and_as_often_for_what_is_not(
    sides: dict[str, list[soundscapes.Recording]],
) -> None:
    scapes = soundscapes.mix(sides["test"], 20, seed=1)
    rows = soundscapes.questions(scapes, ["bird", "drum", "insect", "robot"], seed=0)
    there = {scape.id: {group for group, _, _ in scape.events} for scape in scapes}
    assert all((row["object"] in there[row["audio_index"]]) == (row["label"] == "Yes") for row in rows)
    assert Counter((row["sampling"], row["label"]) for row in rows)["random", "Yes"] == len(rows) / 6


def answers(correct: bool) -> dict[str, Any]:
    asked = [("a", "yes"), ("a", "no"), ("b", "yes"), ("b", "no")]
    return {
        "test": {
            "questions": [
                {
                    "audio_index": clip, "label": label,
                    "response": "Yes." if label == "yes" or not correct else "No.", "swapped": "Yes.",
                }
                for clip, label in asked
            ],
            "descriptions": [{"audio_index": clip, "cover": 0.5, "hal": 1.0, "chair": None} for clip in ("a", "b")],
        },
        "instructions": [{"followed": float(correct), "followed_by_bare_backbone": 1.0, "identical": 0.0}] * 20,
    }  # fmt: skip


def test_the_table_says_what_the_answers_say() -> None:
    given = {"positives only": [answers(False)] * 2, "+ negatives": [answers(True)] * 2}
    rows = table.figures(given, "test")
    found = {(row["arm"], row["metric"]): row for row in rows}
    yes_sayer = found["positives only", "accuracy"]
    assert (yes_sayer["value"], yes_sayer["low"], yes_sayer["high"], yes_sayer["seeds"]) == (0.5, 0.5, 0.5, [0.5, 0.5])
    assert found["positives only", "weighted F1"]["value"] == pytest.approx((2 / 3) / 2)
    assert found["positives only", 'F1 of "no"']["value"] == 0
    assert found["+ negatives", "accuracy"]["value"] == found["+ negatives", "accuracy, strict"]["value"] == 1
    assert found["+ negatives", "accuracy"]["gain_low"] == found["+ negatives", "accuracy"]["gain"] == 0.5
    assert found["+ negatives", "swapped accuracy"]["value"] == 0.5
    assert found["+ negatives", "Cover"]["gain"] == 0
    assert ("+ negatives", "CHAIR") not in found  # nobody mentioned anything
    assert "| + negatives: gain | +50.0 [50.0, 50.0] |" in table.markdown(rows)
    forgotten = table.markdown(table.figures(given, "instructions"))
    assert "| positives only | 0.0 [0.0, 0.0] | 100.0 [100.0, 100.0] |" in forgotten
    assert "| + negatives | 100.0 [100.0, 100.0] | 100.0 [100.0, 100.0] |" in forgotten


def test_every_arm_mixes_known_tasks_over_the_same_number_of_samples() -> None:
    from balsa_data.tasks import TASKS

    for size in arms.SIZES.values():
        runs = [arms.config(arm, 0, size, arms.Place(Path("parts"), Path("out"))) for arm in size.arms]
        assert len({(run.steps, run.batch_size, run.start, run.learning_rate) for run in runs}) == 1
        for task in size.tasks:
            assert TASKS.module(task)


def test_the_prompts_tell_a_small_backbone_the_form_of_its_answer() -> None:
    prompts = Prompts(Path(arms.__file__).parent / "prompts")
    assert "I hear drum and bird." in prompts.messages("positive", ["Sounds: drum, bird"], "Replay.")[-1]["content"]


def test_questions_in_training_end_as_those_of_the_test_and_are_phrased_differently() -> None:
    prompts = Prompts(Path(arms.__file__).parent / "prompts")
    asked = {prompts.instruction("existence", k, object="drum") for k in range(100)}
    assert len(asked) > 2
    assert all(question.endswith(f"? {soundscapes.ANSWER}") for question in asked)
    assert not asked & {f"{question.format('drum')} {soundscapes.ANSWER}" for question in soundscapes.QUESTIONS}
