"""Where and when requests are asked, one engine a file: all settle the same plan into the same journal.

So a run may change engines: what one was asked to begin, another can end. An engine is a module with
``async def run(work: Work) -> None``, which returns when something became of every request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from balsa_data.backbone import Backbone, price
from balsa_data.cache import Cache
from balsa_data.errors import InputError, nearest
from balsa_data.journal import Journal
from balsa_data.planning import Planner, Request
from balsa_data.recipe import Recipe
from balsa_data.settling import Budget
from balsa_data.total import Total

__all__ = ["ENGINES", "Work", "engine"]

ENGINES = tuple(sorted(module.name for module in iter_modules(__path__)))


@dataclass
class Work:
    """What is to be done, for an engine to do.

    Attributes:
        hashes: Of each task's template and pool, for the provenance.
        backbone: One that was handed in; None where the recipe names it.
        concurrency: Requests in flight, at most.
        show: Whether progress is shown on stderr.
        cache: Answers shared by runs; None without.
        sampled: Of the plan, only some so many requests, spread over it.
        judge_again: Whether outcomes were forgotten, so that there are answers without one, paid for long ago.
        journal: Written by the engine that works, which may hand it over and take another in its place.
        planned: Requests in the plan, known once it was gone through.
    """

    recipe: Recipe
    planner: Planner
    hashes: Mapping[str, str]
    journal: Journal
    backbone: Backbone | None
    concurrency: int
    show: bool
    cache: Cache | None = None
    sampled: int | None = None
    judge_again: bool = False
    budget: Budget = field(init=False)
    planned: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        asked = [self.recipe] if self.backbone is None else []
        for spec in (*asked, *([self.recipe.judge] if self.recipe.judge else ())):
            if self.recipe.limits.max_cost is not None and price(spec.backbone, spec.prices, 1, 1) is None:
                raise InputError(
                    f"max_cost cannot be held because the price of {spec.backbone} is not known: give `prices`"
                )
        self.budget = Budget(self.recipe.limits, Total.of(self.journal.usage()))
        self.journal.keep("at_most", self.planner.at_most)

    @property
    def done(self) -> int:
        """How many requests have an outcome."""
        return sum(n for *_, n in self.journal.counts())

    def pending(self) -> Iterator[Request]:
        """Yield the plan without what is settled; both are in order, so neither is held."""
        settled = self.journal.settled_positions()
        every = max(1, self.planner.at_most // self.sampled) if self.sampled else 1
        next_settled, self.planned, turns = next(settled, None), 0, Counter[str]()
        for request in self.planner:
            self.planned += 1
            turns[request.task] += 1
            if request.position == next_settled:
                next_settled = next(settled, None)
            elif turns[request.task] % every == 1 or every == 1:
                yield request


def engine(name: str) -> Any:
    """Return an engine's module.

    Raises:
        InputError: There is none of that name.
    """
    if name not in ENGINES:
        raise InputError(f"unknown engine {name!r}{nearest(name, ENGINES)}")
    return import_module(f"{__name__}.{name}")
