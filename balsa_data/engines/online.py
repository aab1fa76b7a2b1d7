"""Requests asked now, from this process: the usual engine."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from balsa_data.backbone import Backbone, connect
from balsa_data.client import Client
from balsa_data.engines import Work
from balsa_data.journal import Answer
from balsa_data.judging import Judge, worthwhile
from balsa_data.pacing import Rate
from balsa_data.planning import Request
from balsa_data.progress import Progress
from balsa_data.recipe import Recipe
from balsa_data.settling import Budget, Settler

__all__ = ["connected", "run"]


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

        left = work.sampled or work.planner.at_most - done
        judge = await open_.enter_async_context(Judge(work.recipe.checks, worthwhile(left)))
        shown = open_.enter_context(Progress(work.planner.at_most, done, show=work.show))
        settler = Settler(
            work.recipe, work.hashes, work.journal, ask, work.budget, judge, work.concurrency, shown.settled
        )
        await settler.settle(work.pending())


async def connected(recipe: Recipe, budget: Budget, open_: AsyncExitStack) -> Client:
    """Return the backbone that a recipe names; it is closed with the stack."""
    limits = recipe.limits
    client = await asyncio.to_thread(
        connect, recipe.backbone, recipe.api_base, recipe.parameters, prices=recipe.prices, spend=budget.spend,
        rate=Rate(limits.requests_per_minute, limits.tokens_per_minute),
    )  # fmt: skip
    open_.push_async_callback(client.aclose)
    return client
