"""Requests asked from all over a Ray cluster: shards of the plan as tasks, wherever a core is free.

When one machine cannot ask fast enough, or when each node has a backbone of its own beside it (``api_base:
http://127.0.0.1:8000/v1`` then means the node's). A shard is some hundred requests that follow one another in the plan.
What it is answered goes to the keeper, an actor on the driver's machine that alone writes the journal, and counts once
that says it is on disk. So nothing has to be shared but the network, the samples are those of a single machine, and a
node that dies costs what it had in flight: Ray runs its shards again, and they begin by asking what is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from balsa_data import errors
from balsa_data.cycles import searched_seldom
from balsa_data.engines import Work
from balsa_data.engines.online import advising, connected
from balsa_data.errors import BalsaError, InputError, MissingExtra
from balsa_data.journal import Answer, Journal, Outcome
from balsa_data.judging import Judge
from balsa_data.planning import Request
from balsa_data.progress import Progress
from balsa_data.recipe import Recipe
from balsa_data.schemas import Usage
from balsa_data.settling import Budget, Settler
from balsa_data.total import Total

__all__ = ["run"]

SHARD = 256  # requests of a task
AHEAD = 2  # tasks for each core that are handed to Ray: one runs, one waits
EVERY = 0.5  # seconds between two looks at how far it is

Written = tuple[str, int, Answer] | tuple[int, Outcome]


async def run(work: Work) -> None:
    """Settle every request, on the cluster that Ray is connected to, or finds, or else starts on this machine.

    Raises:
        MissingExtra: Ray is not installed.
        InputError: The backbone is an object of this process, or a cache is asked for, which is a file of this machine.
    """
    try:
        import ray
    except ImportError:
        raise MissingExtra("ray", "ray", "the engine ray") from None
    if work.backbone is not None or work.cache is not None:
        raise InputError("the engine ray asks from elsewhere: give the backbone by its name, and no cache")
    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, include_dashboard=False)
    folder, done = work.journal.folder, work.done
    work.journal.close()
    here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
        ray.get_runtime_context().get_node_id(), soft=False
    )
    keeper = ray.remote(_Keeper).options(num_cpus=0, max_concurrency=1000, scheduling_strategy=here).remote(str(folder))
    try:
        await keeper.usage.remote()  # it has the journal
        work.journal = Journal(folder, writing=False)
        with Progress(work.planner.at_most, done, show=work.show) as shown:
            watch = asyncio.create_task(_watch(keeper, shown))
            try:
                await _spread(work, keeper, max(1, int(ray.cluster_resources().get("CPU", 1))))
            finally:
                watch.cancel()
                work.budget.spent = Total.of(await keeper.usage.remote())
                shown.take(*await keeper.tally.remote())
    finally:
        with suppress(ray.exceptions.RayError):
            await keeper.close.remote()
        ray.kill(keeper)
        if ours:
            ray.shutdown()
        work.journal.close()
        work.journal = Journal(folder)


async def _spread(work: Work, keeper: Any, cores: int) -> None:
    """Hand the plan to the cluster, no faster than it is worked off."""
    import ray

    task = ray.remote(_settle_shard).options(num_cpus=1, max_retries=-1, scheduling_strategy="SPREAD")
    recipe, hashes = ray.put(work.recipe), dict(work.hashes)
    refs: dict[asyncio.Future[tuple[str, str] | None], Any] = {}
    stopped: tuple[str, str] | None = None
    try:
        for shard in _shards(work.pending()):
            ref = task.remote(keeper, recipe, hashes, shard, work.concurrency, cores)
            refs[asyncio.ensure_future(_result(ref))] = ref
            if len(refs) >= AHEAD * cores:
                ended, _ = await asyncio.wait(refs, return_when=asyncio.FIRST_COMPLETED)
                stopped = next((told for one in ended if (told := one.result())), None)
                refs = {one: ref for one, ref in refs.items() if one not in ended}
            if stopped:
                break
        for told in await asyncio.gather(*refs):
            stopped = stopped or told
        refs.clear()
    finally:
        for one, ref in refs.items():  # interrupted: nobody is to go on asking
            one.cancel()
            ray.cancel(ref, force=True)
    if stopped:
        raise getattr(errors, stopped[0], BalsaError)(stopped[1])


def _shards(requests: Iterator[Request]) -> Iterator[list[Request]]:
    while shard := list(islice(requests, SHARD)):
        yield shard


async def _result(ref: Any) -> tuple[str, str] | None:
    told: tuple[str, str] | None = await ref
    return told


async def _watch(keeper: Any, shown: Progress) -> None:
    while True:
        await asyncio.sleep(EVERY)
        shown.take(*await keeper.tally.remote())


class _Keeper:
    """The journal, for shards wherever they are."""

    def __init__(self, folder: str) -> None:
        self._journal = Journal(Path(folder))
        self._usage = self._journal.usage()
        self._told = Progress(0, show=False)

    async def known(self, shard: list[tuple[int, str]]) -> tuple[set[int], dict[str, dict[int, Answer]]]:
        """Return which positions are settled, and the answers to the other requests."""
        settled = set(self._journal.settled_positions(shard[0][0], shard[-1][0]))
        return settled, {name: self._journal.known(name) for position, name in shard if position not in settled}

    async def write(self, rows: list[Written]) -> Usage:
        """Write answers and outcomes; return what the run took so far, once they are on disk."""
        for row in rows:
            if len(row) == 3:
                self._usage += row[2].usage
        await asyncio.gather(
            *(self._journal.answered(*row) if len(row) == 3 else self._journal.settled(*row) for row in rows)
        )
        for row in rows:
            if len(row) == 2:
                self._told.settled(row[1], row[1].provenance.usage)
        return self._usage

    async def usage(self) -> Usage:
        """Return what the run took so far."""
        return self._usage

    async def tally(self) -> tuple[Any, ...]:
        """Return what `Progress.take` takes."""
        told = self._told
        return told.accepted, told.rejected, told.failed, told.spent

    async def close(self) -> None:
        """Let go of the run."""
        self._journal.close()


class _Book:
    """The way to the keeper: rows that wait for the one before share the next journey."""

    def __init__(self, keeper: Any, known: Mapping[str, dict[int, Answer]], budget: Budget) -> None:
        self._keeper, self._known, self._budget = keeper, known, budget
        self._told_of = budget.spent.requests
        self._waiting: list[tuple[Written, asyncio.Future[None]]] = []
        self._journey: asyncio.Task[None] | None = None

    def known(self, request: str) -> dict[int, Answer]:
        return self._known.get(request, {})

    async def answered(self, request: str, attempt: int, answer: Answer) -> None:
        await self._write((request, attempt, answer))

    async def settled(self, position: int, outcome: Outcome) -> None:
        await self._write((position, outcome))

    async def _write(self, row: Written) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        if self._journey is None:
            self._journey = asyncio.create_task(self._travel())
        await done

    async def _travel(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                total = await self._keeper.write.remote([row for row, _ in batch])
            except Exception as error:  # whatever it is, nobody may wait for it forever
                for _, done in batch:
                    done.set_exception(BalsaError(f"the journal's keeper is gone: {error}; run again to continue"))
                continue
            self._learn(total, sum(row[2].usage.requests for row, _ in batch if len(row) == 3))
            for _, done in batch:
                done.set_result(None)
        self._journey = None

    def _learn(self, total: Usage, written: int) -> None:
        """Take over what the whole run took; the tries that are not written down come on top."""
        unwritten = max(0, self._budget.spent.requests - self._told_of - written)
        self._told_of = total.requests
        self._budget.spent = Total.of(total + Usage(requests=unwritten))


def _settle_shard(
    keeper: Any, recipe: Recipe, hashes: Mapping[str, str], shard: list[Request], concurrency: int, share: int
) -> tuple[str, str] | None:
    """On some node: settle a shard; return what stopped it, by the error's name and words."""

    async def main() -> None:
        settled, known = await keeper.known.remote([(r.position, r.id) for r in shard])
        budget = Budget(recipe.limits, Total.of(await keeper.usage.remote()))
        async with AsyncExitStack() as open_:
            open_.enter_context(searched_seldom())
            backbone = await connected(_shared(recipe, share), budget, open_)

            async def ask(request: Request, attempt: int) -> Answer:
                return await backbone.ask(request.messages, request.seed(attempt))

            judge = await open_.enter_async_context(Judge(recipe.checks, taxonomy=recipe.taxonomy))
            book = _Book(keeper, known, budget)
            advise = await advising(recipe, budget, open_)
            settler = Settler(recipe, hashes, book, ask, budget, judge, concurrency, advise=advise)
            await settler.settle(request for request in shard if request.position not in settled)

    try:
        asyncio.run(main())
    except BalsaError as error:  # by its words: not every error can be carried over
        return type(error).__name__, str(error)
    return None


def _shared(recipe: Recipe, share: int) -> Recipe:
    """The recipe with what a provider allows a minute divided among the tasks that run at once."""
    limits = recipe.limits
    names = ("requests_per_minute", "tokens_per_minute")
    parts = {name: max(1, n // share) for name in names if (n := getattr(limits, name)) is not None}
    return recipe.model_copy(update={"limits": limits.model_copy(update=parts)})
