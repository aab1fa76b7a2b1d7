"""What a recipe will ask, and what it may cost, before anything is asked."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from balsa_data.backbone import count_tokens, price
from balsa_data.clipstore import ClipStore
from balsa_data.planning import Planner, Request, lay_out
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe

__all__ = ["estimate", "first_requests"]

COUNTED = 300  # requests of each task whose tokens are counted; the others are taken to be like them
ANSWER = 64  # tokens an answer is taken to have: the embedded backbone's are 40 to 80 by task


@contextmanager
def _planned(recipe: Recipe) -> Iterator[Planner]:
    with tempfile.TemporaryDirectory() as folder:
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


def estimate(recipe: Recipe) -> dict[str, Any]:
    """Return requests, tokens and cost by task and in all; the prompts are the real ones, the answers an assumption.

    Returns:
        ``requests``, ``prompt_tokens``, ``completion_tokens``, ``cost`` (US dollars; None where the price is not known),
        ``tasks`` with the first three each, and ``assuming``, what was assumed, in a sentence.
    """
    requests: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    with _planned(recipe) as plan:
        for request in plan:
            requests[request.task] += 1
            if requests[request.task] <= COUNTED:
                counted[request.task] += count_tokens(recipe.backbone, request.messages)
    tasks = {
        task: {
            "requests": n,
            "prompt_tokens": round(counted[task] / min(n, COUNTED) * n),
            "completion_tokens": n * ANSWER,
        }
        for task, n in requests.items()
    }
    total = {
        key: sum(line[key] for line in tasks.values()) for key in ("requests", "prompt_tokens", "completion_tokens")
    }
    return {
        **total,
        "cost": price(recipe.backbone, recipe.prices, total["prompt_tokens"], total["completion_tokens"]),
        "tasks": tasks,
        "assuming": f"answers of {ANSWER} tokens, each accepted at the first draw; up to {recipe.draws} times as much",
    }
