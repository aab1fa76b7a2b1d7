"""A cluster of several nodes: the samples of one machine, and a node that dies costs what it had in flight.

Needs Ray (`pip install 'balsa-data[ray]'`); each node is a raylet of its own on this machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import BackboneServer
from test_synthesis import adds_up, clips, essence, moody

from balsa_data import Run, synthesize
from balsa_data.errors import BackboneUnusable, BudgetReached, InputError
from balsa_data.testing import ScriptedBackbone

ray: Any = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"
)
CONCURRENCY = 8


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    here = str(Path(__file__).parent)
    os.environ["PYTHONPATH"] = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 10**8})
    made.add_node(num_cpus=1, object_store_memory=10**8)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def make(out: Path, server: BackboneServer, engine: str = "ray", n: int = 300, **values: Any) -> Run:
    return synthesize(
        clips(n), out=out, engine=engine, backbone="hosted_vllm/t", api_base=server.url + "/v1", progress=False,
        concurrency=CONCURRENCY, parameters={"api_key": "sk-secret-0123456789"}, **values,
    )  # fmt: skip


def outcomes(run: Run) -> list[Any]:
    return [o.model_dump(exclude={"provenance": {"usage"}}) for kind in (run.samples, run.rejections) for o in kind]


def test_a_cluster_makes_the_samples_of_one_machine(cluster: Any, tmp_path: Path) -> None:
    with BackboneServer(moody) as server:
        alone = make(tmp_path / "alone", server, "online", n=100)
        needed = server.requests
        spread = make(tmp_path / "spread", server, n=100)
        assert server.requests == 2 * needed
        assert make(tmp_path / "spread", server, n=100).finished
        assert server.requests == 2 * needed
    assert adds_up(spread)
    assert essence(spread) == essence(alone)
    assert spread.usage == alone.usage
    for path in spread.folder.rglob("*"):
        assert not path.is_file() or b"sk-secret" not in path.read_bytes()


def test_a_cluster_asks_a_second_time_where_an_answer_is_late(cluster: Any, tmp_path: Path) -> None:
    left = [30.0]

    async def late(_: Any) -> None:
        await asyncio.sleep(left.pop() if left else 0.0)

    started = time.monotonic()
    with BackboneServer(moody, late) as server:
        run = make(tmp_path / "run", server, n=30, limits={"hedge_after": 0.3})
        assert adds_up(run)
        assert time.monotonic() - started < 25
        assert run.usage.requests == server.requests


def test_a_node_that_dies_costs_what_it_had_in_flight(cluster: Any, tmp_path: Path) -> None:
    node = cluster.add_node(num_cpus=1, object_store_memory=10**8)
    cluster.wait_for_nodes()
    with BackboneServer(moody, delay=0.1) as server:

        def kill() -> None:
            while server.requests < 400:
                time.sleep(0.01)
            cluster.remove_node(node, allow_graceful=False)

        killer = threading.Thread(target=kill)
        killer.start()
        run = make(tmp_path / "run", server)
        killer.join()
        asked = Counter(json.dumps([body["messages"], body["seed"]]) for body in server.bodies)
    with BackboneServer(moody) as server:
        assert outcomes(run) == outcomes(make(tmp_path / "alone", server, "online"))
        needed = server.requests
    assert adds_up(run)
    assert len(asked) == needed
    assert needed <= asked.total() <= needed + CONCURRENCY


def test_a_budget_holds_over_the_cluster_and_a_larger_one_continues(cluster: Any, tmp_path: Path) -> None:
    with BackboneServer(moody) as server:
        with pytest.raises(BudgetReached, match="max_requests 50 is reached"):
            make(tmp_path / "run", server, n=100, limits={"max_requests": 50})
        assert 50 <= server.requests <= 50 + CONCURRENCY
        run = make(tmp_path / "run", server, "online", n=100)
        assert run.usage.requests == server.requests
    assert adds_up(run)


def test_a_cluster_that_finds_nobody_to_ask_says_so(cluster: Any, tmp_path: Path) -> None:
    with BackboneServer(moody) as server:
        pass
    with pytest.raises(BackboneUnusable, match="nobody answers at"):
        make(tmp_path / "run", server, n=3)


def test_an_object_is_no_backbone_for_a_cluster(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give the backbone by its name"):
        synthesize(clips(1), out=tmp_path / "run", engine="ray", backbone=ScriptedBackbone(), progress=False)
