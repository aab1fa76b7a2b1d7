"""Every task, by being there: what it asks is repeatable, understood by the checks, and true where the answer is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from balsa_data import AudioClip, SoundEvent, synthesize
from balsa_data.claims import asked, mentions
from balsa_data.clipstore import ClipStore
from balsa_data.facts import heard, related, supported
from balsa_data.planning import Request, lay_out
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe
from balsa_data.tasks import TASKS, Draft
from balsa_data.taxonomy import default
from balsa_data.testing import ScriptedBackbone

PROMPTS = Prompts()
LABELS = [
    "dog barking",
    "rain",
    "car horn",
    "applause",
    "violin",
    "helicopter",
    "cat meowing",
    "siren",
    "speech",
    "wind",
]


def clips(n: int = 60) -> list[AudioClip]:
    rng = Random(5)
    return [
        AudioClip(id=f"c{i}", events=[SoundEvent(label=x) for x in rng.sample(LABELS, rng.randint(1, 3))])
        for i in range(n)
    ]


def plan(folder: Path, task: str, n: int = 60, **values: object) -> list[Request]:
    store = ClipStore(folder)
    recipe = Recipe.make(tasks=[task], pairing={"clips": (2, 4)}, **values)
    return list(lay_out(recipe, store, PROMPTS, clips(n)))


@pytest.mark.parametrize("task", TASKS.names())
def test_a_plan_is_the_same_twice_and_has_as_many_clips_as_the_task_says(task: str, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = plan(tmp_path / "a", task), plan(tmp_path / "b", task)
    assert first
    assert first == second
    least, most = TASKS.module(task).CLIPS
    assert all(least <= len(r.clips) <= most for r in first)
    assert len({r.id for r in first}) == len(first)


@pytest.mark.parametrize("guided", [0, 1])
@pytest.mark.parametrize("task", TASKS.names())
def test_a_truthful_answer_passes_every_check(task: str, guided: int, tmp_path: Path) -> None:
    settings = {"negatives": {"guided": guided}, "pairing": {"clips": (2, 4), "guided": guided}}
    run = synthesize(clips(), tasks=[task], out=tmp_path / "r", backbone=ScriptedBackbone(), progress=False, **settings)
    assert run.planned >= 59
    assert [r.attempts[-1].verdicts for r in run.rejections] == []


@pytest.mark.parametrize(
    ("task", "kind"), [("difference", "present"), ("joint_caption", "present"), ("existence", "yes/no")]
)
def test_what_a_prompt_asks_for_is_understood(task: str, kind: str) -> None:
    assert [line for line in PROMPTS.pool(task) if asked(line) != kind] == []


@pytest.mark.parametrize("phrasing", PROMPTS.pool("existence"))
def test_every_sound_is_understood_in_every_question(phrasing: str) -> None:
    taxonomy = default()
    missed = [
        name
        for name, sound in taxonomy.sounds.items()
        if not sound.generic
        and not any(related(m.sound, name) for m in mentions(phrasing.replace("{{ object }}", sound.phrase)))
    ]
    assert len(missed) <= 2, missed  # a sink, a chime: in few questions not taken for a sound


def test_questions_are_balanced_and_their_objects_are_there_or_not(tmp_path: Path) -> None:
    requests = plan(tmp_path, "existence", n=400)
    yes = [r for r in requests if r.draft.present]
    assert abs(2 * len(yes) - len(requests)) <= 2
    for r in requests:
        sounds = heard(*r.clips)
        assert all(supported(s, sounds) for s in r.draft.present)
        assert not any(related(s, p) for s in r.draft.absent for p in sounds)
    strategies = Counter((r.draft.strategy, bool(r.draft.present)) for r in requests)
    for strategy in ("random", "popular"):
        assert strategies[strategy, True] == pytest.approx(strategies[strategy, False], rel=0.4)


def drafts(caption: str, folder: Path, task: str) -> list[Draft]:
    """What a task decides, many times, about a clip with this caption among others."""
    it = AudioClip(id="it", captions=[caption])
    recipe = Recipe.make(tasks={task: 40}, negatives={"guided": 1})
    requests = lay_out(recipe, ClipStore(folder), PROMPTS, [it, *clips(20)])
    return [r.draft for r in requests if r.clips == (it,)]


@pytest.mark.parametrize(
    ("caption", "asked_after"),
    [
        ("A dog barks in the rain.", {"dog barking", "rain"}),
        ("Rain falls, perhaps a dog barks.", {"rain"}),
        ("A tiger roars and a violin plays.", {"violin"}),  # of the class called "a lion"
        ("Something is there.", set()),
    ],
)
def test_only_what_is_stated_in_its_own_words_is_asked_after_as_present(
    caption: str, asked_after: set[str], tmp_path: Path
) -> None:
    assert {sound for draft in drafts(caption, tmp_path, "existence") for sound in draft.present} == asked_after


@pytest.mark.parametrize("task", ["negative", "combined", "existence"])
@pytest.mark.parametrize(
    ("caption", "never"),
    [
        ("A tiger roars and a violin plays.", {"violin"}),
        ("Rain falls on a helicopter.", {"rain", "helicopter"}),
        ("Rain falls, perhaps a dog barks.", {"rain", "dog barking"}),
        ("A man works on a wooden board while rain falls.", {"rain", "male voice", "male speech"}),
    ],
)
def test_what_the_metadata_merely_names_is_never_denied(
    task: str, caption: str, never: set[str], tmp_path: Path
) -> None:
    denied = {sound for draft in drafts(caption, tmp_path, task) for sound in draft.absent}
    assert denied
    assert not denied & never


@pytest.mark.parametrize("task", ["combined", "difference", "joint_caption"])
def test_a_backbone_is_told_to_say_only_what_is_stated(task: str, tmp_path: Path) -> None:
    captions = [
        "A tiger roars and a violin plays.",
        "Rain falls.",
        "Applause breaks out, perhaps a helicopter flies.",
    ]
    corpus = [AudioClip(id=f"c{i}", captions=[caption]) for i, caption in enumerate(captions)]
    recipe = Recipe.make(tasks={task: 10}, negatives={"guided": 1}, pairing={"guided": 1})
    told = [r.draft for r in lay_out(recipe, ClipStore(tmp_path), PROMPTS, corpus) if r.draft.guided]
    assert {sound for draft in told for sound in draft.present} == {"violin", "rain", "applause"}
    assert {phrase for draft in told for sounds in draft.each for phrase in sounds} <= {"a violin", "rain", "applause"}


@pytest.mark.parametrize("task", ["difference", "joint_caption", "combined"])
def test_a_clip_of_which_nothing_is_stated_leaves_the_words_to_the_backbone(task: str, tmp_path: Path) -> None:
    corpus = [AudioClip(id=f"c{i}", captions=[text]) for i, text in enumerate(["A tiger roars.", "Rain falls."])]
    recipe = Recipe.make(tasks={task: 3}, negatives={"guided": 1}, pairing={"guided": 1})
    requests = [r for r in lay_out(recipe, ClipStore(tmp_path), PROMPTS, corpus) if corpus[0] in r.clips]
    assert requests
    assert not any(r.draft.guided or r.draft.present for r in requests)


@pytest.mark.parametrize("task", ["negative", "combined"])
def test_of_a_clip_of_which_no_sound_is_understood_the_backbone_says_what_is_absent(task: str, tmp_path: Path) -> None:
    made = drafts("Something is there.", tmp_path, task)
    assert made
    assert not any(draft.guided or draft.absent for draft in made)


def test_a_guided_difference_names_what_each_clip_has_alone(tmp_path: Path) -> None:
    for r in plan(tmp_path, "difference"):
        assert r.draft.guided == bool(r.draft.each)
        if r.draft.guided:
            assert len(r.draft.each) == len(r.clips)
            assert any(r.draft.each) or len(r.clips) > 2
