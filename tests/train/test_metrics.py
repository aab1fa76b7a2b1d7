"""Every figure against a hand-computed one."""

from __future__ import annotations

import pytest

from balsa_data.train import metrics
from balsa_data.train.evaluate import affirmed, borne_out
from balsa_data.train.instructions import INSTRUCTIONS
from balsa_data.train.questions import Question, pairs


@pytest.mark.parametrize(
    ("text", "reference", "strict"),
    [
        ("Yes, there is.", "yes", "yes"),
        ("**No.**", "no", "no"),
        ("no", None, "no"),
        ("I hear no dog, yes.", "yes", None),
        ("There is no dog.", None, None),
        ("I think there is no dog.", "no", None),
        ("It does not contain a dog.", "no", None),
        ("The audio contains a dog.", "yes", None),
        ("I cannot tell.", "no", None),
        ("I am unable to say.", "no", None),
        ("I can't say.", "no", None),
        ("A dog barks.", None, None),
        ("Not sure. No.", "no", None),
        ("No idea, maybe yes.", "yes", None),
        ("Nobody knows.", "no", None),
        ("", None, None),
    ],
)
def test_parsers(text: str, reference: str | None, strict: str | None) -> None:
    assert (metrics.parse_reference(text), metrics.parse_strict(text)) == (reference, strict)


def test_object_hallucination_by_hand() -> None:
    labels = ["no", "no", "no", "yes", "yes", "no"]
    answers = ["no", "no", "yes", "yes", "no", None]
    # No: 2 right of 3 said and 4 gold; yes: 1 right of 2 said and 2 gold
    found = metrics.object_hallucination(labels, answers, none_is_no=False)
    assert found == pytest.approx(
        {"accuracy": 3 / 6, "precision": 2 / 3, "recall": 2 / 4, "f1": 4 / 7, "weighted_f1": (4 * 4 / 7 + 2 * 1 / 2) / 6,
         "yes_rate": 2 / 6, "unparsed": 1 / 6}
    )  # fmt: skip
    # None counted as no: 3 right of 4 said
    found = metrics.object_hallucination(labels, answers, none_is_no=True)
    assert found == pytest.approx(
        {"accuracy": 4 / 6, "precision": 3 / 4, "recall": 3 / 4, "f1": 3 / 4, "weighted_f1": (4 * 3 / 4 + 2 * 1 / 2) / 6,
         "yes_rate": 2 / 6, "unparsed": 1 / 6}
    )  # fmt: skip


def test_always_saying_yes_scores_half_and_no_f1() -> None:
    found = metrics.object_hallucination(["yes", "no"] * 5, ["yes"] * 10, none_is_no=True)
    assert (found["accuracy"], found["f1"], found["weighted_f1"]) == pytest.approx((0.5, 0.0, 1 / 3))


def test_generative_by_hand() -> None:
    assert metrics.generative(["dog", "car", "rain"], ["dog", "owl"]) == pytest.approx(
        {"chair": 2 / 3, "cover": 1 / 2, "hal": 1}
    )
    assert metrics.generative([], ["dog"]) == {"chair": None, "cover": 0.0, "hal": 0.0}
    assert metrics.generative(["dog"], ["dog"]) == {"chair": 0.0, "cover": 1.0, "hal": 0.0}


def test_more_general_and_more_exact_names_are_borne_out_and_other_kinds_are_not() -> None:
    assert borne_out("animal", "dog")
    assert borne_out("dog", "dog")
    assert not borne_out("cat", "dog")
    assert borne_out("dog barking", "dog")
    assert affirmed("A dog is barking.", "Describe the audio.") == {"dog barking"}
    assert not affirmed("There is no dog.", "Describe the audio.")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The first one.", "first"),
        ("Second audio", "second"),
        ("first or second", None),
        ("Both do.", "both"),
        ("A dog", None),
    ],
)
def test_which_clip(text: str, answer: str | None) -> None:
    assert metrics.parse_which(text) == answer


def test_which_clip_by_hand() -> None:
    found = metrics.which_clip(["first", "second", "first", "second"], ["the first", "first", "hm", "the second audio"])
    assert found == {"accuracy": 0.5, "unparsed": 0.25}


def test_difference_names_each_side_and_nothing_else() -> None:
    assert metrics.difference(["dog", "cat"], ["dog", "rain"], ["cat", "rain"])
    assert metrics.difference(["dog", "cat", "rain"], ["dog", "rain"], ["cat", "rain"])
    assert not metrics.difference(["dog"], ["dog"], ["cat"])
    assert not metrics.difference(["dog", "cat", "car"], ["dog"], ["cat"])
    assert metrics.difference(["dog"], ["dog", "rain"], ["rain"])
    assert not metrics.difference(["rain"], ["dog", "rain"], ["rain"])


def test_the_interval_draws_recordings_not_questions() -> None:
    items = [1.0] * 50 + [0.0] * 50
    mean = {"mean": lambda x: sum(x) / len(x)}["mean"]
    alone = metrics.bootstrap(items, lambda x: {"m": mean(x)}, list(range(100)))["m"]
    grouped = metrics.bootstrap(items, lambda x: {"m": mean(x)}, [k // 25 for k in range(100)])["m"]
    assert alone[0] == pytest.approx(0.4, abs=0.03)
    assert alone[1] == pytest.approx(0.6, abs=0.03)
    assert grouped[1] - grouped[0] > 3 * (alone[1] - alone[0])
    assert alone == metrics.bootstrap(items, lambda x: {"m": mean(x)}, list(range(100)))["m"]


def test_pairs_are_of_known_facts_and_balanced() -> None:
    def ask(audio: str, thing: str, label: str) -> Question:
        return Question("0", audio, "?", thing, label, "random")

    asked = [ask(f"d{k}", "dog", "yes") for k in range(4)] + [ask(f"c{k}", "dog", "no") for k in range(6)]
    asked += [ask("c0", "cat", "yes"), ask("d0", "rain", "no")]
    found = pairs(asked)
    assert len(found) == 4
    assert [p.label for p in found] == ["first", "second", "first", "second"]
    for pair in found:
        assert (pair.first if pair.label == "first" else pair.second).startswith("d")
    assert len({p.first for p in found} | {p.second for p in found}) == 8


def test_instructions_have_checks_that_can_fail() -> None:
    assert len(INSTRUCTIONS) >= 20
    for prompt, check in INSTRUCTIONS:
        assert not check("") or "lower case" in prompt or "at most" in prompt
        assert not check("Zzz qux\n\nzzz\n\nzzz. " * 9)
