"""What every recipe keeps to: it loads anywhere, says what it needs, and plans over its reader's corpus.

`prompts.golden.txt` is every template with every kind of metadata, to be read by a person whenever it changes:
``python tests/test_recipes.py`` writes it anew.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from balsa_data.clipstore import ClipStore
from balsa_data.corpora import CORPORA
from balsa_data.planning import Request, lay_out
from balsa_data.prompting import Prompts
from balsa_data.recipe import CorpusSpec, Recipe, recipe_headlines, recipe_names, recipe_opening
from balsa_data.schemas import AudioClip, SoundEvent, SpeechSegment
from balsa_data.tasks import TASKS

RECIPES = Path(__file__).parents[1] / "recipes"
FIXTURES = Path(__file__).parent / "corpora" / "fixtures"
GOLDEN = Path(__file__).parent / "prompts.golden.txt"
VARIABLE = re.compile(r"\$\{(\w+)(:-[^}]*)?\}")

KINDS = {
    "captions": AudioClip(id="c", captions=["A dog barks twice.", "Barking, then silence."]),
    "tags": AudioClip(id="c", duration=10, events=[SoundEvent(label="dog"), SoundEvent(label="car horn")]),
    "timed events": AudioClip(
        id="c",
        duration=70,
        events=[SoundEvent(label="dog", onset=61, offset=64.5), SoundEvent(label="rain", onset=0, offset=70)],
    ),
    "speech": AudioClip(
        id="c",
        speech=[
            SpeechSegment(transcript="Is it raining?", start=0, end=1.5, gender="female", emotion="happy", language="en"),
            SpeechSegment(transcript="It is.", start=2, end=3, speaker="b", age="forties", attributes={"delivery": "sung"}),
        ],
    ),
    "attributes": AudioClip(id="c", duration=30, events=[SoundEvent(label="music")], attributes={"genre": "reggae"}),
    "mixed": AudioClip(
        id="c",
        duration=8,
        captions=["A man talks over traffic."],
        events=[SoundEvent(label="traffic"), SoundEvent(label="car horn", onset=4, offset=5)],
        speech=[SpeechSegment(transcript="Mind the bus!", start=1, end=2, gender="male")],
        attributes={"scene": "street"},
    ),
}  # fmt: skip


@pytest.fixture(params=recipe_names())
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every recipe, with none of its environment variables set."""
    for variable, _ in VARIABLE.findall((RECIPES / f"{request.param}.yaml").read_text("utf-8")):
        monkeypatch.delenv(variable, raising=False)
    return str(request.param)


def test_every_reader_has_a_recipe() -> None:
    used = {corpus.reader for name in recipe_names() for corpus in Recipe.load(name).corpora}
    assert used == set(CORPORA.names())


def test_loads_with_no_environment_and_is_called_like_its_file(name: str) -> None:
    recipe = Recipe.load(name)
    assert recipe.name == name
    assert recipe.corpora


def test_says_what_it_is_for_and_under_which_licence_and_how_large_it_is(name: str) -> None:
    line = next(line for line in recipe_headlines() if line["name"] == name)
    assert all(line.values()), line
    assert line["corpora"] == ", ".join(dict.fromkeys(c.reader for c in Recipe.load(name).corpora))
    assert len(line["description"]) < 90


def test_opens_with_where_to_get_it_its_licence_and_the_command(name: str) -> None:
    opening = recipe_opening(name)
    assert re.search(rf"`?balsa (synthesize|evalset|demo)\b.*({name}\b|`)", opening)
    if name != "demo":
        assert all(f"\n# {word}: " in opening for word in ("Get it", "Licence", "Run")), opening


def test_every_path_is_a_variable_named_for_the_corpus_with_a_default_in_data(name: str) -> None:
    values = yaml.safe_load((RECIPES / f"{name}.yaml").read_text("utf-8"))
    for corpus in values["corpora"]:
        variable, default = VARIABLE.match(corpus["path"]).groups()  # type: ignore[union-attr]  # None fails the test
        assert corpus["reader"].upper().split("_")[0] in variable or variable.startswith(("CLIPS", "BALSA"))
        assert default.startswith((":-data/", ":-runs/"))


def corpora_at_hand(recipe: Recipe, folder: Path) -> tuple[CorpusSpec, ...]:
    """The recipe's corpora, each with its reader's fixture in place of its path."""
    found = []
    for number, corpus in enumerate(recipe.corpora):
        says = json.loads((FIXTURES / corpus.reader / "case.json").read_text("utf-8"))
        root = folder / f"{number}" / corpus.reader
        shutil.copytree(FIXTURES / corpus.reader, root, ignore=shutil.ignore_patterns("case.json"))
        for audio in says.get("audio", ()):
            (root / audio).parent.mkdir(parents=True, exist_ok=True)
            (root / audio).touch()
        path, options = str(root / says["path"]), says.get("options", {})
        found.append(CorpusSpec(reader=corpus.reader, path=path, options=options))
    return tuple(found)


def planned(recipe: Recipe, folder: Path) -> list[Request]:
    folder.mkdir()
    store = ClipStore(folder)
    requests = list(lay_out(recipe, store, Prompts(recipe.prompts)))
    store.close()
    return requests


def test_plans_every_task_over_its_readers_corpora_with_ids_that_stay(name: str, tmp_path: Path) -> None:
    recipe = Recipe.load(name)
    # WavCaps' four sources would be four times the same fixture.
    unique = {spec.reader: spec for spec in corpora_at_hand(recipe, tmp_path / "corpora")}
    shares = {task: max(share, 0.5) for task, share in recipe.tasks.items()}  # a fixture has but a few clips
    recipe = recipe.model_copy(update={"corpora": tuple(unique.values()), "tasks": shares})
    requests = planned(recipe, tmp_path / "a")
    assert {request.task for request in requests} == set(recipe.tasks)
    assert len({request.id for request in requests}) == len(requests)
    assert [request.position for request in requests] == list(range(len(requests)))
    assert [(r.id, r.messages) for r in planned(recipe, tmp_path / "b")] == [(r.id, r.messages) for r in requests]
    for request in requests:
        assert request.messages[-1]["content"].count("[Begin of audio]") == len(request.clips)
        assert request.prompt in request.messages[-1]["content"]


def rendered() -> Iterator[str]:
    """Yield every template with every kind of metadata, open and, where the task guides, guided."""
    prompts = Prompts()
    for task in TASKS.names():
        least, most = TASKS.module(task).CLIPS
        for count in sorted({least, min(most, 3)}):
            for kind, clip in KINDS.items():
                seeds = [prompts.seed_description(clip)] * count
                prompt = prompts.instruction(task, 0, object="a dog barking")
                guidance = {
                    "present": ("a dog", "rain"),
                    "absent": ("a siren", "wind"),
                    "each": (("a dog",), ("rain", "wind"), ("a bell",)),
                }
                guidance["each"] = guidance["each"][:count]
                users = [prompts.messages(task, seeds, prompt)[-1]["content"]]
                users.append(prompts.messages(task, seeds, prompt, guided=True, **guidance)[-1]["content"])
                for how, user in zip(("open", "guided"), dict.fromkeys(users), strict=False):
                    yield f"=== {task} of {count} · {kind} · {how}\n{user}\n"
    yield f"=== system\n{prompts.messages('positive', ['x'], 'y')[0]['content']}\n"


def test_golden_prompts() -> None:
    assert "\n".join(rendered()) == GOLDEN.read_text("utf-8")


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(rendered()), "utf-8")
