"""The plan: shares, order, ids, and that it is the same on every machine."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from balsa_data import AudioClip, SoundEvent
from balsa_data.clipstore import ClipStore
from balsa_data.errors import PromptError
from balsa_data.negatives import Statistics
from balsa_data.pairing import BLOCK
from balsa_data.planning import Request, lay_out
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe
from balsa_data.tasks import TASKS

LABELS = ["dog barking", "rain", "car horn", "applause", "violin", "helicopter", "cat meowing", "siren", "speech"]
ALL = dict.fromkeys(TASKS.names(), 0.5)


def clips(n: int) -> list[AudioClip]:
    return [
        AudioClip(id=f"c{i}", events=[SoundEvent(label=LABELS[i % 9]), SoundEvent(label=LABELS[(i // 9 + i + 1) % 9])])
        for i in range(n)
    ]


def plan(folder: Path, n: int, tasks: dict[str, float] = ALL, **values: object) -> list[Request]:
    folder.mkdir(exist_ok=True)
    store = ClipStore(folder)
    made = list(lay_out(Recipe.make(tasks=tasks, **values), store, Prompts(), clips(n)))
    store.close()
    return made


def test_a_share_is_samples_a_clip_for_one_clip_and_for_several(tmp_path: Path) -> None:
    requests = plan(tmp_path / "a", 200, {**ALL, "positive": 1.5})
    counts = Counter(r.task for r in requests)
    assert counts == {**dict.fromkeys(ALL, 100), "positive": 300}
    assert [r.position for r in requests] == list(range(len(requests)))
    assert len({r.id for r in requests}) == len(requests)


def test_another_tasks_share_changes_nothing(tmp_path: Path) -> None:
    alone = plan(tmp_path / "a", 100, {"difference": 0.5})
    among = plan(tmp_path / "b", 100, ALL)
    assert [r.id for r in among if r.task == "difference"] == [r.id for r in alone]


def test_a_small_corpus_is_asked_in_its_order_and_a_large_one_in_blocks_drawn_from_all_of_it(tmp_path: Path) -> None:
    small = plan(tmp_path / "a", 50, {"positive": 1})
    assert [r.clips[0].id for r in small] == [f"c{i}" for i in range(50)]
    n = 2 * BLOCK
    large = [int(r.clips[0].id[1:]) for r in plan(tmp_path / "b", n, {"positive": 1})]
    assert sorted(large) == list(range(n))
    assert abs(sum(large[:BLOCK]) / BLOCK - n / 2) < 0.05 * n


def test_statistics_counted_while_clips_are_taken_in_are_those_of_the_store(tmp_path: Path) -> None:
    plan(tmp_path / "a", 50)
    store = ClipStore(tmp_path / "a")
    assert store.fact("statistics") == Statistics(store.heard()).to_json()


def test_a_seed_draws_other_groups(tmp_path: Path) -> None:
    a, b = (plan(tmp_path / str(s), 60, {"difference": 1}, seed=s) for s in (0, 1))
    assert {frozenset(c.id for c in r.clips) for r in a} != {frozenset(c.id for c in r.clips) for r in b}


@pytest.mark.parametrize("hashing", ["0", "1"])
def test_the_plan_does_not_depend_on_the_process(hashing: str, tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import test_planning as t; "
        "print(t.digest(t.plan(Path(sys.argv[2]), 80)))"
    )
    here = str(Path(__file__).parent)
    env = {"PYTHONHASHSEED": hashing, "PYTHONPATH": str(Path(here).parent)}
    ran = subprocess.run(
        [sys.executable, "-c", code, here, str(tmp_path / "x")], env=env, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == digest(plan(tmp_path / "y", 80))


def test_a_template_that_cannot_be_used_is_told_of_before_any_request_is_handed_out(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "negative.jinja").write_text("{{ nonsense }}", "utf-8")
    recipe = Recipe.make(tasks=["positive", "negative"])
    with pytest.raises(PromptError, match="nonsense"):
        next(iter(lay_out(recipe, ClipStore(tmp_path), Prompts(tmp_path / "mine"), clips(9))))


def test_a_request_is_written_before_it_goes_elsewhere(tmp_path: Path) -> None:
    requests = plan(tmp_path / "a", 20)
    sent = pickle.loads(pickle.dumps(requests))
    assert sent == requests
    assert [r.clips for r in sent] == [r.clips for r in requests]
    assert digest(sent) == digest(requests)


def digest(requests: list[Request]) -> str:
    return hashlib.sha256(repr([(r.id, r.messages, r.draft) for r in requests]).encode()).hexdigest()


def test_a_template_that_looks_into_a_prompt_is_rendered_each_time(tmp_path: Path) -> None:
    (tmp_path / "positive.jinja").write_text("{% for s in seeds %}{{ s | upper }}{% endfor %} {{ prompt }}", "utf-8")
    prompts = Prompts(tmp_path)
    for text in ("a dog", "rain"):
        assert prompts.messages("positive", [text], "Which?")[-1]["content"] == f"{text.upper()} Which?"
