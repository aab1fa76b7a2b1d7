"""The shared cache: the very same is asked once, whichever run asks, and nothing else is taken for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from test_synthesis import adds_up, clips, essence, make, moody

from balsa_data import synthesize
from balsa_data.cache import Cache
from balsa_data.errors import InputError
from balsa_data.journal import Answer
from balsa_data.recipe import Recipe
from balsa_data.schemas import Usage
from balsa_data.testing import ScriptedBackbone

MESSAGES = [{"role": "user", "content": "What can you hear?"}]


def test_another_run_asks_nothing_and_takes_nothing(tmp_path: Path) -> None:
    first = make(tmp_path / "a", cache=tmp_path / "cache.db")
    backbone = ScriptedBackbone(moody)
    second = make(tmp_path / "b", backbone, cache=tmp_path / "cache.db")
    assert backbone.asked == 0
    assert second.usage == Usage(cost=0.0)
    assert [s.response for s in second.samples] == [s.response for s in first.samples]
    assert adds_up(second)


def test_what_another_run_needs_beyond_is_asked(tmp_path: Path) -> None:
    make(tmp_path / "a", cache=tmp_path / "cache.db", draws=1)
    backbone = ScriptedBackbone(moody)
    shared = make(tmp_path / "b", backbone, cache=tmp_path / "cache.db")  # three draws: the first is known
    alone = make(tmp_path / "c", all_of_it := ScriptedBackbone(moody))
    assert backbone.asked == all_of_it.asked - shared.planned
    assert [s.model_dump(exclude={"provenance": {"usage"}}) for s in shared.samples] == [
        s.model_dump(exclude={"provenance": {"usage"}}) for s in alone.samples
    ]


def test_a_run_without_one_shares_nothing(tmp_path: Path) -> None:
    before = essence(make(tmp_path / "a"))
    backbone = ScriptedBackbone(moody)
    assert essence(make(tmp_path / "b", backbone)) == before
    assert backbone.asked > 0


def test_each_draw_of_the_same_clip_is_its_own(tmp_path: Path) -> None:
    def numbered(messages: Sequence[dict[str, str]], seed: int) -> str:
        return f"I can hear a dog barking and a church bell. {seed}"

    run = synthesize(
        clips(1), tasks={"positive": 60}, out=tmp_path / "r", backbone=ScriptedBackbone(numbered), progress=False,
        cache=tmp_path / "cache.db", checks={"coverage": False, "grounded": False},
    )  # fmt: skip
    assert len({s.response for s in run.samples}) == len(run.samples) == 60


@pytest.mark.parametrize(
    ("values", "messages", "seed"),
    [
        ({"backbone": "openai/b"}, MESSAGES, 1),
        ({"parameters": {"temperature": 1.0}}, MESSAGES, 1),
        ({}, [{"role": "user", "content": "What can you hear"}], 1),
        ({}, [{"role": "system", "content": "What can you hear?"}], 1),
        ({}, MESSAGES, 2),
    ],
)
def test_whatever_is_sent_otherwise_is_another_request(
    tmp_path: Path, values: dict[str, Any], messages: Any, seed: int
) -> None:
    def opened(**changed: Any) -> Cache:
        return Cache(tmp_path / "cache.db", Recipe.make(**{"backbone": "openai/a", **changed}))

    cache = opened()
    cache.keep(MESSAGES, 1, Answer(text="A dog.", finish_reason="stop", usage=Usage(requests=1, prompt_tokens=9)))
    cache.close()
    other = opened(**values)
    assert other.known(messages, seed) is None
    other.close()
    same = opened(parameters={"api_key": "sk-secret-0123456789"})  # a key is not what is asked
    assert same.known(MESSAGES, 1) == Answer(text="A dog.", finish_reason="stop", usage=Usage(cost=0.0))
    same.close()
    assert b"sk-secret" not in (tmp_path / "cache.db").read_bytes()


def test_two_runs_at_once_share_one(tmp_path: Path) -> None:
    from balsa_data import asynthesize

    async def both() -> list[Any]:
        runs = (
            asynthesize(
                clips(20), out=tmp_path / n, backbone=ScriptedBackbone(moody), progress=False, cache=tmp_path / "c.db"
            )
            for n in "ab"
        )
        return await asyncio.gather(*runs)

    one, two = asyncio.run(both())
    assert adds_up(one)
    assert adds_up(two)


def test_a_file_that_is_no_cache_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "cache.db").write_text("not a database, but long enough to be taken for one" * 20)
    backbone = ScriptedBackbone()
    with pytest.raises(InputError, match=r"cannot use the cache .*give another file"):
        make(tmp_path / "run", backbone, cache=tmp_path / "cache.db")
    assert backbone.asked == 0
