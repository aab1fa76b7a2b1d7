"""Checks on samples about several clips: each pair's true response passes, its false one is refused for its reason."""

from __future__ import annotations

from collections import Counter

import pytest
from checks.multiclip import PROMPTS, Pair, every_check, judged, load

from balsa_data import AudioClip, SoundEvent
from balsa_data.attribution import told
from balsa_data.checks import CHECKS, Item, judge
from balsa_data.prompting import Prompts


def clips(*each: str) -> tuple[AudioClip, ...]:
    return tuple(
        AudioClip(id=f"c{i}", events=[SoundEvent(label=label) for label in sounds.split("+")])
        for i, sounds in enumerate(each)
    )


def reasons(task: str, response: str, *each: str, prompt: str | None = None) -> list[str]:
    item = Item(task=task, clips=clips(*each), prompt=prompt or PROMPTS[task], response=response)
    return [v.reason or "" for v in judge(item, every_check()) if not v.ok]


def test_there_are_enough_minimal_pairs_of_each_kind() -> None:
    counts = Counter(pair.reason for pair in load())
    assert counts.total() >= 120
    assert min(counts[r] for r in ("swapped", "common_as_difference", "clip_not_covered")) >= 30
    assert {reason for name in ("attribution", "clips", "difference", "enumeration") for reason in
            CHECKS.module(name).REASONS} == set(counts)  # fmt: skip


@pytest.mark.parametrize("field", ["reason", "split"])
def test_false_ones_are_refused_for_their_reason_whichever_it_is(field: str) -> None:
    for value in {getattr(pair, field) for pair in load()}:
        found = judged([pair for pair in load() if getattr(pair, field) == value])
        assert min(found.refused, found.named) >= 0.95, (value, found.wrong)


def test_true_ones_pass() -> None:
    found = judged(load())
    assert found.accepted >= 0.90, found.wrong


@pytest.mark.parametrize("pair", load(), ids=lambda pair: pair.id)
def test_a_refusal_points_into_the_response_and_says_why_in_one_line(pair: Pair) -> None:
    for name in ("attribution", "clips", "difference", "enumeration"):
        verdict = CHECKS.bind(name)(Item(task=pair.task, clips=pair.clips, prompt="", response=pair.bad))
        assert verdict.ok or (verdict.detail and "\n" not in verdict.detail)
        if verdict.span:
            assert pair.bad[slice(*verdict.span)].strip()


def test_one_clip_has_nothing_to_be_mixed_up_with() -> None:
    assert reasons("positive", "The first sound is a dog; the second is rain.", "dog+rain", prompt="Describe it.") == []


def test_clips_told_apart_but_not_named_may_be_either() -> None:
    for response in ("One has a dog, the other has rain.", "One has rain, the other has a dog."):
        assert reasons("difference", response, "dog barking", "rain") == []
    assert "unsupported" in reasons("difference", "One has a dog, the other has a cat.", "dog barking", "rain")


def test_a_sound_that_one_clip_has_does_not_cover_another_that_has_its_class() -> None:
    assert "clip_not_covered" in reasons("joint_caption", "A woman speaks.", "female speech", "speech+burping")
    assert reasons("joint_caption", "A woman speaks and someone burps.", "female speech", "speech+burping") == []
    assert reasons("joint_caption", "Rain falls and people are speaking.", "rain", "speech") == []


def test_a_clip_that_is_not_there_has_no_sound() -> None:
    assert "swapped" in reasons("difference", "The first has a dog and the third has rain.", "dog barking", "rain")


def test_a_joint_caption_may_go_one_by_one_where_that_is_asked() -> None:
    response = "Audio 1: a dog barks. Audio 2: rain falls."
    assert reasons("joint_caption", response, "dog barking", "rain", prompt="Caption each of the audios.") == []
    assert reasons("joint_caption", response, "dog barking", "rain") == ["enumerates"]


def test_a_joint_caption_is_no_list() -> None:
    assert "enumerates" in reasons("joint_caption", "1. A dog barks.\n2. Rain falls.", "dog barking", "rain")
    assert "enumerates" in reasons("joint_caption", "Sounds:\n- a dog\n- rain", "dog", "rain")
    assert reasons("joint_caption", "Rain falls - a dog barks.", "dog barking", "rain") == []


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ("The first has a dog. It also has rain.", [("dog", {0}), ("rain", {0})]),
        ("The first has a dog. In contrast, there is rain.", [("dog", {0}), ("rain", {1})]),
        ("Clip B: rain.\nClip A: a dog.", [("rain", {1}), ("dog", {0})]),
        ("Rain and a dog are in the latter.", [("rain", {1}), ("dog", {1})]),
        ("The first has a dog, and so does the second.", [("dog", {0}), ("dog", {1})]),
        ("There is a dog and there is rain.", [("dog", None), ("rain", None)]),
        ("The first has a dog, the second rain. The mood is the same.", [("dog", {0}), ("rain", {1})]),
        (
            "A dog is in the first but not in the second; the rain is the same.",
            [("dog", {0}), ("dog", {1}), ("rain", {0, 1})],
        ),
        ("A dog is in the first; in the next, there is rain.", [("dog", {0}), ("rain", {1})]),
        ("Only the first has a dog.", [("dog", {0}), ("dog", {1})]),
        ("A dog (first audio) versus rain (second audio).", [("dog", {0}), ("rain", {1})]),
        ("There is a dog in the first that the second does not have.", [("dog", {0}), ("dog", {1})]),
        ("Both have rain, the second a dog too.", [("rain", {0, 1}), ("dog", {1})]),
    ],
)
def test_each_claim_is_said_of_its_clip(response: str, expected: list[tuple[str, set[int] | None]]) -> None:
    said = told(response, clips("dog", "rain")).said
    assert [(s.sound, s.clips and set(s.clips)) for s in said] == expected


@pytest.mark.parametrize(
    ("asked", "response", "expected"),
    [
        ("a dog", "Yes.", []),
        ("a dog", "No, there is no dog.", ["wrong_answer", "contradicted"]),
        ("rain", "Yes, it is raining.", ["wrong_answer", "unsupported"]),
        ("rain", "No.", []),
        ("a dog", "Yes, but no dog is heard.", ["wrong_answer", "contradicted"]),
        ("a dog growling", "No.", ["undecided", "contradicted"]),
        ("an animal", "Yes, a dog.", []),
    ],
)
@pytest.mark.parametrize("phrasing", Prompts().pool("existence"))
def test_a_yes_or_no_must_be_right(phrasing: str, asked: str, response: str, expected: list[str]) -> None:
    prompt = phrasing.replace("{{ object }}", asked)
    assert sorted(reasons("existence", response, "dog", prompt=prompt)) == sorted(expected)


@pytest.mark.parametrize(
    ("response", "wanted"),
    [
        ("The first is a dog, the second rain. The audio files are identical in their content.", ["no_real_difference"]),
        ("A dog barks in the first and rain falls in the second; both recordings are completely identical.", ["no_real_difference"]),
        ("The recordings are identical, except that the first has a dog and the second has rain.", []),
    ],
)  # fmt: skip
def test_what_is_called_identical_is_no_difference(response: str, wanted: list[str]) -> None:
    assert [r for r in reasons("difference", response, "dog", "rain") if r == "no_real_difference"] == wanted
