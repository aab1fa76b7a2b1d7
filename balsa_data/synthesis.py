"""Synthesis: plan, ask, write down, check, settle; and again, from where it stopped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from balsa_data.backbone import Backbone
from balsa_data.cache import Cache
from balsa_data.clipstore import ClipStore
from balsa_data.cycles import searched_seldom
from balsa_data.engines import Work
from balsa_data.engines import engine as find_engine
from balsa_data.errors import BackboneUnusable
from balsa_data.journal import Journal
from balsa_data.planning import lay_out
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe
from balsa_data.run import Run
from balsa_data.schemas import AudioClip

__all__ = ["asynthesize", "sample", "synthesize"]

Clips = Iterable[AudioClip] | Recipe | str | Path


def synthesize(
    clips: Clips,
    *,
    out: str | Path | None = None,
    backbone: str | Backbone | None = None,
    concurrency: int = 64,
    progress: bool = True,
    retry_failures: bool = False,
    judge_again: bool = False,
    engine: str = "online",
    cache: str | Path | None = None,
    **values: Any,
) -> Run:
    """Make training samples from clips; called again with the same arguments, go on where it stopped.

    Args:
        clips: Clips, or a recipe, or a recipe's name or path.
        out: The run's folder; ``runs/NAME`` where not given.
        backbone: A litellm model string, ``local``, or any object with `Backbone`'s method.
        concurrency: Requests in flight, at most (with ``ray``, of each task, and a core has one).
        progress: Show it on stderr.
        retry_failures: Ask again what the backbone gave no answer to.
        judge_again: Judge every answer anew: the checks, draws, judge or taxonomy are others than before, or the library has
            got better. Asked is only what has no answer yet, or would now be put in other words.
        engine: How it is asked: ``online``, by a provider's Batch API (``batch``), by files for an offline runner
            (``jsonl``), or from all over a Ray cluster (``ray``); see `balsa_data.engines`. A run may change engines.
        cache: A file of answers that runs share: what was asked with the very same words, parameters and seed is not
            asked again.
        **values: Anything a `Recipe` has: ``tasks``, ``api_base``, ``seed``, ``parameters``, ``checks``, …

    Returns:
        The run, where every planned request has become a sample, a rejection or a failure.

    Raises:
        InputError: Something handed in is wrong; nothing was asked.
        BackboneUnusable: No request can succeed.
        BudgetReached: A limit of the recipe was reached; what was made is kept.
    """
    arguments: dict[str, Any] = {**values, "out": out, "backbone": backbone, "concurrency": concurrency}
    arguments.update(progress=progress, retry_failures=retry_failures, judge_again=judge_again)
    arguments.update(engine=engine, cache=cache)
    if _inside_a_loop():  # a notebook's, which cannot be entered twice
        return _in_thread(clips, arguments)
    return asyncio.run(asynthesize(clips, **arguments))


def _inside_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _in_thread(clips: Clips, arguments: dict[str, Any]) -> Run:
    box: list[Any] = []
    loop, made = asyncio.new_event_loop(), threading.Event()

    async def main() -> None:
        box.append(asyncio.current_task())
        made.set()
        box.append(await asynthesize(clips, **arguments))

    def target() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(main())
        except BaseException as error:  # handed to the caller's thread, which raises it
            box.append(error)

    thread = threading.Thread(target=target, name="synthesize")
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        made.wait()
        loop.call_soon_threadsafe(box[0].cancel)
        thread.join()
        raise
    if isinstance(box[-1], BaseException):
        raise box[-1]
    run: Run = box[-1]
    return run


async def asynthesize(
    clips: Clips,
    *,
    out: str | Path | None = None,
    backbone: str | Backbone | None = None,
    concurrency: int = 64,
    progress: bool = True,
    retry_failures: bool = False,
    judge_again: bool = False,
    engine: str = "online",
    cache: str | Path | None = None,
    **values: Any,
) -> Run:
    """Do what `synthesize` does, inside a running event loop."""
    named = backbone if isinstance(backbone, str) else None if backbone is None else type(backbone).__name__
    given = None if isinstance(backbone, str) else backbone
    recipe, stream = _recipe(clips, {**values, **({"backbone": named} if named else {})})
    options: dict[str, Any] = {"concurrency": concurrency, "show": progress}
    options.update(retry_failures=retry_failures, judge_again=judge_again)
    with searched_seldom():
        return await _make(recipe, stream, out, find_engine(engine), given, cache, **options)


def sample(recipe: Recipe, n: int, *, out: str | Path | None = None) -> Run:
    """Settle some `n` requests, spread over the plan, and leave the others to `synthesize`."""
    with searched_seldom():
        return asyncio.run(_make(recipe, None, out, find_engine("online"), None, None, sampled=n))


async def _make(
    recipe: Recipe,
    stream: Iterable[AudioClip] | None,
    out: str | Path | None,
    engine: Any,
    backbone: Backbone | None,
    cache: str | Path | None,
    *,
    concurrency: int = 64,
    show: bool = False,
    retry_failures: bool = False,
    judge_again: bool = False,
    sampled: int | None = None,
) -> Run:
    folder = Path(out) if out is not None else Path("runs") / recipe.name
    prompts = Prompts(recipe.prompts)
    hashes = {task: prompts.fingerprint(task) for task in recipe.tasks}
    journal = Journal(folder)
    try:
        journal.settle({**recipe.identity(), "prompt_hashes": hashes}, judge_again=judge_again)
        journal.keep("recipe", recipe.model_dump(mode="json"))
        if retry_failures:
            journal.forget_failures()
        store = ClipStore(folder)
        try:
            planner = lay_out(recipe, store, prompts, stream, hear_again=judge_again)
        except BaseException:
            if not store.complete:  # nothing was made of this recipe yet: it may be mended and take the same folder
                journal.forget("identity")
            raise
        if journal.fact("planned") is None:
            with ExitStack() as open_:
                shared = open_.enter_context(closing(Cache(Path(cache), recipe))) if cache is not None else None
                work = Work(recipe, planner, hashes, journal, backbone, concurrency, show, shared, sampled, judge_again)
                try:
                    await _do(engine, work)
                finally:
                    journal = work.journal
        store.close()
    finally:
        journal.close()
    return Run(folder)


async def _do(engine: Any, work: Work) -> None:
    started = time.monotonic()
    try:
        await engine.run(work)
        if work.sampled is None:
            work.journal.keep("planned", work.planned)
    except BackboneUnusable:
        if work.journal.blank:  # a wrong address or key: the recipe may be mended and take the same folder
            work.journal.forget("identity")
        raise
    finally:
        journal = work.journal
        unanswered = work.budget.spent.requests - journal.usage().requests
        journal.keep("unanswered", (journal.fact("unanswered") or 0) + max(0, unanswered))
        journal.keep("seconds", (journal.fact("seconds") or 0.0) + time.monotonic() - started)


def _recipe(clips: Clips, values: dict[str, Any]) -> tuple[Recipe, Iterable[AudioClip] | None]:
    if isinstance(clips, Recipe):
        return clips.with_values(**values), None
    if isinstance(clips, str | Path):
        return Recipe.load(clips, **values), None
    return Recipe.make(**values), clips
