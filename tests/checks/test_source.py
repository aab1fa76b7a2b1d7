"""A sound is told of what makes it; only living beings' sounds are looked at."""

from __future__ import annotations

import pytest

from balsa_data.checks import Item
from balsa_data.checks.source import check
from balsa_data.schemas import AudioClip


def ok(response: str, *captions: str) -> bool:
    clips = (AudioClip(id="x", captions=captions),) if captions else ()
    return check(Item(task="positive", clips=clips, prompt="What is heard?", response=response)).ok


@pytest.mark.parametrize(
    "response",
    [
        "I hear the bleating of birds.",
        "The birds' bleating goes on, and a goat bleats.",
        "A pig sighs.",
        "There is a pig that can be heard sighing.",
        "A man talks beside laughing sheep.",
        "A dog in the background is speaking.",
        "People laughing is one of the sounds made by a sheep.",
        "An engine barks.",
        "The speech of the cat goes on.",
    ],
)
def test_a_sound_of_what_cannot_make_it_is_refused(response: str) -> None:
    assert not ok(response)


@pytest.mark.parametrize(
    "response",
    [
        "The barking of dogs, and sheep that bleat.",
        "A dog barks, birds chirp, and a man laughs.",
        "A man is laughing as sheep bleat.",
        "The man sneezes, laughs and sighs.",
        "A seagull squawks and a mosquito buzzes.",
        "A dog is breathing and a cat is chewing.",
        "A radio talks, and the telephone speaks.",
        "The hum of the engine, the squeaking of the door.",
        "I do not hear the laughter of a dog.",
        "The sound of a crowd laughing at a dog.",
    ],
)
def test_a_sound_of_what_may_make_it_is_not(response: str) -> None:
    assert ok(response)


def test_the_metadata_is_believed() -> None:
    assert ok("A goat talks.", "a goat talking and a man laughing")
    assert not ok("A goat laughs.", "a goat talking and a man laughing")
