"""What holds of claims whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balsa_data.checks import CHECKS, Item
from balsa_data.claims import EVERYTHING, Claim, Polarity, claims, mentions, quotes, stated
from balsa_data.schemas import AudioClip, SoundEvent, SpeechSegment
from tests.claims.labelled import CHECKED, bound

REASONS = {reason for name in CHECKED for reason in CHECKS.module(name).REASONS}
CLIP = AudioClip(
    id="c",
    captions=("A dog barks while rain falls.",),
    events=(SoundEvent(label="Zurna"),),
    speech=(SpeechSegment(transcript="Hello there.", gender="female", emotion="happy", language="en", age="adult"),),
)
SOUNDS = ["a dog", "cats", "rain", "thunder", "music", "a siren", "speech", "birds", "a guitar", "footsteps", "wind"]
words = st.sampled_from(
    [*SOUNDS, "no", "not", "without", "but", "and", "or", ",", ".", "?", ":", "\n", "- ", "(", ")", '"', "is", "heard",
     "there", "if", "except", "neither", "nor", "cannot", "absent", "like", "nothing", "only", "says", "I", "the", "’", "“"]
)  # fmt: skip
texts = st.one_of(st.text(max_size=200), st.lists(words, max_size=30).map(" ".join))


def said(text: str, **kwargs: str) -> list[tuple[str, str]]:
    return [(c.sound, c.polarity.value) for c in claims(text, **kwargs)]


@given(text=texts, prompt=texts)
@settings(max_examples=300)
def test_any_text_is_read_and_spans_lie_within_it(text: str, prompt: str) -> None:
    for claim in claims(text, prompt=prompt, labels=["zurna", "(x"]):
        assert 0 <= claim.start < claim.end <= len(text)
    for quote in quotes(text):
        assert text[quote.start : quote.end] == quote.text
    assert all(text[s:e].casefold() == word for s, e, word, _ in stated(text, frozenset({"happy", "old man"})))


@given(text=texts, prompt=texts, task=st.sampled_from(["positive", "negative", "combined", "existence", "difference"]))
@settings(max_examples=300)
def test_no_check_raises_on_any_text(text: str, prompt: str, task: str) -> None:
    item = Item(task=task, clips=(CLIP,), prompt=prompt, response=text, absent=("thunder", "no such sound"))
    for check in bound(beyond="refuse"):
        verdict = check(item)
        assert verdict.ok or verdict.reason in REASONS


@given(sounds=st.lists(st.sampled_from(SOUNDS), min_size=1, max_size=4, unique=True))
def test_there_is_no_flips_a_claim(sounds: list[str]) -> None:
    listed = ", ".join(sounds)
    affirmed, denied = claims(f"There is {listed}."), claims(f"There is no {listed}.")
    assert [c.sound for c in affirmed] == [c.sound for c in denied]
    assert {c.polarity for c in affirmed} == {Polarity.PRESENT}
    assert {c.polarity for c in denied} == {Polarity.ABSENT}


@given(sounds=st.lists(st.sampled_from(SOUNDS), min_size=2, max_size=4, unique=True))
def test_but_ends_a_denial(sounds: list[str]) -> None:
    *denied, affirmed = sounds
    found = claims(f"There is no {', no '.join(denied)}, but there is {affirmed}.")
    assert [c.polarity for c in found] == [Polarity.ABSENT] * len(denied) + [Polarity.PRESENT]


def test_spoken_words_claim_nothing() -> None:
    assert said('A woman says, "I hear no dog." A cat meows.') == [
        ("female speech", "present"),
        ("cat meowing", "present"),
    ]
    assert said('There is no "dog" here.') == [("dog", "absent")]


def test_a_label_the_taxonomy_lacks_is_found_as_it_stands() -> None:
    assert said("There is no Zurna.") == []
    assert [(c.sound, c.polarity) for c in claims("There is no Zurna.", labels=["zurna"])] == [
        ("zurna", Polarity.ABSENT)
    ]


@pytest.mark.parametrize(
    ("text", "besides"),
    [
        ("Nothing can be heard.", set()),
        ("Nothing but rain can be heard.", {"rain"}),
        ("There is rain. There are no other sounds.", {"rain"}),
        ("The only sound is rain.", {"rain"}),
        ("There are no sounds besides rain.", {"rain"}),
        ("The audio is completely silent.", set()),
        ("There is complete silence apart from rain.", {"rain"}),
    ],
)
def test_everything_else_may_be_denied(text: str, besides: set[str]) -> None:
    (claim,) = [c for c in claims(text) if c.sound == EVERYTHING]
    assert (claim.polarity, claim.besides) == (Polarity.ABSENT, besides)


@pytest.mark.parametrize("text", ["There are no sounds of rain.", "No sound like rain is heard.", "There is a sound."])
def test_a_sound_of_something_is_not_every_sound(text: str) -> None:
    assert EVERYTHING not in [c.sound for c in claims(text)]


def test_an_exception_is_left_out_of_what_is_denied() -> None:
    assert Claim("animal sounds", 13, 20, Polarity.ABSENT, frozenset({"dog"})) in claims(
        "There are no animals other than dogs."
    )


def test_what_is_said_in_passing_names_no_sound() -> None:
    assert said("I can say that this recording has rain.") == [("rain", "present")]
    assert [m.sound for m in mentions("music in the background")] == ["music"]


@pytest.mark.parametrize(
    "prompt",
    [
        "Is there a dog?",
        "Is there a dog? Answer yes or no.",
        "Answer yes or no: is there a dog?",
        "Tell me whether a dog is heard.",
    ],
)
def test_a_no_answers_what_was_asked_however_it_was_put(prompt: str) -> None:
    (claim,) = claims("No.", prompt=prompt)
    assert (claim.sound, claim.polarity) == ("dog", Polarity.ABSENT)


def test_many_sounds_are_not_any_sound() -> None:
    """A word that only ends like "any" or "no" makes no claim about everything."""
    assert claims("I do not hear many sounds.") == ()
    assert [c.sound for c in claims("I do not hear any sounds.")] == [EVERYTHING]
