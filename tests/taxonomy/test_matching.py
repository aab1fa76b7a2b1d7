"""What text names: one mention for one sound, in the sense the context gives it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balsa_data.taxonomy import Mention, default

SENTENCES = [
    # who does it, and what is done, are one mention
    ("A dog is barking.", {"dog is barking": "dog barking"}),
    ("dogs bark", {"dogs bark": "dog barking"}),
    ("the bark of a large dog", {"bark of a large dog": "dog barking"}),
    ("a canine’s bark", {"canine’s bark": "dog barking"}),
    ("A dog growls and a cat hisses", {"dog growls": "dog growling", "cat hisses": "cat hissing"}),
    ("a dog barks and growls", {"dog barks": "dog barking", "growls": "dog growling"}),
    ("something growls", {"growls": "growling"}),
    ("something rattles", {"rattles": "rattling"}),
    ("The engine hums loudly", {"engine hums": "engine"}),
    ("honking of horns", {"honking of horns": "horn"}),
    ("a door is slammed", {"door is slammed": "slam"}),
    ("someone clears his throat", {"clears his throat": "throat clearing"}),
    ("a dog is not barking", {"dog": "dog", "barking": "dog barking"}),  # a negation stays between two mentions
    # people
    ("a man speaks", {"man speaks": "male speech"}),
    ("a man and a small child speak", {"man": "male speech", "child speak": "child speech"}),
    (
        "a man, a woman and a child laugh",
        {"man": "man laughing", "woman": "woman laughing", "child laugh": "child laughing"},
    ),
    ("a man talks to a woman", {"man talks": "male speech"}),
    ("a man mumbles", {"man": "male speech", "mumbles": "mumbling"}),
    ("A man works on a wooden fence", {}),
    ("A man works on a saw", {"saw": "sawing"}),
    ("There is no man", {"man": "male voice"}),
    ("a woman can be heard", {"woman": "female voice"}),
    ("I hear voices", {"voices": "human voice"}),
    # what is there unheard
    ("a person writes a letter by the door", {"writes": "writing"}),
    ("metal clangs", {"metal clangs": "metal clanging"}),
    ("leaves rustle", {"leaves rustle": "rustling leaves"}),
    # answers, not captions
    ("no vehicular noise", {"vehicular noise": "vehicle"}),
    ("There is no sound of dogs, cats, or birds.", {"dogs": "dog", "cats": "cat", "birds": "bird"}),
    ("a melody without vocals", {"melody": "melody", "vocals": "human voice"}),
    # sense by context
    ("the bark of the tree", {}),
    ("chirps", {"chirps": "bird chirping"}),
    ("crickets chirp", {"crickets chirp": "cricket"}),
    ("birds sing while a man sings", {"birds sing": "bird vocalization", "man sings": "male singing"}),
    ("a bat hits the ball", {"hits": "hitting"}),
    ("a bat screeches", {"bat screeches": "bat"}),
    ("the phone rings", {"phone rings": "telephone ringing"}),
    ("the bell rings", {"bell rings": "bell ringing"}),
    ("a ring on a finger", {}),
    ("a French horn in an orchestra", {"French horn": "french horn", "orchestra": "orchestra"}),
    ("cars sound their horns", {"cars sound their horns": "car horn"}),
    ("a train blows its horn", {"train blows its horn": "train horn"}),
    ("a bass drum", {"bass drum": "bass drum"}),
    ("the bass is loud", {"bass": "bass"}),
    ("he taps on a desk", {"taps": "tapping"}),
    ("water from a tap", {"water from a tap": "water tap"}),
    ("a crane at a construction site", {"crane": "crane", "construction site": "construction noise"}),
    ("he ducks under a table", {}),
    ("a duck quacks", {"duck quacks": "duck quacking"}),
    ("I saw a train", {"train": "train"}),
    ("flies buzz as a plane flies by", {"flies buzz": "fly buzzing", "plane": "airplane"}),
    ("a keyboard, guitars and a song", {"keyboard": "keyboard instrument", "guitars": "guitar", "song": "song"}),
    ("fingers on a keyboard", {"keyboard": "computer keyboard"}),
    ("waves crash", {"waves crash": "waves"}),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES, ids=[text for text, _ in SENTENCES])
def test_sounds_are_found_in(text: str, expected: dict[str, str]) -> None:
    assert {m.text: m.sound for m in default().find(text)} == expected


FORMS = [(form, sound.name) for sound in default().sounds.values() for form in sound.forms]


def test_every_form_of_every_class_finds_its_class() -> None:
    missed = {form: name for form, name in FORMS if [m.sound for m in default().find(f"Listen: {form}.")] != [name]}
    assert missed == {}


def test_a_guided_phrase_names_its_class_and_no_other() -> None:
    named = {
        sound.name: {m.sound for m in default().find(f"There is no sound of {sound.phrase}.")}
        for sound in default().sounds.values()
        if not sound.generic
    }
    assert {name: found for name, found in named.items() if found != {name}} == {}


words = st.sampled_from([form for form, _ in FORMS] + "a man the dog's , . and is not NO of—İ ǅ ’s 's\n".split(" "))


@given(st.one_of(st.text(), st.lists(st.one_of(words, st.text(max_size=3))).map(" ".join)))
def test_find_never_raises_and_its_spans_are_right(text: str) -> None:
    mentions = default().find(text)
    assert all(isinstance(m, Mention) and text[m.start : m.end] == m.text and m.start < m.end for m in mentions)
    assert all(a.end <= b.start for a, b in pairwise(mentions))
    assert {m.sound for m in mentions} <= set(default().sounds)


@given(st.text())
def test_resolve_never_raises(label: str) -> None:
    assert default().resolve(label) in {None, *default().sounds}
