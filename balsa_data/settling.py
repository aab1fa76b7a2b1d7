"""Requests to outcomes: ask, write down, check, settle; the same in this process and in a cluster's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from balsa_data import __version__
from balsa_data.checks import Item
from balsa_data.errors import BackboneUnusable, BudgetReached, RequestFailed
from balsa_data.journal import Answer, Outcome, told_apart
from balsa_data.judging import Judge, Judgement
from balsa_data.opinion import heeded
from balsa_data.pacing import Places
from balsa_data.planning import Request
from balsa_data.recipe import Limits, Recipe
from balsa_data.schemas import NO_USAGE, Attempt, Failure, Provenance, Rejection, Sample, Usage
from balsa_data.total import Total

__all__ = ["Advise", "Ask", "Book", "Budget", "Deferred", "Settler"]

SPARE = 10  # while answers are written down others are asked for, as many as a tenth of those in flight
FIRST_TRIES = 3  # so many failures before the first answer say that the backbone, not the request, is at fault


class Deferred(Exception):
    """The answer will be in the book another time; until then the request has no outcome."""


class Ask(Protocol):
    """Asks for one draw of a request; see `Backbone.ask`. May raise `Deferred`."""

    async def __call__(self, request: Request, attempt: int, /) -> Answer: ...  # noqa: D102


class Advise(Protocol):
    """Asks the recipe's judge about a response whose judgement is doubtful; see `balsa_data.opinion`."""

    async def __call__(self, request: Request, response: str, judgement: Judgement, /) -> Answer: ...  # noqa: D102


class Book(Protocol):
    """Where answers and outcomes are written down: the journal, or the way to one on another machine."""

    def known(self, request: str) -> dict[int, Answer]:
        """Return the answers that a request without an outcome has already, by draw."""

    async def answered(self, request: str, attempt: int, answer: Answer) -> None:
        """Write an answer; it is on disk when this returns."""

    async def settled(self, position: int, outcome: Outcome) -> None:
        """Write what became of a request; it is on disk when this returns."""


@dataclass
class Budget:
    """What a run may spend and has spent; asked before every try, so that retries count."""

    limits: Limits
    spent: Total

    def spend(self) -> None:
        """Count one try.

        Raises:
            BudgetReached: There is nothing left to spend.
        """
        limits, spent = self.limits, self.spent
        if limits.max_requests is not None and spent.requests >= limits.max_requests:
            raise BudgetReached(f"max_requests {limits.max_requests} is reached: raise it and run again to continue")
        if limits.max_tokens is not None and spent.tokens >= limits.max_tokens:
            raise BudgetReached(f"max_tokens {limits.max_tokens} is reached: raise it and run again to continue")
        if limits.max_cost is not None and spent.cost is not None and spent.cost >= limits.max_cost:
            raise BudgetReached(f"max_cost ${limits.max_cost} is reached: raise it and run again to continue")
        if limits.max_cost is not None and spent.cost is None:
            raise BudgetReached("max_cost cannot be held because the model's price is not known: give `prices`")
        spent.requests += 1

    def answered(self, usage: Usage) -> None:
        """Count what an answer took; its tries are counted already."""
        self.spent.add(usage)


@dataclass
class Settler:
    """Settles requests, so many at a time.

    Attributes:
        hashes: Of each task's template and pool, for the provenance.
        concurrency: Requests in flight, at most; a tenth more may have been asked and not be written down yet.
        advise: Asks the recipe's judge; None where it has none.
        told: Is told of each outcome and what it took, once it is on disk.
        answered: Whether the backbone is known to answer; else one request goes ahead of the others to see.
        read_on: Whether, when there is nothing left to spend, what was answered before is settled all the same.
        fresh: Whether the book holds answers only to what is asked of it here: no request has one when it is begun.
        stopped_by: What ended the work early.
    """

    recipe: Recipe
    hashes: Mapping[str, str]
    book: Book
    ask: Ask
    budget: Budget
    judge: Judge
    concurrency: int
    told: Callable[[Outcome, Usage], None] | None = None
    advise: Advise | None = None
    answered: bool = False
    read_on: bool = False
    fresh: bool = False
    stopped_by: Exception | None = field(default=None, init=False)

    async def settle(self, requests: Iterator[Request]) -> None:
        """Settle every request.

        Raises:
            BackboneUnusable: No request can succeed.
            BudgetReached: There is nothing left to spend.
        """
        self._parameters = self.recipe.model_dump()["parameters"]  # without keys
        self._places = Places(self.concurrency)
        self._unwritten = Places(self.concurrency + self.concurrency // SPARE)
        self._answered_once = asyncio.Event()
        if self.answered:
            self._answered_once.set()
        self._reached: BudgetReached | None = None
        self._failed_first: list[tuple[Request, Failure, Usage]] = []
        # Twice as many workers as requests in flight: while answers are judged and written, others are asked.
        await asyncio.gather(*(self._work(requests, first=i == 0) for i in range(2 * self.concurrency)))
        if stopped_by := self.stopped_by or self._reached:
            raise stopped_by
        for request, failure, usage in self._failed_first:
            await self._write(request, failure, usage)

    async def _work(self, requests: Iterator[Request], *, first: bool) -> None:
        """Settle one request after the other; all but the first worker wait until something was answered."""
        if not first:
            await self._answered_once.wait()
        try:
            for request in requests if self.stopped_by is None else ():
                try:
                    await self._settle(request)
                except Deferred:  # else something was waited for
                    await asyncio.sleep(0)
                except BudgetReached as reached:
                    if not self.read_on:
                        raise
                    self._reached = reached
                    self._answered_once.set()
                    await asyncio.sleep(0)
                if self.stopped_by is not None:
                    break
        except Exception as error:  # whatever ends one worker ends all, after what they have in flight
            self.stopped_by = self.stopped_by or error
        self._answered_once.set()

    async def _settle(self, request: Request) -> None:
        attempts: list[Attempt] = []
        usage = NO_USAGE
        known = self._known(request)
        if known:
            self._answered_once.set()
        common: dict[str, Any] = {}
        for attempt in range(self.recipe.draws):
            try:
                answer = known.get(attempt) or await self._ask(request, attempt)
            except RequestFailed as error:
                usage += Usage(requests=error.requests)
                common = self._common(request, attempt, usage)
                failure = Failure(**common, reason="no_answer", detail=str(error), attempts=tuple(attempts))
                return await self._fail(request, failure, usage)
            judgement, advice = await self._judged(request, attempt, answer, known)
            usage += answer.usage + advice
            common = self._common(request, attempt, usage, advised=judgement.advised)
            if not judgement.wrong:
                common |= {"present": judgement.present, "absent": judgement.absent}
                sample = Sample(**common, response=answer.text or "", earlier=tuple(attempts))
                return await self._write(request, sample, usage)
            attempts.append(
                Attempt(response=answer.text or "", finish_reason=answer.finish_reason, verdicts=judgement.wrong)
            )
        return await self._write(request, Rejection(**common, attempts=tuple(attempts)), usage)

    def _known(self, request: Request) -> dict[int, Answer]:
        """Return the answers that a request has already, each with its advice; none to other words than are sent now."""
        if self.fresh or not (known := self.book.known(request.id)):
            return {}
        asked = told_apart(request.messages)
        other = {attempt for attempt, answer in known.items() if answer.asked not in {None, asked}}
        return {attempt: answer for attempt, answer in known.items() if not other & {attempt, ~attempt}}

    async def _judged(
        self, request: Request, attempt: int, answer: Answer, known: Mapping[int, Answer]
    ) -> tuple[Judgement, Usage]:
        """Judge an answer, by the recipe's judge where the checks cannot tell, and return what that took.

        What the judge says is written down as the complement of the draw it is about.
        """
        judgement = await self.judge(_item(request, answer))
        if self.advise is None or not judgement.doubtful:
            return judgement, NO_USAGE
        ask = partial(self.advise, request, answer.text or "", judgement)
        try:
            advice = known.get(~attempt) or await self._written_down(request, ~attempt, ask)
        except RequestFailed as error:  # the doubt stands
            return judgement, Usage(requests=error.requests)
        return heeded(judgement, advice.text), advice.usage

    async def _ask(self, request: Request, attempt: int) -> Answer:
        return await self._written_down(request, attempt, partial(self.ask, request, attempt))

    async def _written_down(self, request: Request, attempt: int, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask, and count among the unwritten until the answer is on disk: no more than these can be lost."""
        async with self._unwritten:
            try:
                async with self._places:
                    if self.stopped_by is not None:
                        raise self.stopped_by
                    answer = await ask()
            except RequestFailed as error:
                nothing = Answer(text=None, usage=Usage(requests=error.requests))
                await self.book.answered(request.id, attempt, nothing)
                raise
            self.budget.answered(answer.usage)
            if attempt >= 0:
                answer = answer.model_copy(update={"asked": told_apart(request.messages)})
            await self.book.answered(request.id, attempt, answer)
        self._answered_once.set()
        return answer

    async def _fail(self, request: Request, failure: Failure, usage: Usage) -> None:
        """Write a failure down; before anything was answered, only when the work ends well."""
        if self._answered_once.is_set():
            return await self._write(request, failure, usage)
        self._failed_first.append((request, failure, usage))
        if len(self._failed_first) >= FIRST_TRIES:
            raise BackboneUnusable(
                f"none of the first {FIRST_TRIES} requests succeeded, the last: {failure.detail}"
            ) from None
        return None

    async def _write(self, request: Request, outcome: Outcome, usage: Usage) -> None:
        await self.book.settled(request.position, outcome)
        if self.told:
            self.told(outcome, usage)

    def _common(self, request: Request, attempt: int, usage: Usage, *, advised: bool = False) -> dict[str, Any]:
        judge = self.recipe.judge.backbone if self.recipe.judge and advised else None
        provenance = Provenance(
            backbone=self.recipe.backbone,
            parameters={**self._parameters, "seed": request.seed(attempt)},
            recipe=self.recipe.name,
            prompt_name=request.task,
            prompt_hash=self.hashes[request.task],
            library_version=__version__,
            seed=self.recipe.seed,
            request_id=request.id,
            guided=request.draft.guided,
            strategy=request.draft.strategy,
            attempt=attempt,
            judge=judge,
            usage=usage,
        )
        return {
            "id": request.id, "task": request.task, "clips": request.clips, "prompt": request.prompt,
            "seed_description": request.seed_description, "present": request.draft.present,
            "absent": request.draft.absent, "provenance": provenance,
        }  # fmt: skip


def _item(request: Request, answer: Answer) -> Item:
    return Item(
        task=request.task, clips=request.clips, prompt=request.prompt, response=answer.text or "",
        present=request.draft.present, absent=request.draft.absent, finish_reason=answer.finish_reason,
    )  # fmt: skip
