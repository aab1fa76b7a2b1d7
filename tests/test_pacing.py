"""Pacing: more while an endpoint keeps up, less when it is crowded, and never more than a provider allows."""

from __future__ import annotations

import asyncio
import time
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balsa_data.pacing import START, Endpoint, Places, Pool, Rate


def rounds(endpoint: Endpoint, n: int, *, crowded: float = 0.0, after: float | None = None, seed: int = 0) -> None:
    """Fill an endpoint and let all its tries end, n rounds long; a share of them is turned away at random."""
    draw = Random(seed)
    for _ in range(n):
        left = max(START, int(endpoint.limit))
        while left > 0:
            size = min(left, int(endpoint.limit))
            left -= size
            for _ in range(size):
                endpoint.taken()
            for _ in range(size):
                endpoint.in_flight -= 1
                if draw.random() < crowded:
                    endpoint.failed(crowded=True, after=after)
                else:
                    endpoint.answered(0.1)


def test_an_endpoint_that_keeps_up_is_asked_twice_as_much_each_round() -> None:
    endpoint = Endpoint("http://a")
    rounds(endpoint, 3)
    assert endpoint.limit == 8 * START


def test_a_crowded_endpoint_is_asked_half_as_much_and_then_grows_slowly() -> None:
    endpoint = Endpoint("http://a")
    rounds(endpoint, 1, crowded=1.0)
    assert endpoint.limit == START / 2
    rounds(endpoint, 1)
    assert endpoint.limit == START / 2 * 5 / 4


@pytest.mark.parametrize("share", [0.03, 0.1, 0.15, 0.18])
@pytest.mark.parametrize("start", [1, START])
def test_refusals_that_have_nothing_to_do_with_the_load_do_not_starve_an_endpoint(share: float, start: int) -> None:
    endpoint = Endpoint("http://a", limit=start, _crowded_before=True)
    lowest = []
    for i in range(300):
        endpoint.limit = min(endpoint.limit, 256)  # more is not wanted of it
        rounds(endpoint, 1, crowded=share, seed=i)
        lowest.append(endpoint.limit)
    assert min(lowest[100:]) >= START / 2


def test_few_requests_do_not_make_room_for_many() -> None:
    endpoint = Endpoint("http://a")
    for _ in range(1000):
        endpoint.taken()
        endpoint.in_flight -= 1
        endpoint.answered(0.1)
    assert endpoint.limit == START


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans(), st.booleans()), max_size=60))
def test_an_endpoint_can_always_be_asked_again(story: list[tuple[int, bool, bool]]) -> None:
    endpoint = Endpoint("http://a")
    for n, ok, crowded in story:
        for _ in range(n):
            endpoint.taken()
        for _ in range(n):
            endpoint.in_flight -= 1
            endpoint.answered(0.1) if ok else endpoint.failed(crowded=crowded, after=None)
    assert endpoint.in_flight == 0
    assert endpoint.limit >= 1
    assert not endpoint.full


def test_a_crowded_endpoint_is_left_alone_as_long_as_it_asks() -> None:
    async def main() -> float:
        endpoint = Endpoint("http://a", limit=4)
        rounds(endpoint, 1, crowded=1.0, after=0.3)
        pool, started = Pool([endpoint]), time.monotonic()
        await asyncio.gather(pool.take(), pool.take())
        return time.monotonic() - started

    assert 0.29 <= asyncio.run(main()) < 3


def test_no_more_are_in_flight_than_the_limit_and_all_get_their_turn_in_order() -> None:
    async def main() -> list[int]:
        endpoint, turns = Endpoint("http://a", limit=2), []
        endpoint._crowded_before = True
        pool = Pool([endpoint])

        async def one(i: int) -> None:
            taken = await pool.take()
            assert endpoint.in_flight <= 2
            turns.append(i)
            await asyncio.sleep(0.001)
            pool.release(*taken)

        await asyncio.gather(*(one(i) for i in range(20)))
        assert endpoint.in_flight == 0
        return turns

    assert asyncio.run(main()) == list(range(20))


def test_a_turn_nobody_waits_for_any_more_is_given_to_the_next() -> None:
    async def main() -> None:
        endpoint = Endpoint("http://a", limit=1)
        pool = Pool([endpoint])
        held = await pool.take()
        gone, waiting = asyncio.create_task(pool.take()), asyncio.create_task(pool.take())
        await asyncio.sleep(0)
        pool.release(*held)  # to `gone`, which at the same moment gives up
        gone.cancel()
        await asyncio.wait_for(waiting, 1)
        assert endpoint.in_flight == 1

    asyncio.run(main())


def test_a_spare_turn_is_another_endpoints_that_answers_and_nobodys_who_waits() -> None:
    async def main() -> None:
        late, fine, down = (Endpoint(name, limit=2, seconds=1.0) for name in ("late", "fine", "down"))
        down.failed_in_a_row, fine.seconds, late.seconds = 1, 9.0, 0.1
        pool = Pool([late, down, fine])
        assert [pool.spare(but=late) for _ in range(2)] == [(fine, 0.0)] * 2
        fine.limit = down.limit = 0.0
        assert pool.spare(but=late) == (late, 0.0)
        late.limit = 0.0
        assert pool.spare(but=late) is None

        pool = Pool([Endpoint("a", limit=200)], Rate(requests=6000))
        for _ in range(100):
            await pool.take()
        waits = asyncio.create_task(pool.take())
        await asyncio.sleep(0)
        time.sleep(0.05)  # there is room again, and the loop does not know it yet
        assert pool.spare(but=late) is None
        await waits

    asyncio.run(main())


def test_a_try_that_was_given_up_says_at_least_how_slow_an_endpoint_is() -> None:
    endpoint = Endpoint("http://a")
    endpoint.given_up(3.0)
    assert endpoint.seconds == 3.0
    endpoint.given_up(1.0)
    assert endpoint.seconds == 3.0
    endpoint.given_up(8.0)
    assert 3.0 < endpoint.seconds < 8.0


def test_a_slow_endpoint_does_not_hold_up_a_fast_one_and_a_dead_one_neither() -> None:
    seconds = {"fast": 0.005, "slow": 0.2, "dead": 0.0}

    async def main() -> dict[str, int]:
        pool, asked = Pool([Endpoint(name) for name in seconds]), dict.fromkeys(seconds, 0)

        async def work() -> None:
            for _ in range(25):
                endpoint, taken = await pool.take()
                assert endpoint.base is not None
                asked[endpoint.base] += 1
                await asyncio.sleep(seconds[endpoint.base])
                if endpoint.base == "dead":
                    endpoint.failed(crowded=False, after=None)
                else:
                    endpoint.answered(seconds[endpoint.base])
                pool.release(endpoint, taken)

        await asyncio.gather(*(work() for _ in range(24)))
        return asked

    asked = asyncio.run(main())
    assert asked["fast"] > 5 * asked["slow"]
    assert asked["dead"] < 30


@pytest.mark.parametrize(
    ("rate", "tokens", "at_least"),
    [(Rate(requests=600), 0, 1.9), (Rate(tokens=60_000), 100, 1.7), (Rate(requests=600, tokens=10**9), 5, 1.9)],
)
def test_no_more_is_asked_than_a_minute_allows(rate: Rate, tokens: int, at_least: float) -> None:
    async def main() -> float:
        pool, started = Pool([Endpoint("http://a")], rate), time.monotonic()

        async def one() -> None:
            endpoint, taken = await pool.take()
            pool.release(endpoint, taken, tokens)

        for _ in range(3):
            await asyncio.gather(*(one() for _ in range(10)))
        return time.monotonic() - started

    assert at_least <= asyncio.run(main()) < 10


@given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=30))
def test_places_are_never_exceeded_and_none_is_lost_to_a_cancelled_worker(
    number: int, workers: list[tuple[int, bool]]
) -> None:
    async def main() -> None:
        places, inside, most = Places(number), 0, 0

        async def work(turns: int) -> None:
            nonlocal inside, most
            async with places:
                inside += 1
                most = max(most, inside)
                try:
                    for _ in range(turns):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1

        tasks = [asyncio.create_task(work(turns)) for turns, _ in workers]
        await asyncio.sleep(0)
        for task, (_, cancelled) in zip(tasks, workers, strict=True):
            if cancelled:
                task.cancel()
                await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most <= number
        async with asyncio.timeout(1):  # every place is free again
            await asyncio.gather(*(places.__aenter__() for _ in range(number)))

    asyncio.run(main())
