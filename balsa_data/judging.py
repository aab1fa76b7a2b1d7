"""Checks in processes of their own, so that a long run's event loop only has to talk.

What a response claims is read with regular expressions, which hold the interpreter; beside them a loop cannot keep a
thousand requests a second going. A judge's processes are started with the run and take over when they are ready; until
then, in a short run, and when one dies, responses are judged where they arrive, with the same outcome.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

from balsa_data.checks import Check, Item, judge, selected
from balsa_data.claims import EVERYTHING, Polarity, claims
from balsa_data.cycles import searched_seldom
from balsa_data.schemas import Verdict
from balsa_data.taxonomy import extended, in_force

__all__ = ["Judge", "Judgement", "judged", "worthwhile"]

PAYS = 2000  # responses from which a process' start of about two seconds is made good
MOST = 4  # processes; one judges some 500 responses a second
BATCH = 32  # responses handed over at a time
AHEAD = 2  # of them that a process has been given: it need not wait for the loop to hand it the next
_LENGTH = Struct("<I")


class Judgement(NamedTuple):
    """What is wrong with a response; where nothing surely is, the sounds it says are heard and those it says are not.

    `advised` says whether a recipe's judge decided it.
    """

    wrong: tuple[Verdict, ...]
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    advised: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether all that stands against the response are doubts."""
        return bool(self.wrong) and all(verdict.doubt for verdict in self.wrong)


def judged(item: Item, checks: Mapping[str, Check]) -> Judgement:
    """Run the checks over one response."""
    wrong = tuple(v for v in judge(item, checks) if not v.ok)
    if any(not v.doubt for v in wrong):
        return Judgement(wrong)
    found = [c for c in claims(item.response, prompt=item.prompt) if c.sound != EVERYTHING]
    present = {c.sound for c in found if c.affirms}
    absent = {c.sound for c in found if c.polarity is Polarity.ABSENT}
    return Judgement(wrong, tuple(sorted(present)), tuple(sorted(absent)))


def worthwhile(responses: int) -> int:
    """Return how many processes so many responses are worth on this machine."""
    return min(len(os.sched_getaffinity(0)) - 1, MOST, responses // PAYS)


class Judge:
    """Judges responses, in the processes it has once they are ready.

    Args:
        options: By check's name, as in a recipe's ``checks``.
        processes: How many to start.
        taxonomy: A user's files, which the checks read texts by as well.
    """

    def __init__(self, options: Mapping[str, Any], processes: int = 0, taxonomy: Sequence[Path] = ()) -> None:
        self._options = dict(options)
        self._taxonomy = taxonomy
        self._read_by = extended(taxonomy)
        self._checks = selected(options)
        self._wanted = processes
        self._waiting: asyncio.Queue[tuple[Item, asyncio.Future[Judgement]]] = asyncio.Queue()
        self._ready = 0
        self._processes: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Judge:
        self._tasks = [asyncio.create_task(self._employ()) for _ in range(self._wanted)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for process in self._processes:
            await _end(process)

    async def __call__(self, item: Item) -> Judgement:
        """Return what the checks say of one response."""
        if not self._ready:
            return self._judged(item)
        told: asyncio.Future[Judgement] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((item, told))
        return await told

    def _judged(self, item: Item) -> Judgement:
        with in_force(self._read_by):
            return judged(item, self._checks)

    async def _employ(self) -> None:
        """Start a process, and hand it what waits until the judge is closed or the process ends."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", f"import {__name__} as judging; judging.main()", env=environment, start_new_session=True,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._processes.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        given: deque[list[tuple[Item, asyncio.Future[Judgement]]]] = deque()
        ready = False
        try:
            await _say(process.stdin, (self._options, tuple(self._taxonomy)))
            ready = await _hear(process.stdout)
            self._ready += 1
            while True:
                if not given or (len(given) < AHEAD and not self._waiting.empty()):
                    given.append([await self._waiting.get()])
                    given[-1] += [self._waiting.get_nowait() for _ in range(min(BATCH - 1, self._waiting.qsize()))]
                    await _say(process.stdin, [item for item, _ in given[-1]])
                    continue
                for (_, told), said in zip(given[0], await _hear(process.stdout), strict=True):
                    if not told.done():
                        told.set_result(said)
                given.popleft()
        except Exception:  # the process is gone or talks nonsense; whatever it is, nobody may wait for it forever
            self._ready -= ready
            if not self._ready:
                given.append([self._waiting.get_nowait() for _ in range(self._waiting.qsize())])
            for item, told in chain.from_iterable(given):
                if not told.done():
                    told.set_result(self._judged(item))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
        with suppress(OSError):
            await process.stdin.wait_closed()
    await process.communicate()  # to the end of its pipes, or they are left open


async def _say(pipe: asyncio.StreamWriter, what: Any) -> None:
    data = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(data)) + data)
    await pipe.drain()


async def _hear(pipe: asyncio.StreamReader) -> Any:
    (length,) = _LENGTH.unpack(await pipe.readexactly(_LENGTH.size))
    return pickle.loads(await pipe.readexactly(length))  # from a process of our own


def main() -> None:
    """Judge what comes in on stdin until it ends: with its parent, however that goes."""
    heard, said = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a check that prints does not speak for us

    def say(what: Any) -> None:
        data = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
        said.write(_LENGTH.pack(len(data)) + data)
        said.flush()

    def hear() -> Any:
        head = heard.read(_LENGTH.size)
        return pickle.loads(heard.read(*_LENGTH.unpack(head))) if head else None

    options, taxonomy = hear()
    checks = selected(options)
    with in_force(extended(taxonomy)), searched_seldom():
        judged(Item(task="positive", clips=(), prompt="What is heard?", response="A dog barks."), checks)  # warm
        say(True)
        while (items := hear()) is not None:
            say([judged(item, checks) for item in items])
