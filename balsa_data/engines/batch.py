"""Requests handed in as files and answered hours later: a provider's Batch API, at half its price as a rule.

The work goes in rounds. What the journal holds no answer to is written to files, the files are handed in and waited for,
the answers go into the journal, and what they make is settled; what needs another draw, failed in passing, expired or is
missing makes the next round. Each file is in the journal before it is handed in, under a mark that the provider keeps, so
a process that is gone, at whatever moment, costs nothing: run again, with this engine or another.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic_core import from_json

from balsa_data.backbone import price
from balsa_data.batches import Lines, Office, Provider, answers
from balsa_data.client import TRIES, Passing
from balsa_data.engines import Work
from balsa_data.engines.online import advising
from balsa_data.errors import AnswersAwaited, BackboneUnusable, BudgetReached, InputError, RequestFailed
from balsa_data.journal import Answer, told_apart
from balsa_data.judging import Judge, worthwhile
from balsa_data.planning import Request
from balsa_data.progress import Progress
from balsa_data.recipe import Prices, Recipe
from balsa_data.schemas import Usage
from balsa_data.settling import Deferred, Settler
from balsa_data.total import Total

__all__ = ["run", "run_with"]

AT_ONCE = 256  # answers judged together
ANSWER = 256  # tokens that an answer is taken to have, for the budget, where neither recipe nor journal says
TOKEN = 3  # characters, likewise: rather too few than too many
MARGIN = 1.25  # on the average answer so far


async def run(work: Work) -> None:
    """Settle every request by the provider's Batch API."""
    await run_with(work, Provider)


async def run_with(work: Work, office: Callable[[Recipe, Prices | None], Office]) -> None:
    """Settle every request by files.

    Raises:
        InputError: The backbone cannot be asked by files.
        AnswersAwaited: They are not to be waited for.
        BackboneUnusable: The files are refused, or nothing is ever answered.
        BudgetReached: There is nothing left to spend.
    """
    if work.backbone is not None or work.recipe.backbone.partition(":")[0] == "local":
        raise InputError("the backbone cannot be asked by files: name a provider's model, or leave the engine out")
    model, prices = work.recipe.backbone, work.recipe.prices
    if prices is None and (cost := price(model, None, 10**6, 0, batch=True)) is not None:
        prices = Prices(input=cost, output=price(model, None, 0, 10**6, batch=True) or 0.0)
    rounds = _Rounds(work, office(work.recipe, prices), prices)
    await rounds.finish()
    while await rounds.go_through():
        await rounds.finish()


class _Rounds:
    def __init__(self, work: Work, office: Office, prices: Prices | None) -> None:
        self.work, self.office, self.prices = work, office, prices
        self.folder = work.journal.folder / "batches"
        self.failed: dict[str, tuple[int, Exception]] = {}  # tries so far, and why there is no answer
        self.files: list[dict[str, Any]] = work.journal.fact("batches") or []
        self.answered = False

    # -- handing in and waiting ------------------------------------------------------------------------------------

    async def finish(self) -> None:
        """Hand in what is not, wait for all that is, and write down the answers."""
        left = [(n, file) for n, file in enumerate(self.files) if not file["done"]]
        for number, file in left:
            await self._hand_in(number, file)
        awaited: AnswersAwaited | None = None
        answered = 0
        for number, file in left:  # one after the other: all must be had, and one is enough to hold
            try:
                answered += await self._fetch(number, file)
            except AnswersAwaited as error:
                awaited = awaited or error
        if awaited:
            raise awaited
        self.work.budget.spent = Total.of(self.work.journal.usage())
        self.answered = self.answered or answered > 0

    async def _hand_in(self, number: int, file: dict[str, Any]) -> None:
        if file["name"] is None:
            again = file["tried"]
            self._note(file, tried=True)
            self._note(file, name=await self.office.take(self._path(number), file["mark"], again=again))
            self._say(f"batch {number}: handed in as {file['name']}")

    async def _fetch(self, number: int, file: dict[str, Any]) -> int:
        """Write down a file's answers; return how many there are."""
        path = self._path(number)
        while (data := await self._given(file, path)) is None:
            await self._hand_in(number, file)
        with path.open("rb") as lines:
            asked = {line["custom_id"]: line["body"] for line in map(from_json, lines)}
        answered, writing = 0, []
        for name, answer in answers(data, self.office, asked):
            request, _, attempt = name.rpartition(".")
            tries = self.failed.pop(name, (0, None))[0] + 1
            if isinstance(answer, Answer):
                answered += 1
                if self.work.cache:
                    self.work.cache.keep(asked[name]["messages"], asked[name]["seed"], answer)
                usage = answer.usage.model_copy(update={"requests": tries})
                answer = answer.model_copy(update={"usage": usage, "asked": told_apart(asked[name]["messages"])})
            else:
                self.failed[name] = tries, answer
                answer = Answer(text=None, usage=Usage(requests=tries))
            writing.append(self.work.journal.answered(request, int(attempt), answer))
            if len(writing) == AT_ONCE:
                await asyncio.gather(*writing)
                writing.clear()
        await asyncio.gather(*writing)
        self._note(file, done=True)
        self._say(f"batch {number}: {answered} of {len(asked)} requests were answered")
        return answered

    async def _given(self, file: dict[str, Any], path: Path) -> bytes | None:
        try:
            data = await self.office.give(file["name"], path)
        except RequestFailed as error:
            self._note(file, name=None)  # another run may find it mended
            raise BackboneUnusable(str(error)) from None
        if data is None:
            self._note(file, name=None)
        return data

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:04}.jsonl"

    def _note(self, file: dict[str, Any], **known: Any) -> None:
        file.update(known)
        self.work.journal.keep("batches", self.files)

    def _say(self, what: str) -> None:
        if self.work.show:
            print(what, file=sys.stderr, flush=True)

    # -- settling and collecting -----------------------------------------------------------------------------------

    async def go_through(self) -> int:
        """Settle what the journal has the answers of, and write the rest to files; return how many requests those hold."""
        work = self.work
        self.lines = Lines(work.recipe, self.office.model, self.folder, len(self.files))
        self.spent_up: BudgetReached | None = None
        self.usual = self._usual()
        done = work.done
        processes = worthwhile(work.planner.at_most - done)
        async with AsyncExitStack() as open_:
            judge = await open_.enter_async_context(Judge(work.recipe.checks, processes, work.recipe.taxonomy))
            shown = open_.enter_context(Progress(work.planner.at_most, done, show=work.show))
            settler = Settler(
                work.recipe, work.hashes, work.journal, self._ask, work.budget, judge, AT_ONCE, shown.settled,
                answered=self.answered, advise=await advising(work.recipe, work.budget, open_),
            )  # fmt: skip
            await settler.settle(work.pending())
        self.lines.close()
        self.files += [{"mark": uuid4().hex, "tried": False, "name": None, "done": False} for _ in self.lines.numbers]
        work.journal.keep("batches", self.files)
        if self.spent_up and not self.lines.written:
            raise self.spent_up
        return self.lines.written

    async def _ask(self, request: Request, attempt: int) -> Answer:
        name, messages, seed = f"{request.id}.{attempt}", request.messages, request.seed(attempt)
        if self.work.cache and (known := self.work.cache.known(messages, seed)):
            return known
        tries, wrong = self.failed.get(name, (0, None))
        if wrong is not None and not isinstance(wrong, Passing):
            raise wrong if isinstance(wrong, BackboneUnusable) else RequestFailed(str(wrong), tries)
        if tries >= TRIES:
            raise RequestFailed(f"no answer in {tries} tries, the last: {wrong}", tries)
        if self.spent_up is None:
            try:
                self.work.budget.spend()
            except BudgetReached as reached:  # what is answered already is settled all the same
                self.spent_up = reached
            else:
                self.lines.add(name, messages, seed)
                self.work.budget.answered(self._expected(request))
        raise Deferred

    def _usual(self) -> int:
        """Tokens that an answer is taken to have: more than those so far have, so that a budget holds."""
        usage, given = self.work.journal.usage(), self.work.recipe.parameters.get("max_tokens")
        if usage.completion_tokens:
            return round(MARGIN * usage.completion_tokens / usage.requests)
        return given if isinstance(given, int) else ANSWER

    def _expected(self, request: Request) -> Usage:
        """What a request is taken to need until it is answered, so that a budget holds for what is handed in."""
        sent = sum(len(message["content"]) for message in request.messages) // TOKEN
        cost = price(self.work.recipe.backbone, self.prices, sent, self.usual, batch=True)
        return Usage(prompt_tokens=sent, completion_tokens=self.usual, cost=cost)
