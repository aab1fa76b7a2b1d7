"""Which sounds a clip's metadata says are heard."""

from __future__ import annotations

import pytest

from balsa_data.facts import akin, heard, narrowest, related, supported, unlisted
from balsa_data.schemas import AudioClip, SoundEvent, SpeechSegment
from balsa_data.taxonomy import default


def clip(*labels: str, captions: tuple[str, ...] = (), **kwargs: object) -> AudioClip:
    events = tuple(SoundEvent(label=label) for label in labels)
    return AudioClip.model_validate({"id": "c", "events": events, "captions": captions, **kwargs})


def test_events_count_by_their_labels() -> None:
    assert heard(clip("Bark", "Vehicle horn, car horn, honking")) == {"dog barking", "car horn"}


def test_captions_count_by_what_they_claim() -> None:
    assert heard(clip(captions=("A dog barks, and there is no speech.",))) == {"dog barking"}
    assert heard(clip(captions=("A dog barks.", "Rain falls."))) == {"dog barking", "rain"}


@pytest.mark.parametrize(
    ("voice", "sound"),
    [
        ({"gender": "female"}, "female speech"),
        ({"gender": "Male"}, "male speech"),
        ({"age": "child"}, "child speech"),
        ({"gender": "male", "age": "child"}, "boy speaking"),
        ({}, "speech"),
    ],
)
def test_speech_is_heard_by_its_speaker(voice: dict[str, str], sound: str) -> None:
    assert heard(clip(speech=(SpeechSegment(transcript="Hi.", **voice),))) == {"speech", sound}


@pytest.mark.parametrize(
    ("key", "value", "sound"),
    [
        ("instrument", "guitar", "guitar"),
        ("instrument_family", "keyboard", "keyboard instrument"),
        ("genre", "rock", "rock music"),
    ],
)
def test_attributes_count_where_they_name_a_sound(key: str, value: str, sound: str) -> None:
    assert heard(clip(attributes={key: value, "pitch": "60"})) == {sound}


def test_a_label_the_taxonomy_lacks_stands_for_itself() -> None:
    assert heard(clip("Qanbus")) == {"qanbus"}
    assert unlisted(frozenset({"qanbus", "dog"})) == {"qanbus"}
    assert related("qanbus", "qanbus")
    assert not related("qanbus", "dog")


def test_several_clips_are_heard_together() -> None:
    assert heard(clip("Bark"), clip("Rain")) == {"dog barking", "rain"}
    assert heard() == frozenset()


def test_a_kind_supports_what_it_is_a_kind_of_and_not_the_reverse() -> None:
    assert supported("animal sounds", frozenset({"dog barking"}))
    assert not supported("dog barking", frozenset({"dog"}))
    assert supported("emergency siren", frozenset({"siren", "emergency vehicle"}))
    assert not supported("emergency siren", frozenset({"siren"}))


def test_of_a_class_and_its_kind_the_kind_says_all() -> None:
    assert narrowest(frozenset({"animal sounds", "dog", "rain"})) == {"dog", "rain"}


def test_two_sides_of_one_sound_are_akin() -> None:
    assert akin("siren", "emergency vehicle")
    assert not akin("siren", "rain")


def test_what_sounds_alike_bears_out_only_a_sound_without_a_source() -> None:
    """*Dishes* may be said to clang, but no crying baby bears out a cat that meows, nor a woman a man who speaks."""
    taxonomy = default()
    assert supported("clanging", frozenset({"dishes"}))
    for name, sound in taxonomy.sounds.items():
        if sound.generic or len(sound.parents) > 1:
            continue
        for other in sound.confusables - taxonomy.descendants(name):
            assert not supported(name, frozenset({other})), f"{other} bears out {name}"


def test_a_name_in_quotation_marks_is_no_sound() -> None:
    assert heard(clip(captions=("The research vessel “Penguin II” sails",))) == heard(
        clip(captions=("A vessel sails",))
    )
