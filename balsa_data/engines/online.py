"""Requests asked now, from this process: the usual engine."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from balsa_data.backbone import Backbone, connect
from balsa_data.client import Client
from balsa_data.engines import Work
from balsa_data.journal import Answer
from balsa_data.judging import Judge, Judgement, worthwhile
from balsa_data.opinion import question
from balsa_data.pacing import Rate
from balsa_data.planning import Request
from balsa_data.progress import Progress
from balsa_data.prompting import Prompts
from balsa_data.recipe import JudgeSpec, Recipe
from balsa_data.settling import Advise, Budget, Settler

__all__ = ["advising", "connected", "run"]


async def run(work: Work) -> None:
    """Settle every request; see `Settler.settle` for what may end it early."""
    done = work.done
    async with AsyncExitStack() as open_:
        backbone: Backbone = work.backbone or await connected(work.recipe, work.budget, open_)

        async def ask(request: Request, attempt: int) -> Answer:
            messages, seed = request.messages, request.seed(attempt)
            if work.cache and (known := work.cache.known(messages, seed)):
                return known
            answer = await backbone.ask(messages, seed)
            if work.cache:
                work.cache.keep(messages, seed, answer)
            return answer

        processes = worthwhile(work.sampled or work.planner.at_most - done)
        judge = await open_.enter_async_context(Judge(work.recipe.checks, processes, work.recipe.taxonomy))
        shown = open_.enter_context(Progress(work.planner.at_most, done, show=work.show))
        settler = Settler(
            work.recipe, work.hashes, work.journal, ask, work.budget, judge, work.concurrency, shown.settled,
            advise=await advising(work.recipe, work.budget, open_), read_on=work.judge_again, fresh=work.journal.blank,
        )  # fmt: skip
        await settler.settle(work.pending())


async def connected(recipe: Recipe, budget: Budget, open_: AsyncExitStack) -> Client:
    """Return the backbone that a recipe names; it is closed with the stack."""
    allowed = recipe.limits.requests_per_minute, recipe.limits.tokens_per_minute
    return await _opened(recipe, budget, open_, Rate(*allowed) if any(allowed) else None)


async def advising(recipe: Recipe, budget: Budget, open_: AsyncExitStack) -> Advise | None:
    """Return what asks the recipe's judge, which spends from the same budget; None where it has none."""
    if recipe.judge is None:
        return None
    client, prompts = await _opened(recipe.judge, budget, open_), Prompts(recipe.prompts)

    async def advise(request: Request, response: str, judgement: Judgement) -> Answer:
        return await client.ask(question(prompts, request, response, judgement), request.seed(0))

    return advise


async def _opened(spec: Recipe | JudgeSpec, budget: Budget, open_: AsyncExitStack, rate: Rate | None = None) -> Client:
    client = await asyncio.to_thread(
        connect, spec.backbone, spec.api_base, spec.parameters, prices=spec.prices, spend=budget.spend, rate=rate,
        hedge_after=budget.limits.hedge_after,
    )  # fmt: skip
    open_.push_async_callback(client.aclose)
    return client
