"""What a recipe will ask, and what it may cost, before anything is asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from balsa_data.backbone import count_tokens, price
from balsa_data.clipstore import ClipStore
from balsa_data.cycles import searched_seldom
from balsa_data.planning import Planner, Request, lay_out
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe
from balsa_data.schemas import Usage
from balsa_data.synthesis import sample

__all__ = ["KEYS", "estimate", "first_requests", "projected"]

COUNTED = 300  # requests of each task whose tokens are counted; the others are taken to be like them
KEYS = ("requests", "prompt_tokens", "completion_tokens")
ANSWER = 64  # tokens an answer is taken to have: the embedded backbone's are 40 to 80 by task


@contextmanager
def _planned(recipe: Recipe) -> Iterator[Planner]:
    with tempfile.TemporaryDirectory() as folder, searched_seldom():
        store = ClipStore(Path(folder))
        yield lay_out(recipe, store, Prompts(recipe.prompts))
        store.close()


def first_requests(recipe: Recipe) -> list[Request]:
    """Return the first request of each task, as it will be sent, from the first clips of each corpus."""
    few = [corpus.model_copy(update={"limit": min(20, corpus.limit or 20)}) for corpus in recipe.corpora]
    found: dict[str, Request] = {}
    with _planned(recipe.model_copy(update={"corpora": tuple(few)})) as plan:
        for request in plan:
            found.setdefault(request.task, request)
    return list(found.values())


def estimate(recipe: Recipe, *, calibrate: int = 0, out: str | Path | None = None) -> dict[str, Any]:
    """Return requests, tokens and cost by task and in all; the prompts are the real ones.

    Args:
        recipe: What would be made.
        calibrate: Ask so many requests, spread over the plan, and take the others to be like them: how many tokens the
            model's own tokenizer makes, how long its answers are, how many draws they need. They are the run's own, so
            nothing is paid for twice: `synthesize` goes on from them.
        out: The run's folder; ``runs/NAME`` where not given.

    Returns:
        ``requests``, ``prompt_tokens``, ``completion_tokens``, ``cost`` (US dollars; None where the price is not known),
        ``tasks`` with the first three each, and ``assuming``, what was assumed, in a sentence.
    """
    took: dict[str, Usage] = {}  # by request, all draws and retries
    if calibrate:
        run = sample(recipe, calibrate, out=out)
        took = {o.id: o.provenance.usage for kind in (run.samples, run.rejections, run.failures) for o in kind}
    with _planned(recipe) as plan:
        tasks = projected(recipe, plan, took)
    total = {key: sum(line[key] for line in tasks.values()) for key in KEYS}
    return {
        **total,
        "cost": price(recipe.backbone, recipe.prices, total["prompt_tokens"], total["completion_tokens"]),
        "tasks": tasks,
        "assuming": f"each as the {len(took):,} requests that were asked"
        if took
        else f"answers of {ANSWER} tokens, each accepted at the first draw; up to {recipe.draws} times as much",
    }


def projected(recipe: Recipe, plan: Iterable[Request], took: Mapping[str, Usage]) -> dict[str, dict[str, int]]:
    """Return what a plan will take by task, where some of its requests, by id, are known to have taken so much."""
    found: dict[str, _Task] = {}
    for request in plan:
        task = found.setdefault(request.task, _Task())
        task.requests += 1
        if request.id in took or task.counted.requests < COUNTED:
            sent = count_tokens(recipe.backbone, request.messages)
            task.counted += Usage(requests=1, prompt_tokens=sent)
            if request.id in took:
                task.asked += Usage(requests=1, prompt_tokens=sent)
                task.took += took[request.id]
    return {name: task.expected() for name, task in found.items()}


@dataclass
class _Task:
    requests: int = 0
    counted: Usage = Usage()  # requests whose tokens were counted, and how many they have by that count
    asked: Usage = Usage()  # of them, those that were asked
    took: Usage = Usage()  # and what these really took

    def expected(self) -> dict[str, int]:
        left = self.requests - self.asked.requests
        sent, calls, written = self.counted.prompt_tokens / self.counted.requests, 1.0, float(ANSWER)
        if self.asked.requests:
            sent *= self.took.prompt_tokens / self.asked.prompt_tokens
            calls = self.took.requests / self.asked.requests
            written = self.took.completion_tokens / self.asked.requests
        return {
            "requests": self.took.requests + round(left * calls),
            "prompt_tokens": self.took.prompt_tokens + round(left * sent),
            "completion_tokens": self.took.completion_tokens + round(left * written),
        }
