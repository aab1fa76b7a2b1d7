"""Requests in files: the same samples as online, whatever fails, and nothing handed in twice."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from batch_server import ITEMS, BatchServer
from servers import BackboneServer
from test_synthesis import adds_up, clips, moody

from balsa_data import Run, synthesize
from balsa_data.batches import Lines
from balsa_data.errors import AnswersAwaited, BackboneUnusable, BudgetReached, InputError
from balsa_data.journal import Answer, Journal
from balsa_data.recipe import Recipe

KEY = "sk-secret-0123456789"


def make(out: Path, server: BackboneServer | None, engine: str = "batch", n: int = 12, **values: Any) -> Run:
    if server is not None:
        values |= {"api_base": server.url + "/v1"}
    values = {"parameters": {"api_key": KEY, "temperature": 0.5}, **values}
    return synthesize(clips(n), out=out, engine=engine, backbone="openai/test", progress=False, **values)


def outcomes(run: Run) -> list[Any]:
    """What a run made, but for what it took."""
    kinds = (run.samples, run.rejections, run.failures)
    return [o.model_dump(exclude={"provenance": {"usage"}}) for kind in kinds for o in kind]


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    with BackboneServer(moody) as server:
        return outcomes(make(tmp_path_factory.mktemp("online") / "run", server, "online"))


def test_a_batch_makes_what_asking_one_by_one_makes(tmp_path: Path, online: list[Any]) -> None:
    with BatchServer(moody) as server:
        run = make(tmp_path / "run", server)
    assert adds_up(run)
    assert outcomes(run) == online
    assert len(server.batches) == 3  # one a draw
    assert set(server.asked.values()) == {1}
    assert run.usage.requests == sum(server.asked.values())
    for path in run.folder.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()


def test_every_failure_together_changes_no_sample(tmp_path: Path, online: list[Any]) -> None:
    with BatchServer(moody, dict.fromkeys(ITEMS, 0.05), calls=0.1) as server:
        run = make(tmp_path / "run", server)
    assert sum(server.done[fault] for fault in ITEMS) > 10
    assert adds_up(run)
    assert outcomes(run) == online
    assert run.usage.requests == sum(server.asked.values())


@pytest.mark.parametrize(("fault", "says"), [("broken", "oh"), ("expired", "batch_expired"), ("missing", "without an")])
def test_batches_that_are_never_answered_stop_the_run_and_mended_it_goes_on(
    tmp_path: Path, fault: str, says: str, online: list[Any]
) -> None:
    with BatchServer(moody, {fault: 1.0}) as server:
        with pytest.raises(BackboneUnusable, match=says):
            make(tmp_path / "run", server)
        server.shares = {}
        assert outcomes(make(tmp_path / "run", server)) == online


def test_a_batch_refused_as_a_whole_stops_the_run_and_mended_it_goes_on(tmp_path: Path, online: list[Any]) -> None:
    with BatchServer(moody) as server:
        server.refuse = "invalid_model", "no such model"
        with pytest.raises(BackboneUnusable, match=r"refuses the batch batch_0: no such model"):
            make(tmp_path / "run", server)
        assert outcomes(make(tmp_path / "run", server)) == online
    assert set(server.asked.values()) == {1}


KILLED = """
import sys
from pathlib import Path
from test_batches import make
make(Path(sys.argv[1]), type("Server", (), {"url": sys.argv[2]}))
"""


def test_a_process_that_is_gone_while_it_waits_hands_nothing_in_twice(tmp_path: Path, online: list[Any]) -> None:
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
    with BatchServer(moody) as server:
        server.hold = True
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "run"), server.url], env=environment)
        while not any(batch["status"] == "in_progress" for batch in server.batches.values()):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
        process.wait()
        server.hold = False
        assert outcomes(make(tmp_path / "run", server)) == online
    assert set(server.asked.values()) == {1}


def test_a_batch_whose_taking_was_never_heard_of_is_found_by_its_mark(tmp_path: Path, online: list[Any]) -> None:
    with BatchServer(moody) as server:
        server.swallow = True
        assert outcomes(make(tmp_path / "run", server)) == online
    assert set(server.asked.values()) == {1}


def test_what_one_engine_began_another_ends(tmp_path: Path, online: list[Any]) -> None:
    with BatchServer(moody) as server:
        with pytest.raises(BudgetReached):
            make(tmp_path / "run", server, "online", limits={"max_requests": 10})
        with pytest.raises(BudgetReached):
            make(tmp_path / "run", server, "batch", limits={"max_requests": 30})
        assert sum(server.asked.values()) == 20
        run = make(tmp_path / "run", server, "online")
        assert outcomes(run) == online
        assert run.usage.requests == sum(server.asked.values()) + server.requests


@pytest.mark.parametrize(
    ("limits", "at_most"), [({"max_requests": 7}, 7), ({"max_tokens": 1000}, 20), ({"max_cost": 0.001}, 20)]
)
def test_a_budget_holds_for_what_is_handed_in(tmp_path: Path, limits: dict[str, Any], at_most: int) -> None:
    with BatchServer(moody) as server:
        with pytest.raises(BudgetReached, match="run again to continue"):
            make(tmp_path / "run", server, limits=limits, prices={"input": 1, "output": 1})
        assert 0 < sum(server.asked.values()) <= at_most
    usage = Run(tmp_path / "run").usage
    one = 50 + 20  # tokens of a request and its answer, at most: as online, the last may be one too many
    assert usage.prompt_tokens + usage.completion_tokens <= limits.get("max_tokens", 10**9) + one
    assert usage.cost is not None
    assert usage.cost <= limits.get("max_cost", 1) + one / 1e6


# -- offline runners -------------------------------------------------------------------------------------------------


def run_offline(folder: Path, lacking: int = 0) -> None:
    """Answer every file as `vllm run-batch` does; leave out the first so many lines, and the end of the last."""
    server = BatchServer(moody)
    for path in sorted(folder.glob("[0-9][0-9][0-9][0-9].jsonl")):
        said = [json.dumps(server.answered(json.loads(line))) for line in path.read_text().splitlines()]
        path.with_suffix(".out.jsonl").write_text("\n".join(said[lacking:])[: -40 if lacking else None])


@pytest.mark.parametrize("lacking", [0, 3])
def test_files_for_an_offline_runner_make_the_same_samples(tmp_path: Path, lacking: int, online: list[Any]) -> None:
    for turn in range(4 if lacking else 3):  # one a draw
        for _ in range(2):  # run again without answers: nothing changes
            with pytest.raises(AnswersAwaited, match=rf"vllm run-batch -i .*{turn:04}\.jsonl .*--model test"):
                make(tmp_path / "run", None, "jsonl")
        run_offline(tmp_path / "run" / "batches", lacking if turn == 0 else 0)
    run = make(tmp_path / "run", None, "jsonl")
    assert outcomes(run) == online


def test_the_lines_are_what_the_batch_api_reads(tmp_path: Path) -> None:
    recipe = Recipe.make(
        backbone="openai/test",
        parameters={"temperature": 0.5, "api_key": KEY, "timeout": 3, "extra_body": {"top_k": 4}},
    )
    lines = Lines(recipe, "test", tmp_path, 3, lines=2)
    for i in range(5):
        lines.add(f"positive-{i}.0", [{"role": "user", "content": f"é {i}"}], i)
    lines.close()
    assert lines.numbers == [3, 4, 5]
    assert json.loads((tmp_path / "0004.jsonl").read_text(encoding="utf-8").splitlines()[0]) == {
        "custom_id": "positive-2.0", "method": "POST", "url": "/v1/chat/completions",
        "body": {"model": "test", "messages": [{"role": "user", "content": "é 2"}], "seed": 2, "temperature": 0.5, "top_k": 4},
    }  # fmt: skip


def test_a_backbone_that_takes_no_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be asked by files"):
        synthesize(clips(1), out=tmp_path / "run", engine="batch", backbone="local", progress=False)


def test_answers_of_a_batch_are_shared_and_shared_ones_are_not_asked_for(tmp_path: Path, online: list[Any]) -> None:
    with BatchServer(moody) as server:
        make(tmp_path / "a", server, cache=tmp_path / "cache.db")
        asked = sum(server.asked.values())
        again = make(tmp_path / "b", server, cache=tmp_path / "cache.db")
        assert outcomes(again) == online
        assert sum(server.asked.values()) == asked
    assert again.usage.requests == 0


def test_known_answers_of_all_draws_are_used(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    asyncio.run(journal.answered("a", 1, Answer(text="second")))
    asyncio.run(journal.answered("a", 0, Answer(text=None)))
    assert list(journal.known("a")) == [1]
    journal.close()
