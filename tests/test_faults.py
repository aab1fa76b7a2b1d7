"""Backbones that misbehave and machines that fail: nothing lost, nothing twice, nothing wrong accepted, no hang."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from faults import FAULTS, FaultyServer
from servers import BackboneServer
from test_synthesis import KILLED, adds_up, clips, moody

from balsa_data import Run, synthesize
from balsa_data.errors import BudgetReached, RunError
from balsa_data.journal import Answer, Journal
from balsa_data.schemas import Usage

HARMLESS = {"wrong_usage", "twice_at_once", "drip"}
KEY = "sk-secret-0123456789"


def made(out: Path, server: FaultyServer, n: int = 12, **values: Any) -> Run:
    parameters = {"api_key": KEY, "timeout": 0.5}
    defaults: dict[str, Any] = {"backbone": "hosted_vllm/t", "parameters": parameters, "concurrency": 16, "draws": 2}
    return synthesize(clips(n), out=out, api_base=server.url, progress=False, **{**defaults, **values})


def outcome(run: Run) -> list[Any]:
    """What a run made, but for what it took."""
    kinds = (run.samples, run.rejections)
    return [o.model_dump(exclude={"provenance": {"usage"}}) for kind in kinds for o in kind]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    with FaultyServer(moody, {}) as server:
        return outcome(made(tmp_path_factory.mktemp("calm") / "run", server))


def holds(run: Run, server: FaultyServer) -> None:
    """Whatever happened, counts add up and every request that reached the server is in the books."""
    assert adds_up(run)
    assert sum(server.done.values()) <= run.usage.requests
    for path in run.folder.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_every_third_request_changes_no_sample(fault: str, tmp_path: Path, calm: list[Any]) -> None:
    with FaultyServer(moody, {fault: 0.3}) as server:
        run = made(tmp_path / "run", server)
        while len(run.failures):
            run = made(tmp_path / "run", server, retry_failures=True)
        holds(run, server)
    assert server.done[fault] > 5
    assert outcome(run) == calm


@pytest.mark.parametrize("hedge_after", [None, 0.1])
def test_all_faults_together_change_no_sample(tmp_path: Path, calm: list[Any], hedge_after: float | None) -> None:
    limits = {"hedge_after": hedge_after}
    with FaultyServer(moody, dict.fromkeys(FAULTS, 0.04)) as server:
        run = made(tmp_path / "run", server, limits=limits)
        while len(run.failures):
            run = made(tmp_path / "run", server, limits=limits, retry_failures=True)
        holds(run, server)
    assert outcome(run) == calm


def test_a_budget_holds_while_everything_fails(tmp_path: Path) -> None:
    with FaultyServer(moody, {"broken": 0.5}) as server:
        with pytest.raises(BudgetReached):
            made(tmp_path / "run", server, limits={"max_requests": 25})
        assert sum(server.done.values()) <= 25
        assert Run(tmp_path / "run").usage.requests == 25


def test_usage_that_is_nonsense_makes_the_cost_unknown_not_wrong(tmp_path: Path) -> None:
    with FaultyServer(moody, {"wrong_usage": 1.0}) as server:
        run = made(tmp_path / "run", server, n=2, prices={"input": 1, "output": 1})
    assert run.usage.cost is None
    assert run.usage.prompt_tokens == 0


# -- the machine -----------------------------------------------------------------------------------------------------


def test_a_termination_loses_nothing(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with BackboneServer(moody, delay=0.05) as server:
        here = str(Path(__file__).parent)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(out), server.url + "/v1"], env=environment)
        while server.requests < 20 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        before = server.requests
        subprocess.run([sys.executable, "-c", KILLED, str(out), server.url + "/v1"], env=environment, check=True)
    answers = sqlite3.connect(out / "journal.db").execute("SELECT count(*) FROM answers").fetchone()[0]
    assert server.requests <= answers + 8  # repeats: at most what was in flight
    assert before < server.requests
    assert adds_up(Run(out))


JUMPING = """
import random, sys, time
real = time.time
time.time = lambda: real() + random.choice([-4e9, -1e7, 0.0, 3600.0, 1e9])
from pathlib import Path
from test_faults import made
made(Path(sys.argv[1]), type("Server", (), {"url": sys.argv[2]}), retry_failures=True)
"""


def test_a_clock_that_jumps_changes_no_sample_and_holds_nothing_up(tmp_path: Path, calm: list[Any]) -> None:
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
    with FaultyServer(moody, {"crowded": 0.1, "crowded_until_a_date": 0.1}) as server:
        command = [sys.executable, "-c", JUMPING, str(tmp_path / "run"), server.url]
        subprocess.run(command, env=environment, check=True, timeout=120)
    run = Run(tmp_path / "run")
    assert server.done["crowded_until_a_date"] > 2
    assert adds_up(run)
    assert outcome(run) == calm
    assert len(list(run.timeline())) >= run.planned


@pytest.mark.parametrize("started", [False, True])
def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, started: bool) -> None:
    if started:
        Journal(tmp_path).close()
    for path in (*tmp_path.iterdir(), tmp_path):
        path.chmod(path.stat().st_mode & ~0o222)
    nobody = "os.seteuid(65534)" if os.geteuid() == 0 else "0"  # root may write anywhere
    code = f"import os; from pathlib import Path; from balsa_data.journal import Journal; {nobody}; Journal(Path('.'))"
    tmp_path.chmod(0o555)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert "RunError: cannot use the run directory" in told.stderr


def test_a_full_disk_stops_the_run_and_room_continues_it(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"  # no file may grow beyond
        "from test_synthesis import clips, moody\n"
        "from balsa_data import synthesize; from balsa_data.testing import ScriptedBackbone\n"
        "synthesize(clips(200), out=sys.argv[1], backbone=ScriptedBackbone(moody), progress=False)\n"
    )
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
    out = tmp_path / "run"
    told = subprocess.run([sys.executable, "-c", code, str(out)], capture_output=True, text=True, env=environment)
    assert "free the disk or mend the folder, then run again to continue" in told.stderr
    paid = Run(out).usage.requests
    assert paid > 10
    code = code.replace("resource.setrlimit", "0 and resource.setrlimit")
    subprocess.run([sys.executable, "-c", code, str(out)], env=environment, check=True)
    assert adds_up(Run(out))


@pytest.mark.parametrize("crashed", [True, False])
def test_a_journal_cut_at_any_byte_opens_or_says_why_and_is_never_wrong(tmp_path: Path, crashed: bool) -> None:
    journal = Journal(tmp_path / "run")
    for i in range(6):
        asyncio.run(journal.answered(f"r{i}", 0, Answer(text=f"text {i}" * 300, usage=Usage(requests=1))))
    if crashed:  # nothing of the log is in the file
        shutil.copytree(tmp_path / "run", tmp_path / "whole")
    journal.close()
    whole = tmp_path / ("whole" if crashed else "run")
    opened, refused = 0, []
    for file in whole.glob("journal.db*"):
        size = file.stat().st_size
        for cut in (
            [] if file.name.endswith("shm") else sorted({*range(0, size, 193), *range(size - 20, size), 1, 31, 33})
        ):
            torn = tmp_path / "torn"
            shutil.rmtree(torn, ignore_errors=True)
            shutil.copytree(whole, torn)
            os.truncate(torn / file.name, cut)
            try:
                found = Journal(torn)
            except RunError as error:
                refused.append(str(error))
                continue
            answers = [answer for i in range(6) for answer in found.known(f"r{i}").values()]
            found.close()
            opened += 1
            assert cut == 0 or crashed
            assert [a.text for a in answers] == [f"text {i}" * 300 for i in range(len(answers))]
    assert opened if crashed else refused
    assert all("\n" not in said and "torn" in said for said in refused)


def test_two_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    code = KILLED.replace("concurrency=8", "concurrency=4")
    with BackboneServer(moody, delay=0.02) as server:
        here = str(Path(__file__).parent)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-c", code, str(tmp_path / "run"), server.url + "/v1"]
        two = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = [process.communicate(timeout=60)[1] for process in two]
    assert sorted(process.returncode for process in two) == [0, 1]
    assert any(RunError.__name__ in text and "is in use by process" in text for text in said)
    assert adds_up(Run(tmp_path / "run"))
