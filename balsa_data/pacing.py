"""How fast endpoints are asked: as fast as they keep up, and no faster than a provider allows.

An endpoint starts with few requests in flight. Each round in which it keeps up doubles them, or, once it has been
crowded, adds a quarter, or one where it had to turn away some; a round in which it says too often that it has too much
to do (429, 503, a timeout) halves them, and the wait it asks for is kept by all. Of several endpoints the one that would be done first is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Endpoint", "Places", "Pool", "Rate", "Turn"]

START = 32  # requests in flight at first: one round of a server's usual batch
CROWDED = 1 / 4  # share of a round that must be turned away before the endpoint counts as crowded
LONGEST_PAUSE = 60.0  # seconds
DOWN = 1.0  # seconds that each failure in a row counts for when endpoints are compared
MEMORY = 0.2  # weight of the newest answer in the average time


@dataclass(eq=False)
class Endpoint:
    """One address and how it does.

    Attributes:
        base: The address; None for the provider's own.
        limit: Requests it is sent at once.
        seconds: What an answer takes, on average; None before the first.
    """

    base: str | None
    limit: float = START
    in_flight: int = 0
    seconds: float | None = None
    failed_in_a_row: int = 0
    paused_until: float = 0.0
    _crowded_before: bool = False
    _tries: int = 0  # that ended in this round
    _peak: int = 0  # requests in flight at once in this round
    _turned_away: int = 0
    _asked_to_wait: float = 0.0

    @property
    def full(self) -> bool:
        """Whether it has as many requests as it is sent at once."""
        return self.in_flight >= int(self.limit)

    def taken(self) -> None:
        """Count one request in."""
        self.in_flight += 1
        self._peak = max(self._peak, self.in_flight)

    def answered(self, seconds: float) -> None:
        """Learn from an answer."""
        self.failed_in_a_row = 0
        self._took(seconds)
        self._ended()

    def given_up(self, seconds: float) -> None:
        """Learn from a try that was not waited for to its end: it would have taken longer."""
        if self.seconds is None or seconds > self.seconds:
            self._took(seconds)

    def failed(self, *, crowded: bool, after: float | None) -> None:
        """Learn from a try that brought nothing, and from the wait that was asked for."""
        self.failed_in_a_row += 1
        if crowded:
            self._turned_away += 1
            self._asked_to_wait = max(self._asked_to_wait, after or 0.0)
        self._ended()

    def _took(self, seconds: float) -> None:
        self.seconds = seconds if self.seconds is None else self.seconds + MEMORY * (seconds - self.seconds)

    def _ended(self) -> None:
        self._tries += 1
        if self._tries < max(START, min(self._peak, self.limit)):  # fewer say too little of how crowded it is
            return
        if self._turned_away > self._tries * CROWDED:
            self._crowded_before = True
            self.limit = max(1.0, min(self.limit, self._peak) / 2)
            self.paused_until = time.monotonic() + min(self._asked_to_wait, LONGEST_PAUSE)
        elif self._peak >= int(self.limit):
            few = self._turned_away <= self._tries * CROWDED / 2  # else one more, or it would never recover
            self.limit += max(1.0, self.limit / 4 if self._crowded_before else self.limit) if few else 1.0
        self._tries = self._turned_away = 0
        self._peak, self._asked_to_wait = self.in_flight, 0.0


Turn = tuple[Endpoint, float]
"""An endpoint to ask, and the tokens the request is taken to need; it is to be given back."""


class Places:
    """So many at once, first come, first served: a semaphore whose release does not walk past all that were just let in."""

    def __init__(self, number: int) -> None:
        self._free = number
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self._release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn.set_result(None)
        self._free += 1
        return None


class Rate:
    """What a provider allows a minute; spread evenly, with no more than a second's worth at once.

    Args:
        requests: A minute, retries included.
        tokens: A minute, sent and written; a request is taken to need what those before it needed.
    """

    def __init__(self, requests: int | None = None, tokens: int | None = None) -> None:
        self._a_second = [None if n is None else n / 60 for n in (requests, tokens)]
        self._left = [0.0 if n is None else max(1.0, n) for n in self._a_second]
        self._usual = 0.0  # tokens a request
        self._then: float | None = None

    def wait(self, now: float) -> float:
        """Return the seconds until another request may be sent."""
        if self._then is not None:
            passed = now - self._then
            self._left = [
                left if n is None else min(max(1.0, n), left + n * passed)
                for left, n in zip(self._left, self._a_second, strict=True)
            ]
        self._then = now
        needed = 1.0, min(self._usual, 1.0)  # tokens may be owed: a request can need more than a second's worth
        return max(
            0.0 if n is None or left >= need else (need - left) / n
            for need, left, n in zip(needed, self._left, self._a_second, strict=True)
        )

    def take(self) -> float:
        """Count one request; return the tokens it is taken to need."""
        self._left[0] -= 1
        self._left[1] -= self._usual
        return self._usual

    def correct(self, taken: float, tokens: int) -> None:
        """Replace the tokens a request was taken to need by those it needed; none where it failed."""
        self._left[1] -= tokens - taken
        if tokens:
            self._usual = tokens if not self._usual else self._usual + MEMORY * (tokens - self._usual)


class Pool:
    """Endpoints that share the load, and those who wait for a turn, in order."""

    def __init__(self, endpoints: Sequence[Endpoint], rate: Rate | None = None) -> None:
        self.endpoints = endpoints
        self._rate = rate
        self._waiting: deque[asyncio.Future[Turn]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def take(self) -> Turn:
        """Wait for a turn; return the endpoint to ask and the tokens the request is taken to need."""
        if not self._waiting and (free := self._free()):
            return self._taken(free)
        turn: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wake()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(*turn.result())
            raise

    def spare(self, *, but: Endpoint) -> Turn | None:
        """Return a turn that nobody waits for, at another endpoint that answers, where one has room; None without one."""
        free = None if self._waiting else self._free(but)
        return self._taken(free) if free else None

    def release(self, endpoint: Endpoint, taken: float, tokens: int = 0) -> None:
        """Give a turn back; `tokens` is what the request needed."""
        endpoint.in_flight -= 1
        if self._rate:
            self._rate.correct(taken, tokens)
        if self._waiting:
            self._wake()

    def _taken(self, endpoint: Endpoint) -> Turn:
        endpoint.taken()
        return endpoint, self._rate.take() if self._rate else 0.0

    def _wake(self) -> None:
        while self._waiting and (free := self._free()):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(self._taken(free))

    def _free(self, but: Endpoint | None = None) -> Endpoint | None:
        """The endpoint to ask next, if possible not `but`; None, and somebody will be woken, where none may be asked yet."""
        now = time.monotonic()
        with_room = [e for e in self.endpoints if not e.full]
        free = [e for e in with_room if now >= e.paused_until]
        until_paused = 0.0 if free else min((e.paused_until - now for e in with_room), default=0.0)
        wait = max(until_paused, self._rate.wait(now) if self._rate else 0.0)
        if wait > 0.0:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(wait, self._wake)
            return None
        if len(free) < 2:
            return free[0] if free else None
        usual = min((e.seconds for e in free if e.seconds is not None), default=0.0)
        avoided = {e for e in free if e is but or e.failed_in_a_row} if but else {}
        return min(free, key=lambda e: (e in avoided, _done_in(e, usual), e.in_flight))


def _done_in(endpoint: Endpoint, usual: float) -> float:
    seconds = usual if endpoint.seconds is None else endpoint.seconds
    return (endpoint.in_flight + 1) * seconds + endpoint.failed_in_a_row * DOWN
