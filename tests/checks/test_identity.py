"""One sound is not another: told of two that are unrelated only."""

from __future__ import annotations

import pytest

from balsa_data.checks import Item
from balsa_data.checks.identity import check


def ok(response: str) -> bool:
    return check(Item(task="positive", clips=(), prompt="", response=response)).ok


@pytest.mark.parametrize(
    "response",
    [
        "The penguin is a seagull.",
        "A duck quacks, and the mallet is a toilet.",
        "The rain was really a violin.",
    ],
)
def test_one_sound_said_to_be_another_is_refused(response: str) -> None:
    assert not ok(response)


@pytest.mark.parametrize(
    "response",
    [
        "The bird is a crow.",
        "The vehicle is a fire truck.",
        "The instrument is a violin and the music is a violin piece.",
        "The sound is a dog.",
        "The noise is an engine.",
        "The siren is an ambulance.",
        "The first audio is rain, the second is a dog.",
        "A dog is there. The cat is a long way off.",
    ],
)
def test_what_it_is_a_kind_of_or_could_be_taken_for_is_not(response: str) -> None:
    assert ok(response)


@pytest.mark.parametrize(
    "response",
    ["I am not a helicopter.", "I am a man speaking.", "The person in the recording can't hear a guitar."],
)
def test_who_answers_is_not_in_the_clip(response: str) -> None:
    assert not ok(response)


@pytest.mark.parametrize(
    "response",
    [
        "I am listening to a man who speaks.",
        "I'm not a friend of music, but I hear it.",
        "I can't hear a guitar.",
        'A man says, "I am a dog."',
    ],
)
def test_who_answers_may_speak_of_listening(response: str) -> None:
    assert ok(response)
