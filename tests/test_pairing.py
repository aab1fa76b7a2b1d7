"""Which clips go together: what never happens, what each strategy means, and that all clips are used alike."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balsa_data import AudioClip, SoundEvent
from balsa_data.clipstore import Stored
from balsa_data.facts import heard
from balsa_data.pairing import Block, Kinship, Pairing, blocks
from balsa_data.recipe import PairingSpec
from balsa_data.taxonomy import default

KINSHIP = Kinship(default())
LABELS = [
    "dog barking",
    "dog growling",
    "cat meowing",
    "rain",
    "thunder",
    "car horn",
    "violin",
    "speech",
    "male speech",
]
Group = tuple[tuple[int, ...], str]


def corpus(each: list[list[str]], recordings: int = 0, datasets: int = 1) -> list[tuple[AudioClip, frozenset[str]]]:
    made = [
        AudioClip(
            id=f"c{i}",
            events=[SoundEvent(label=x) for x in labels],
            attributes={} if labels else {"artist": "unknown"},
            recording=f"r{i % recordings}" if recordings else None,
            dataset=f"d{i % datasets}",
        )
        for i, labels in enumerate(each)
    ]
    return [(clip, heard(clip)) for clip in made]


def many(n: int, **values: Any) -> list[tuple[AudioClip, frozenset[str]]]:
    rng = Random(2)
    return corpus([rng.sample(LABELS, rng.randint(1, 3)) for _ in range(n)], **values)


def groups(
    told: list[tuple[AudioClip, frozenset[str]]], *, each: int = 1, apart: bool = True, **spec: Any
) -> list[Group]:
    block = Block([Stored("", "", clip.recording, clip.dataset, sounds) for clip, sounds in told], KINSHIP, Random(0))
    pairing = Pairing(block, PairingSpec(**spec), [each] * len(told), (2, 4), apart=apart)
    rng = Random(1)
    return [found for i in range(len(told)) for _ in range(each) if (found := pairing.group(i, rng))]


def only(strategy: str) -> dict[str, float]:
    return {strategy: 1.0}


each_clip = st.lists(st.lists(st.sampled_from(LABELS), max_size=3, unique=True), min_size=1, max_size=12)


@settings(deadline=None)
@given(each_clip, st.integers(0, 3), st.booleans(), st.sampled_from([(2, 2), (2, 4), (3, 3)]))
def test_a_group_never_has_a_clip_twice_one_recording_twice_or_clips_that_nothing_tells_apart(
    each: list[list[str]], recordings: int, apart: bool, size: tuple[int, int]
) -> None:
    told = corpus(each, recordings)
    found = groups(told, each=2, apart=apart, clips=size)
    assert len({frozenset(group) for group, _ in found}) == len(found)
    for group, _ in found:
        assert size[0] <= len(group) == len(set(group)) <= size[1]
        for a, b in combinations(group, 2):
            assert told[a][1]
            assert told[b][1]
            assert not recordings or told[a][0].recording != told[b][0].recording
            assert not apart or KINSHIP.alone(told[a][1], told[b][1]) or KINSHIP.alone(told[b][1], told[a][1])


def test_the_same_groups_are_found_again() -> None:
    assert groups(many(200)) == groups(many(200))


def test_a_strategy_does_what_it_is_called_and_one_that_finds_none_says_which_took_its_place() -> None:
    told = many(300, datasets=3)
    for strategy in ("similar", "contrasting", "mixed"):
        found = groups(told, strategies=only(strategy))
        kept = [group for group, name in found if name == strategy]
        assert len(kept) > 0.5 * len(told)
        assert {name for _, name in found} <= {strategy, "random"}
        for a, b in kept:
            near = not KINSHIP.near(told[a][1]).isdisjoint(KINSHIP.near(told[b][1]))
            talks = [any("speech" in s for s in told[i][1]) for i in (a, b)]
            assert {"similar": near, "contrasting": not near, "mixed": talks[0] != talks[1]}[strategy]
    alike = corpus([["dog barking"], ["dog barking", "rain"]] * 20)
    assert {name for _, name in groups(alike, strategies=only("mixed"))} == {"random"}


def test_groups_stay_within_a_dataset_or_go_across() -> None:
    told = many(200, datasets=4)
    for where, same in (("within", True), ("across", False)):
        found = groups(told, datasets=only(where))
        assert sum(name.endswith(f"/{where}") for _, name in found) > 0.9 * len(found)
        for (a, b), name in found:
            assert not name.endswith(where) or (told[a][0].dataset == told[b][0].dataset) == same


@pytest.mark.parametrize("strategy", ["random", "similar", "contrasting", "mixed"])
def test_every_clip_is_used_about_as_often(strategy: str) -> None:
    uses = Counter(i for group, _ in groups(many(500), strategies=only(strategy)) for i in group)
    assert len(uses) == 500
    assert max(uses.values()) - min(uses.values()) <= 4


def test_clips_nothing_is_known_of_and_clips_that_are_all_alike_are_left_alone() -> None:
    assert groups(corpus([[], [], ["dog"]]), apart=False) == []
    assert groups(corpus([["dog"]] * 5)) == []
    assert len(groups(corpus([["dog"]] * 5), apart=False)) == 5


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(0, 5), st.integers(1, 700))
def test_blocks_hold_every_clip_once_in_blocks_of_about_one_size(clips: int, seed: int, size: int) -> None:
    found = [list(block) for block in blocks(clips, seed, size)]
    assert sorted(i for block in found for i in block) == list(range(clips))
    assert all(block == sorted(block) for block in found)
    assert max(map(len, found)) - min(map(len, found)) <= 1
    assert max(map(len, found)) <= size
