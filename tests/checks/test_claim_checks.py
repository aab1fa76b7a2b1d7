"""The checks on claims, one rule a test. How they do on many responses is in tests/claims/test_labelled.py."""

from __future__ import annotations

from typing import Any

import pytest

from balsa_data.checks import CHECKS, Item
from balsa_data.errors import RecipeError
from balsa_data.schemas import AudioClip, Verdict

SPOKEN = {
    "transcript": "Please hold the line.",
    "gender": "female",
    "emotion": "calm",
    "language": "en-US",
    "accent": "British",
}


def clip(*labels: str, **kwargs: Any) -> AudioClip:
    return AudioClip.model_validate({"id": "c", "events": [{"label": label} for label in labels], **kwargs})


def judge(
    check: str,
    response: str,
    *clips: AudioClip,
    task: str = "positive",
    options: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Verdict:
    verdict = CHECKS.bind(check, options)(
        Item(task=task, clips=clips, prompt=kwargs.pop("prompt", ""), response=response, **kwargs)
    )
    assert isinstance(verdict, Verdict)
    return verdict


def reason(check: str, response: str, *clips: AudioClip, **kwargs: Any) -> str | None:
    return judge(check, response, *clips, **kwargs).reason


@pytest.mark.parametrize(
    ("labels", "response", "refused"),
    [
        (["Bark"], "A dog barks.", False),
        (["Bark"], "An animal is heard.", False),
        (["Bark"], "A cat meows.", True),
        (["Animal"], "A dog barks.", True),
        (["Siren", "Emergency vehicle"], "An emergency vehicle's siren wails.", False),
        (["Bark"], "Perhaps a cat meows.", True),
        (["Bark"], "I'm not sure if there is a cat.", True),
        (["Bark"], "There is no cat.", False),
        (["Bark"], "This recording is lovely.", False),
    ],
)
def test_grounded_needs_support_for_what_is_affirmed(labels: list[str], response: str, refused: bool) -> None:
    assert reason("grounded", response, clip(*labels)) == ("unsupported" if refused else None)


@pytest.mark.parametrize(
    ("labels", "response", "refused"),
    [
        (["Bark"], "A dog barks three times.", True),
        (["Bark"], "A dog barks (2000 times).", True),
        (["Bark"] * 3, "A dog barks three times.", False),
        (["Bark three times"], "A dog barks 3 times.", False),
        (["Bark"], "A dog barks many times.", False),
        (["Bark"], "A dog barks, two times as loud.", False),
    ],
)
def test_grounded_needs_support_for_how_often(labels: list[str], response: str, refused: bool) -> None:
    assert reason("grounded", response, clip(*labels)) == ("unsupported" if refused else None)


def test_grounded_says_what_and_where() -> None:
    verdict = judge("grounded", "A dog barks and a cat meows.", clip("Bark"))
    assert verdict.span == (18, 27)
    assert verdict.detail == "says 'cat meows' is heard, but the metadata has no cat meowing"


def test_grounded_tolerates_place_mood_and_guess_unless_told() -> None:
    response = "A dog barks in a peaceful park."
    assert reason("grounded", response, clip("Bark")) is None
    assert reason("grounded", response, clip("Bark"), options={"beyond": "refuse"}) == "beyond"
    told = clip("Bark", captions=["A dog barks in a peaceful park"])
    assert reason("grounded", response, told, options={"beyond": "refuse"}) is None
    with pytest.raises(RecipeError):
        CHECKS.bind("grounded", {"beyond": "perhaps"})


@pytest.mark.parametrize(
    ("response", "word"),
    [
        ("I hear a dog barking in this recording.", None),
        ("Yes. The audio contains the sound of a dog barking, followed by rain.", None),
        ("A dog barks while rain falls on a roof; there are no church bells.", None),  # "church" is of a sound's name
        ("A dog's barks and the rain falling on roofs, both clearly audible.", None),  # inflected
        ("A dog barks at the mailman while rain falls.", "mailman"),
        ("A dog barks. It's a scene from a movie.", "scene"),
        ("A dog barks, and it barks for its prey.", "prey"),
        ("I do not hear [X] a siren, [Y] thunder.", "X"),
        ("A dog squelching as rain falls.", "squelching"),  # which the dog's name absorbs
        ("The audio is a mix of both. A dog barks as rain falls.", "The audio is a mix of both"),
        ("I hear a mix of a dog barking and rain.", None),
        ("Three dogs bark as rain falls.", "Three"),
        ("There are two sounds, a dog barking and rain.", "two"),
        ("Of these two recordings, one has a dog barking and one has rain.", None),
    ],
)
def test_strictly_every_word_comes_from_somewhere(response: str, word: str | None) -> None:
    told = clip("Bark", captions=["A dog barks as rain falls on a roof"])
    verdict = judge("grounded", response, told, options={"beyond": "strict"})
    assert verdict.ok == (word is None), verdict.detail
    if verdict.span:
        assert response[slice(*verdict.span)] == word


@pytest.mark.parametrize(
    ("labels", "response", "refused"),
    [
        (["Bark"], "There is no dog.", True),
        (["Bark"], "There are no animals.", True),
        (["Animal"], "There is no dog.", True),
        (["Animal", "Dog"], "There are no cats.", False),
        (["Bark"], "There is no rain.", False),
        (["Bark"], "The dog is no longer barking.", True),
        (["Bark"], "There are no animals other than a dog barking.", False),
        (["Bark", "Meow"], "There are no animals other than a dog barking.", True),
        (["Bark"], "A dog barks; nothing else is heard.", False),
        (["Bark", "Rain"], "A dog barks; nothing else is heard.", True),
        (["Bark"], "The audio is completely silent.", True),
        (["Qanbus"], "There is no qanbus.", True),
    ],
)
def test_absence_refuses_to_deny_what_is_there(labels: list[str], response: str, refused: bool) -> None:
    assert reason("absence", response, clip(*labels), task="negative") == ("contradicted" if refused else None)


def test_absence_of_a_difference_is_judged_by_what_all_clips_share() -> None:
    first, second = clip("Bark", "Rain"), clip("Rain")
    assert reason("absence", "The second clip has no dog.", first, second, task="difference") is None
    assert reason("absence", "Neither has rain.", first, second, task="difference") == "contradicted"
    assert reason("absence", "There is no dog.", first, second, task="joint_caption") == "contradicted"


def test_coverage_of_a_positive_is_a_share_of_what_is_there() -> None:
    three = clip("Bark", "Rain", "Siren")
    assert reason("coverage", "A dog barks.", three) == "uncovered"
    assert reason("coverage", "A dog barks in the rain.", three) is None
    assert reason("coverage", "A dog barks.", three, options={"present_share": 0.3}) is None
    assert reason("coverage", "A dog barks in the rain.", three, options={"present_share": 1}) == "uncovered"
    assert reason("coverage", "What a day.", three, options={"present_share": 0}) == "uncovered"
    assert reason("coverage", "A siren wails.", three, present=("siren",)) is None


def test_coverage_of_a_negative_is_a_denial_of_what_it_was_given() -> None:
    dog = clip("Bark")
    assert reason("coverage", "There is no rain.", dog, task="negative") is None
    assert reason("coverage", "A dog barks.", dog, task="negative") == "undenied"
    assert reason("coverage", "Nothing else is heard.", dog, task="negative") == "undenied"
    given = {"task": "negative", "absent": ("rain", "music")}
    assert reason("coverage", "There is no rain and no music.", dog, **given) is None
    assert reason("coverage", "There is no rain.", dog, **given) == "undenied"
    assert reason("coverage", "There is no rain.", dog, **given, options={"absent_share": 0.5}) is None


def test_coverage_of_a_combined_is_both() -> None:
    dog = clip("Bark")
    assert reason("coverage", "A dog barks. There is no rain.", dog, task="combined") is None
    assert reason("coverage", "A dog barks.", dog, task="combined") == "undenied"
    assert reason("coverage", "There is no rain.", dog, task="combined") == "uncovered"


def test_coverage_of_a_question_is_an_answer() -> None:
    dog, asked = clip("Bark"), {"task": "existence", "prompt": "Is there a dog?"}
    for answer in ("Yes.", "No.", "There is a dog.", "It does not.", "Yes, it barks."):
        assert reason("coverage", answer, dog, **asked) is None
    assert reason("coverage", "What a day.", dog, **asked) == "unanswered"
    assert reason("coverage", "Sounds: a dog", dog, **asked) == "unanswered"
    for answer in ("Yes.", "Certainly, a dog.", "There is a dog.", "A dog barks.", "No, no dog."):
        assert reason("coverage", answer, dog, **asked) is None
    assert reason("absence", "No.", dog, **asked) == "contradicted"
    assert reason("grounded", "Yes.", clip("Rain"), **asked) == "unsupported"


def test_an_answer_may_have_to_begin_with_yes_or_no() -> None:
    asked = {"task": "existence", "prompt": "Is there a dog?", "options": {"yes_or_no": True}}
    for answer in ("Yes.", "no, there is none"):
        assert reason("coverage", answer, clip("Bark"), **asked) is None
    for answer in ("There is a dog.", "Nothing."):
        assert reason("coverage", answer, clip("Bark"), **asked) == "unanswered"


def test_a_question_may_be_answered_in_its_own_words_but_not_asked_back() -> None:
    dog, asked = clip("Bark"), {"task": "existence", "prompt": "Is a dog audible in the recording?"}
    assert reason("echo", "Yes, a dog is audible in the recording.", dog, **asked) is None
    assert reason("echo", "Is a dog audible in the recording?", dog, **asked) == "echo"
    assert reason("echo", "A dog is audible in the recording.", dog, prompt=asked["prompt"]) == "echo"


def test_coverage_refuses_what_nothing_can_be_held_against() -> None:
    assert reason("coverage", "There is no rain.", clip(captions=["Hm."]), task="negative") == "uncovered"


@pytest.mark.parametrize(
    ("response", "refused"),
    [
        ('A woman says, "Please hold the line."', None),
        ("A woman says “please HOLD the line”", None),
        ('She says: "hold the line"', None),
        ('A woman says, "Please hold..."', None),
        ('A woman says, "Please wait."', "transcript"),
        ("The woman says: Please wait a moment.", "transcript"),
        ('"Please wait," says a woman.', "transcript"),
        ('A man says, "Please hold the line."', "speaker"),
        ('Not a man but a woman says, "Please hold the line."', None),
        ("A woman speaks in a calm voice.", None),
        ("A woman speaks in an angry voice.", "speaker"),
        ("A woman speaks English with a British accent.", None),
        ("A woman speaks French.", "speaker"),
        ("A woman with an Australian accent speaks.", "speaker"),
        ("An elderly woman speaks.", None),  # the metadata leaves the age open
    ],
)
def test_speech_is_what_was_said_and_by_whom(response: str, refused: str | None) -> None:
    assert reason("speech", response, clip(speech=[SPOKEN])) == refused


def test_speech_that_the_metadata_lacks_cannot_be_quoted() -> None:
    assert reason("speech", 'A man says, "Hello."', clip("Speech")) == "transcript"
    assert reason("speech", "A man is talking about it as a truck idles.", clip("Male speech", "Truck")) == "transcript"
    told = clip(captions=["A man talks about his truck"])
    assert reason("speech", "A man is talking about a truck.", told) is None


def test_of_several_speakers_any_may_be_meant() -> None:
    two = clip(speech=[SPOKEN, {**SPOKEN, "transcript": "All right.", "gender": "male"}])
    assert reason("speech", 'A man says, "All right."', two) is None


def test_absence_of_no_clip_in_particular_is_an_absence_of_all() -> None:
    dog, rain = clip("Bark"), clip("Rain")
    told = {"task": "difference", "prompt": "How do they differ?"}
    said = "There is no rain. The first audio is a dog, the second rain."
    assert reason("absence", said, dog, rain, **told) == "contradicted"
    assert reason("absence", "The first audio has no rain, unlike the second.", dog, rain, **told) is None


def test_a_label_that_is_no_class_is_no_sound_of_another_clip() -> None:
    said = "The snare drum sounds like a caribou."
    assert reason("identity", said, clip("snare drum"), clip("caribou")) == "confused"
    assert reason("identity", said, clip("snare drum", "caribou")) is None
    assert reason("identity", "The animal is a caribou.", clip("animal", "caribou"), clip("rain")) is None
