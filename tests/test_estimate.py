"""The estimate: what a run will ask and take, before it, and after a few requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from servers import BackboneServer
from test_synthesis import adds_up, clips, moody

from balsa_data import synthesize
from balsa_data.estimate import estimate
from balsa_data.recipe import Recipe


@pytest.fixture
def corpus(tmp_path: Path) -> dict[str, Any]:
    listing = tmp_path / "clips.jsonl"
    listing.write_text("".join(c.model_dump_json(exclude_defaults=True) + "\n" for c in clips(80)), encoding="utf-8")
    return {
        "corpora": {"reader": "jsonl", "path": str(listing)},
        "tasks": {"positive": 1, "negative": 1, "combined": 0.5},
    }


def test_an_estimate_asks_nothing_and_counts_the_plan(corpus: dict[str, Any]) -> None:
    found = estimate(Recipe.make(**corpus, backbone="openai/test", prices={"input": 1.0, "output": 10.0}))
    assert found["requests"] == 200
    assert {task: line["requests"] for task, line in found["tasks"].items()} == {
        "positive": 80, "negative": 80, "combined": 40,
    }  # fmt: skip
    assert found["prompt_tokens"] == sum(line["prompt_tokens"] for line in found["tasks"].values()) > 200 * 20
    assert found["cost"] == pytest.approx((found["prompt_tokens"] + 10 * found["completion_tokens"]) / 1e6)


def test_a_cost_nobody_knows_is_not_zero(corpus: dict[str, Any]) -> None:
    assert estimate(Recipe.make(**corpus, backbone="openai/test"))["cost"] is None
    assert estimate(Recipe.make(**corpus, backbone="openai/gpt-4o-mini"))["cost"] > 0
    assert estimate(Recipe.make(**corpus, backbone="local"))["cost"] == 0


def test_after_a_few_requests_it_is_near_what_the_run_takes_and_they_are_the_runs(
    tmp_path: Path, corpus: dict[str, Any]
) -> None:
    with BackboneServer(moody) as server:
        recipe = Recipe.make(**corpus, backbone="openai/test", api_base=server.url + "/v1", parameters={"api_key": "k"})
        found = estimate(recipe, calibrate=50, out=tmp_path / "run")
        asked = server.requests
        assert 50 <= asked < 200
        run = synthesize(recipe, out=tmp_path / "run", progress=False)
        assert run.usage.requests == server.requests
    assert adds_up(run)
    assert run.planned == 200
    for name in ("requests", "prompt_tokens", "completion_tokens"):
        assert getattr(run.usage, name) == pytest.approx(found[name], rel=0.15), name
    after = estimate(recipe, calibrate=50, out=tmp_path / "run")  # all is known, nothing is asked
    assert [after[name] for name in ("requests", "prompt_tokens", "completion_tokens")] == [
        run.usage.requests, run.usage.prompt_tokens, run.usage.completion_tokens,
    ]  # fmt: skip
