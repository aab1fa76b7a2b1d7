"""A second try beside one that is late: the first answer counts, and nothing of the other is left behind."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from servers import BackboneServer
from soon import soon
from test_backbone import MESSAGES, Kind, ask, both, parrot
from test_opinion import DOUBTFUL
from test_synthesis import adds_up, make, moody

from balsa_data.errors import BudgetReached, RequestFailed
from balsa_data.hedging import ONE_IN, Hedge
from balsa_data.pacing import Rate
from balsa_data.recipe import Prices
from balsa_data.transport import Direct

LATE = 2.5  # seconds, of no wall clock


class Passes(Exception):
    """Another try may not fail so."""


class Ends(Exception):
    """No other try can do better."""


class Tries:
    """What is asked, and what is still waited for."""

    def __init__(self) -> None:
        self.begun: list[float] = []
        self.open = 0

    async def one(self, takes: int, brings: str) -> str:
        self.begun.append(asyncio.get_running_loop().time())
        self.open += 1
        try:
            await asyncio.sleep(takes)
            if brings in {"passes", "ends"}:
                raise {"passes": Passes, "ends": Ends}[brings](f"{brings} after {takes}")
            return brings
        finally:
            self.open -= 1


ONE = st.tuples(st.integers(0, 9), st.sampled_from(["a", "passes", "ends"]))


def expected(first: tuple[int, str], second: tuple[int, str]) -> tuple[Any, int]:
    """What counts of two tries, and how many were given up for it."""
    ends = [(float(first[0]), first[1])]
    if first[0] > LATE:
        ends.append((LATE + second[0], second[1]))
    for when, brings in sorted(ends):
        if brings == "a":
            return brings, sum(end > when for end, _ in ends)
        if brings == "ends":
            return f"ends after {(first if when == first[0] else second)[0]}", 0
    return f"passes after {first[0]}", 0  # the first's own


@given(ONE, ONE)
def test_what_comes_first_counts_and_of_failures_only_those_that_end_all(
    first: tuple[int, str], second: tuple[int, str]
) -> None:
    tries = Tries()

    async def main() -> tuple[str, int]:
        try:
            return await Hedge(LATE, (Passes,)).first_of(tries.one(*first), lambda: tries.one(*second))
        except (Passes, Ends) as error:
            return str(error), 0
        finally:
            assert tries.open == 0

    assert soon(main()) == expected(first, second)
    assert tries.begun == ([0.0, LATE] if first[0] > LATE else [0.0])


@given(st.integers(1, 60))
def test_one_in_ten_is_asked_twice_however_late_all_are(n: int) -> None:
    tries, again = Tries(), 0

    def second() -> Coroutine[Any, Any, str]:
        nonlocal again
        again += 1
        return tries.one(90, "b")

    async def main() -> None:
        hedge = Hedge(LATE, (Passes,))
        await asyncio.gather(*(hedge.first_of(tries.one(50, "a"), second) for _ in range(n)))

    soon(main())
    assert again == -(-n // ONE_IN)


def test_where_there_is_no_room_another_look_is_taken_later() -> None:
    tries, room = Tries(), [False, False, True]

    async def main() -> tuple[str, int]:
        def second() -> Coroutine[Any, Any, str] | None:
            return tries.one(1, "b") if room.pop(0) else None

        return await Hedge(LATE, (Passes,)).first_of(tries.one(50, "a"), second)

    assert soon(main()) == ("b", 1)
    assert tries.begun == [0.0, 3 * LATE]


def test_who_gives_up_gives_up_both() -> None:
    tries = Tries()

    async def main() -> None:
        hedged = Hedge(LATE, (Passes,)).first_of(tries.one(50, "a"), lambda: tries.one(50, "b"))
        task = asyncio.create_task(hedged)
        await asyncio.sleep(9)
        assert tries.open == 2
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert tries.open == 0

    soon(main())


def late(*seconds: float, status: int = 0) -> Any:
    """A server whose first answers come so late, with an error where one is named."""
    left = list(seconds)

    async def fault(_: web.Request) -> web.StreamResponse | None:
        if not left:
            return None
        await asyncio.sleep(left.pop(0))
        return web.json_response({"error": {"message": "oh"}}, status=status) if status else None

    return fault


@both
def test_the_second_try_is_the_same_request_and_both_are_paid(kind: Kind) -> None:
    started = time.monotonic()
    with BackboneServer(parrot, late(30)) as server:
        answer = ask(server, kind, hedge_after=0.2, prices=Prices(input=1, output=1))
    assert time.monotonic() - started < 15
    assert answer.text == "  You said: What can you hear?\n"
    first, second = ({k: v for k, v in body.items() if k != "_headers"} for body in server.bodies)
    assert first == second
    with BackboneServer(parrot) as server:
        once = ask(server, kind, hedge_after=30, prices=Prices(input=1, output=1)).usage
    assert server.requests == 1
    assert answer.usage == once + once


@both
def test_an_error_is_waited_out_by_the_other_try(kind: Kind) -> None:
    with BackboneServer(parrot, late(0.6, 0.6, status=500)) as server:
        answer = ask(server, kind, hedge_after=0.2)
    assert answer.usage.requests == server.requests == 3  # both failed, and were asked again once


@both
def test_what_no_try_can_mend_ends_both(kind: Kind) -> None:
    started = time.monotonic()
    with BackboneServer(parrot, late(0.6, 30, status=400)) as server, pytest.raises(RequestFailed) as error:
        ask(server, kind, hedge_after=0.2)
    assert time.monotonic() - started < 15
    assert error.value.requests == server.requests == 2


@both
def test_a_second_try_that_cannot_be_paid_is_not_sent(kind: Kind) -> None:
    left = [1]

    def spend() -> None:
        if not left:
            raise BudgetReached("no money")
        left.pop()

    with BackboneServer(parrot, late(0.6)) as server:
        assert ask(server, kind, hedge_after=0.2, spend=spend).usage.requests == server.requests == 1


def test_what_a_given_up_try_was_taken_to_need_stays_taken_from_the_minute() -> None:
    needed: list[tuple[float, int]] = []

    class Told(Rate):
        def correct(self, taken: float, tokens: int) -> None:
            needed.append((taken, tokens))
            super().correct(taken, tokens)

    async def main() -> None:
        backbone = Direct(
            "openai/test", [server.url + "/v1"], {"api_key": "k"}, hedge_after=0.2, rate=Told(tokens=10**6)
        )
        for _ in range(2):
            await backbone.ask(MESSAGES, seed=1)
        await backbone.aclose()

    with BackboneServer(parrot, late(0, 30)) as server:
        asyncio.run(main())
    (_, tokens), *both = needed
    assert both == [(tokens, tokens)] * 2


@both
def test_another_address_is_asked_and_the_slow_one_is_not_asked_first_again(kind: Kind) -> None:
    async def main() -> list[int]:
        addresses = [slow.url + "/v1", fast.url + "/v1"]
        backbone = kind("openai/test", addresses, {"api_key": "k"}, hedge_after=0.3)
        try:
            return [(await backbone.ask(MESSAGES, seed=i)).usage.requests for i in range(4)]
        finally:
            await backbone.aclose()

    with BackboneServer(parrot, delay=30) as slow, BackboneServer(parrot) as fast:
        assert asyncio.run(main()) == [2, 1, 1, 1]
    assert (slow.requests, fast.requests) == (1, 4)


def test_a_judge_that_is_late_is_asked_a_second_time(tmp_path: Path) -> None:
    started = time.monotonic()
    with (
        BackboneServer(lambda *_: DOUBTFUL) as server,
        BackboneServer(lambda *_: '{"true": true}', late(30)) as judge,
    ):
        run = make(
            tmp_path / "run", "hosted_vllm/t", n=1, tasks="positive", draws=1, api_base=server.url + "/v1",
            judge={"backbone": "hosted_vllm/judge", "api_base": judge.url + "/v1"}, limits={"hedge_after": 0.3},
        )  # fmt: skip
    assert time.monotonic() - started < 15
    assert (server.requests, judge.requests) == (1, 2)
    assert run.usage.requests == 3


def test_a_run_with_late_answers_is_done_sooner_with_the_same_samples(tmp_path: Path) -> None:
    def made(folder: str, **values: Any) -> tuple[float, list[Any], int]:
        seen: Counter[bytes] = Counter()

        async def fault(request: web.Request) -> None:
            said = await request.read()
            seen[said] += 1
            if seen[said] == 1 and sum(said) % 10 == 0:
                await asyncio.sleep(5)

        started = time.monotonic()
        with BackboneServer(moody, fault) as server:
            run = make(
                tmp_path / folder, "hosted_vllm/t", n=20, api_base=server.url + "/v1", concurrency=30, **values
            )  # fmt: skip
            assert adds_up(run)
            assert run.usage.requests == server.requests
        made = [s.model_dump(exclude={"provenance": {"usage"}}) for s in run.samples]
        return time.monotonic() - started, made, server.requests

    seconds, calm, asked = made("plain")
    sooner, hedged, twice = made("hedged", limits={"hedge_after": 0.5})
    assert hedged == calm
    assert asked < twice <= asked + asked // ONE_IN + 1
    assert sooner < seconds - 2
