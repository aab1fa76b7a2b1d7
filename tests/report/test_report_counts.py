"""What a page says of a run, in figures and in marks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from report_source import outcome_at, run, tone

from balsa_data.checks import CHECKS
from balsa_data.report.entries import entry
from balsa_data.report.pace import pace
from balsa_data.report.tally import Tally
from balsa_data.schemas import Attempt, Rejection, Sample, Usage, Verdict
from balsa_data.taxonomy import default


@pytest.fixture
def clips(tmp_path: Path) -> list:
    return [tone(tmp_path / f"{i}.wav", 200 + i, 0.1) for i in range(4)]


def test_counts_add_up_to_the_outcomes(clips: list) -> None:
    outcomes = [outcome_at(i, clips) for i in range(400)]
    tally = Tally()
    for outcome in outcomes:
        tally.add(outcome)
    data = tally.as_data()
    kinds = Counter(o.outcome for o in outcomes)
    for table in (data["tasks"], data["corpora"]["rows"]):
        assert {kind: sum(row.get(kind, 0) for row in table) for kind in kinds} == kinds
    usage = sum((o.provenance.usage for o in outcomes), Usage())
    assert sum(row["completion_tokens"] for row in data["tasks"]) == usage.completion_tokens
    lost = Counter(o.reason for o in outcomes if not isinstance(o, Sample))
    assert {row["name"]: row["lost"] for row in data["reasons"]["rows"] if row["lost"]} == lost
    draws = [len(o.earlier) for o in outcomes if isinstance(o, Sample)]
    redrawn = sum(draws) + sum(len(o.attempts) - 1 for o in outcomes if isinstance(o, Rejection))
    assert sum(row["redrawn"] for row in data["reasons"]["rows"]) == redrawn
    assert data["draws"] == [draws.count(0), draws.count(1)]
    assert sum(data["answers"].values()) == sum(o.task == "existence" for o in outcomes if isinstance(o, Sample))
    assert sum(sum(row["bins"]) for row in data["lengths"]["rows"]) == kinds["sample"]
    assert data["sounds"]["absent"][0] == sum(len(o.absent) for o in outcomes if isinstance(o, Sample))


def test_a_reason_is_explained_by_its_check(clips: list) -> None:
    verdict = Verdict(ok=False, check="truncated", reason="truncated", detail="It breaks off.")
    tally = Tally()
    tally.add(sample(clips, earlier=(Attempt(response="A dog", verdicts=(verdict,)),)))
    (row,) = tally.as_data()["reasons"]["rows"]
    assert row["meaning"] == CHECKS.module("truncated").REASONS["truncated"]
    assert row["example"] == "It breaks off."


def test_a_phrasing_is_the_same_whatever_sound_it_asks_for(clips: list) -> None:
    tally = Tally()
    for outcome in (outcome_at(i, clips) for i in range(600)):
        tally.add(outcome)
    phrasings = {row["task"]: row for row in tally.as_data()["phrasings"]}
    assert phrasings["existence"]["distinct"] == 3
    assert {text for text, _ in phrasings["existence"]["top"]} == {
        "Is there the sound of ▢?",
        "Can you hear ▢?",
        "Does ▢ occur in the audio?",
    }


def sample(clips: list, **change: object) -> Sample:
    found = next(o for i in range(999) if isinstance(o := outcome_at(i, clips), Sample))
    return found.model_copy(update={"earlier": (), "present": (), "absent": (), **change})


@pytest.mark.parametrize(
    ("response", "present", "absent", "marked"),
    [
        ("A dog and two Dogs, no hotdog.", ("dog",), (), ["dog", "Dogs"]),
        ("🐶 A dog, 𝄞 a siren.", ("dog",), ("siren",), ["dog", "siren"]),
        ("Dog barking only.", ("dog",), ("dog barking",), ["Dog barking"]),
        ("C++ (loud) is heard.", ("c++ (loud)",), (), ["C++ (loud)"]),
        ("Nothing of that.", ("dog",), ("siren",), []),
    ],
)
def test_marks_sounds_where_javascript_finds_them(
    clips: list, response: str, present: tuple, absent: tuple, marked: list
) -> None:
    shown = entry(sample(clips, response=response, present=present, absent=absent), default())["attempts"][-1]
    units = response.encode("utf-16-le")
    assert [units[2 * a : 2 * b].decode("utf-16-le") for a, b, *_ in shown["marks"]] == marked
    assert shown["text"] == response


def test_marks_what_the_taxonomy_knows_to_be_the_sound(clips: list) -> None:
    shown = entry(sample(clips, response="A puppy barks; no meow.", present=("Dog",), absent=("cat",)), default())
    spans = [(shown["attempts"][-1]["text"][a:b], kind, sound) for a, b, kind, sound in shown["attempts"][-1]["marks"]]
    assert spans == [("puppy barks", "present", "dog"), ("meow", "absent", "cat")]


def test_pace_counts_every_answer_and_leaves_out_pauses(tmp_path: Path) -> None:
    source = run(tmp_path, 300, [tone(tmp_path / "a.wav", 300, 0.1)])
    drawn = pace(source.timeline)
    assert drawn
    assert sum(sum(counts) for _, *counts in drawn["bars"]) == 300
    assert len(drawn["bars"]) <= 80
    assert sum(gap for gap, *_ in drawn["bars"]) > 7000
    assert pace(lambda: [(1.0, "sample")]) is None
