"""The checks on wording: sounds told as one another, of the wrong source, in a tangle, in a loop, in the metadata's form."""

from __future__ import annotations

import pytest

from balsa_data.checks import CHECKS, Item
from balsa_data.schemas import AudioClip, Verdict

REFUSED = {
    ("identity", "confused"): [
        "The penguin is a seagull.",
        "A duck quacks, and the mallet is a toilet.",
        "The rain was really a violin.",
        "A man speaking is the sound of a bell ringing.",
        "The sounds of the drum sound like a penguin.",
    ],
    ("identity", "persona"): [
        "I am not a helicopter.",
        "Yes. I'm sneezing into the microphone.",
        "The train cannot be heard by an insect.",
        'The speaker says "hello" but does not hear a vehicle.',
        "I am a man speaking.",
        "I'm a magician, and I hear a dog.",
        "The person in the recording can't hear a guitar.",
    ],
    ("source", "source"): [
        "I hear the bleating of birds.",
        "The birds' bleating goes on, and a goat bleats.",
        "A pig sighs.",
        "There is a pig that can be heard sighing.",
        "A man talks beside laughing sheep.",
        "A dog in the background is speaking.",
        "People laughing is one of the sounds made by a sheep.",
        "An engine barks.",
        "The speech of the cat goes on.",
        "Birds bark, and a man croaks.",
        "The quacking of people fills the air.",
    ],
    ("seed_leak", "seed_leak"): [
        "Sounds: rain, a dog",
        "Sounds: rain",
        "I hear this:\n[Sounds: rain]",
        "The sounds are [list three sounds].",
        "(Fireworks)\n(Sounds: rain)",
        'Yes. "Sounds: rain"',
        "Yes. [Sounds: rain]",
        "The first clip is a description of rain.",
        "The clips are labeled as a dog and rain.",
        "This is a joke about a dog.",
        "The sounds are:\n\n(A dog)\n(rain)",
        "The rain is depicted as a dog.",
    ],
    ("repetition", "repetition"): [
        "A sheep, a goat, a sheep, music, a sheep, wind, a goat, a lamb, a sheep.",
    ],
    ("plain", "tangled"): [
        "It has wind noise, which is not in the recording.",
        "The audio is not only missing the sound of wind but also the sound of the engine.",
        "It lacks not only the wind.",
        "It is something that is not a bell.",
        "It is a sound that cannot be heard.",
        "The clip of a train is not available.",
        "It is not a sound that anybody hears.",
        "I am listening to a sound that I'm not hearing.",
        "It is a bell, and I do not hear it.",
        "I'd rather not hear a bell.",
        "I've heard it's not a boat.",
        "This is something you don't hear, but you do hear a bell.",
        "The engine is heard, but it's not actually heard in the recording.",
        "The engine in the recording is audible, but not audible in the recording.",
        "No, the engine is not audible, but rather it is in the recording.",
        "The woman speaking is not a guitar. She is not a woman.",
    ],
}
PASSED = {
    "seed_leak": ["The sounds: rain and a dog.", "These sounds: a dog, rain.", "Rain (a downpour)\nand a dog."],
    "repetition": ["A sheep bleats, a dog barks at the sheep, and the sheep runs off. The sheep bleats again."],
    "identity": [
        "The bird is a crow.",
        "The vehicle is a fire truck.",
        "The instrument is a violin and the music is a violin piece.",
        "The sound is a dog.",
        "The noise is an engine.",
        "The siren is an ambulance.",
        "The first audio is rain, the second is a dog.",
        "The bleating is the sound of a sheep.",
        "The rain can be heard by the listener.",
        "A dog is there. The cat is a long way off.",
        "I am listening to a man who speaks.",
        "I'm not a friend of music, but I hear it.",
        "I can't hear a guitar.",
        'A man says, "I am a dog."',
        "I'm a bit surprised by the dog.",
    ],
    "source": [
        "The barking of dogs, and sheep that bleat.",
        "A dog barks, birds chirp, and a man laughs.",
        "A man is laughing as sheep bleat.",
        "The man sneezes, laughs and sighs.",
        "A seagull squawks and a mosquito buzzes.",
        "A dog is breathing and a cat is chewing.",
        "The dogs are out of breath.",
        "A radio talks, and the telephone speaks.",
        "The hum of the engine, the squeaking of the door.",
        "I do not hear the laughter of a dog.",
        "The sound of a crowd laughing at a dog.",
    ],
    "plain": [
        "I can't hear a train, rain or a dog anywhere in the clip.",
        "Sounds that are not present: a dog, a bell.",
        "I can confirm that it does not include speech.",
        "Not only rain but also thunder is heard.",
        "There is no dog, nor is there a cat.",
        "I'd rather say that I'm not hearing a dog.",
        "A dog is heard, but a cat is not present.",
        "A dog is there but no cat is heard.",
        'A woman says, "I want one that is not broken."',
    ],
}


def judge(check: str, response: str, *captions: str) -> Verdict:
    clips = tuple(AudioClip(id=str(i), captions=(caption,)) for i, caption in enumerate(captions))
    verdict = CHECKS.bind(check)(Item(task="positive", clips=clips, prompt="What is heard?", response=response))
    assert isinstance(verdict, Verdict)
    return verdict


@pytest.mark.parametrize(
    ("check", "reason", "response"), [(*named, text) for named, texts in REFUSED.items() for text in texts]
)
def test_such_words_are_refused(check: str, reason: str, response: str) -> None:
    verdict = judge(check, response)
    assert verdict.reason == reason
    assert verdict.doubt is (reason == "tangled")  # what may mean either is for a recipe's judge to decide


@pytest.mark.parametrize(("check", "response"), [(name, text) for name, texts in PASSED.items() for text in texts])
def test_such_words_are_not(check: str, response: str) -> None:
    assert judge(check, response).ok


def test_what_the_metadata_says_of_a_source_is_believed() -> None:
    assert judge("source", "A goat talks.", "a goat talking and a man laughing").ok
    assert not judge("source", "A goat laughs.", "a goat talking and a man laughing").ok


@pytest.mark.parametrize(
    "response",
    [
        "The car is snoring.",
        "The snoring of the car.",
        "The snoring is a combination of a car and a woman speaking.",
        "A woman speaking to a smoke alarm.",
        "Snoring that is made by a car.",
        "The car's loud snoring.",
    ],
)
def test_what_is_of_two_clips_is_no_one_scene(response: str) -> None:
    clips = ("A person snores and a smoke alarm beeps", "A car passes while a woman speaks")
    assert judge("source", response, *clips).reason == "source"
    assert judge("source", response, " and ".join(clips), "Rain").ok
    assert judge("source", "The woman speaking, a car, and snoring.", *clips).ok


def test_of_several_clips_one_may_have_what_another_does_not() -> None:
    assert judge("plain", "The first has rain, which is not in the second.", "Rain", "A dog barks").ok
