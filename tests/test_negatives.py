"""Sounds to deny are never in the clip, nor kin to what is, nor to be mistaken for it."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balsa_data.claims import Polarity, claims
from balsa_data.facts import heard
from balsa_data.negatives import AbsentSounds, Statistics
from balsa_data.recipe import NegativeSpec
from balsa_data.schemas import AudioClip
from balsa_data.taxonomy import default

TAXONOMY = default()
NAMES = sorted(TAXONOMY.sounds)
CORPUS = [frozenset(Random(i).sample(NAMES, 1 + i % 4)) for i in range(400)]
ABSENT = AbsentSounds(Statistics(CORPUS), TAXONOMY, NegativeSpec())
STRATEGIES = ["random", "popular", "adversarial"]


@pytest.mark.parametrize("strategy", STRATEGIES)
@settings(max_examples=3400)
@given(present=st.sets(st.sampled_from(NAMES), min_size=1, max_size=5), seed=st.integers(0, 2**32))
def test_no_strategy_ever_denies_what_is_there_or_its_kin(strategy: str, present: set[str], seed: int) -> None:
    chosen = ABSENT.choose(strategy, frozenset(present), 3, Random(seed))
    assert chosen == ABSENT.choose(strategy, frozenset(present), 3, Random(seed))
    for absent in chosen:
        assert not TAXONOMY.sounds[absent].generic
        for sound in present:
            assert not TAXONOMY.related(absent, sound)
            assert not TAXONOMY.confusable(absent, sound)
    for a in chosen:
        assert not any(TAXONOMY.related(a, b) for b in chosen if a != b)


def test_popular_draws_what_is_frequent_and_adversarial_what_goes_together() -> None:
    corpus = [frozenset({"dog barking", "car passing by"})] * 10 + [frozenset({"dog barking", "rain"})] * 10
    corpus += [frozenset({"dog barking"})] * 80 + [frozenset({"violin"})] * 200 + [frozenset({"church bell"})] * 2
    absent = AbsentSounds(Statistics(corpus), TAXONOMY, NegativeSpec(ceiling=0.3))
    present = frozenset({"dog barking"})
    popular = [absent.choose("popular", present, 1, Random(i))[0] for i in range(200)]
    assert popular.count("violin") > 150
    adversarial = {absent.choose("adversarial", present, 1, Random(i)) for i in range(50)}
    assert adversarial == {("car passing by",), ("rain",)}


def test_what_nearly_always_goes_together_is_not_denied() -> None:
    corpus = [frozenset({"dog barking", "rain"})] * 9 + [frozenset({"dog barking"})]
    absent = AbsentSounds(Statistics(corpus), TAXONOMY, NegativeSpec())
    assert absent.choose("adversarial", frozenset({"dog barking"}), 2, Random(0)) == ()
    assert absent.draw(frozenset({"dog barking"}), Random(3))[1]  # another strategy takes its place


def test_statistics_come_back_as_they_were_written() -> None:
    statistics = Statistics(CORPUS)
    text = statistics.to_json()
    assert Statistics.from_json(text).to_json() == text


@pytest.mark.parametrize("name", [n for n in NAMES if not TAXONOMY.sounds[n].generic])
def test_every_sound_that_may_be_denied_is_understood_as_denied_in_the_words_of_the_guidance(name: str) -> None:
    said = claims(f"I do not hear {TAXONOMY.sounds[name].phrase}.")
    assert name in {c.sound for c in said if c.polarity is Polarity.ABSENT} | {
        a for c in said if c.polarity is Polarity.ABSENT for a in TAXONOMY.ancestors(c.sound)
    }, said


def test_a_label_nobody_knows_is_still_heard_and_never_denied() -> None:
    present = heard(AudioClip(id="c", captions=["A dog barks."], attributes={"thing": "Xylomorphone 7"}))
    assert ABSENT.choose("random", present, 3, Random(1))
