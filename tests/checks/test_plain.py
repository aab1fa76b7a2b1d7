"""A denial that may mean the opposite of what is read is refused, one clip at a time."""

from __future__ import annotations

import pytest

from balsa_data.checks import Item
from balsa_data.checks.plain import check
from balsa_data.schemas import AudioClip


def ok(response: str, clips: int = 1) -> bool:
    item = Item(task="negative", clips=(AudioClip(id="x", captions=("Rain",)),) * clips, prompt="", response=response)
    verdict = check(item)
    assert verdict.ok or verdict.doubt  # for a recipe's judge to decide
    return verdict.ok


@pytest.mark.parametrize(
    "response",
    [
        "It has wind noise, which is not in the recording.",
        "The audio is not only missing the sound of wind but also the sound of the engine.",
        "It is something that is not a bell.",
        "It is a sound that cannot be heard.",
        "The clip of a train is not available.",
        "It is not a sound that anybody hears.",
    ],
)
def test_a_tangled_denial_is_refused(response: str) -> None:
    assert not ok(response)


@pytest.mark.parametrize(
    "response",
    [
        "I can't hear a train, rain or a dog anywhere in the clip.",
        "Sounds that are not present: a dog, a bell.",
        "I can confirm that it does not include speech.",
        "Not only rain but also thunder is heard.",
        "There is no dog, nor is there a cat.",
    ],
)
def test_a_plain_one_is_not(response: str) -> None:
    assert ok(response)


def test_of_several_clips_one_may_have_what_another_does_not() -> None:
    assert ok("The first has rain, which is not in the second.", clips=2)
