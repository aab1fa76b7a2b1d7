"""An evaluation from end to end, on the tiny model."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny import wav

from balsa_data.errors import InputError
from balsa_data.train import AudioLM
from balsa_data.train.config import TrainConfig
from balsa_data.train.evaluate import evaluate, forgetting, respond, unadapted
from balsa_data.train.questions import load_questions


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Three recordings, each asked for its own sound and for another's."""
    folder = tmp_path / "questions"
    (folder / "audio").mkdir(parents=True)
    sounds = {"a": "dog", "b": "cat", "c": "rain"}
    rows = []
    for k, (name, sound) in enumerate(sounds.items()):
        (folder / "audio" / f"{name}.wav").write_bytes(wav(0.4, pitch=300 * 2**k))
        for thing, label in ((sound, "Yes"), (sounds["abc"[(k + 1) % 3]], "No")):
            text = f"Is there a sound of {thing} in the audio?"
            attribute = "positive" if label == "Yes" else "negative"
            rows.append({"entry_id": len(rows), "audio_index": name, "prompt_text": text, "object": thing,
                         "attribute": attribute, "label": label, "sampling": "random"})  # fmt: skip
    (folder / "test-random.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_every_figure_is_written_with_its_interval(model: AudioLM, questions: Path, tmp_path: Path) -> None:
    figures = evaluate(model, questions, out=tmp_path / "out", batch_size=4)
    found = {(figure.part, figure.metric): figure for figure in figures}
    for key in (
        ("random, reference parser", "weighted_f1"), ("all, strict parser", "accuracy"), ("shuffled all, strict parser", "accuracy"),
        ("shuffled", "answers_changed"), ("describe", "cover"), ("describe", "hal"), ("which clip", "accuracy"),
        ("difference", "accuracy"), ("text only", "identical"),
    ):  # fmt: skip
        figure = found[key]
        assert figure.value is not None
        assert figure.low is not None
        assert 0 <= figure.low <= figure.value <= figure.high <= 1  # type: ignore[operator]  # known by now
    assert found["all, strict parser", "accuracy"].items == 6
    assert found["which clip", "accuracy"].items == 3
    assert json.loads((tmp_path / "out/figures.json").read_text())[0]["part"] == figures[0].part
    rows = list(csv.reader((tmp_path / "out/responses-random.csv").read_text().splitlines()))
    assert rows[0] == ["entry_id", "audio_index", "label", "response"]
    assert [row[:3] for row in rows[1:3]] == [["0", "a", "Yes"], ["1", "a", "No"]]


def test_a_frozen_backbone_forgets_nothing_and_lora_is_measured(
    model: AudioLM, config: Callable[..., TrainConfig]
) -> None:
    assert all(item["identical"] == 1 for item in forgetting(model))
    adapted = AudioLM(config(lora_rank=4))
    for name, weight in adapted.trainable.items():
        if "lora_B" in name:
            weight.data.normal_(std=1.0)
    found = forgetting(adapted)
    assert not all(item["identical"] == 1 for item in found)
    assert unadapted(adapted) == unadapted(model)
    assert forgetting(adapted, bare=unadapted(model)) == found, "the bare backbone need be asked but once"
    assert not any(item["identical"] for item in forgetting(adapted, bare=["never said"] * len(found)))


def test_answers_come_in_the_order_asked(model: AudioLM) -> None:
    sounds = [model.encoder.load(wav(0.2 + k), "clip") for k in range(3)]
    requests = [((sound,), "What?" * (3 - k)) for k, sound in enumerate(sounds)]
    assert respond(model, requests, 2, 8) == [respond(model, [request], 1, 8)[0] for request in requests]


@pytest.mark.parametrize(
    ("line", "said"), [("{}", "test-random.jsonl:7 is not a question: KeyError"), ("[", ":7 is not a question")]
)
def test_a_line_that_is_no_question_is_named(line: str, said: str, questions: Path) -> None:
    with (questions / "test-random.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=said):
        load_questions(questions)


def test_missing_recordings_and_questions_are_refused(model: AudioLM, questions: Path, tmp_path: Path) -> None:
    (questions / "audio/b.wav").unlink()
    with pytest.raises(InputError, match="lacks 1 of 3 recordings, such as b"):
        evaluate(model, questions)
    with pytest.raises(InputError, match="holds no questions"):
        evaluate(model, tmp_path)
