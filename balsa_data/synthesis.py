"""Synthesis: plan, ask, write down, check, settle; and again, from where it stopped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from balsa_data import __version__
from balsa_data.backbone import Backbone, connect
from balsa_data.checks import Item
from balsa_data.client import Client
from balsa_data.clipstore import ClipStore
from balsa_data.errors import BackboneUnusable, BudgetReached, RequestFailed
from balsa_data.journal import Answer, Journal, Outcome
from balsa_data.judging import Judge, Judgement, worthwhile
from balsa_data.opinion import heeded, question
from balsa_data.pacing import Rate
from balsa_data.planning import Planner, Request, lay_out
from balsa_data.progress import Progress
from balsa_data.prompting import Prompts
from balsa_data.recipe import JudgeSpec, Limits, Recipe
from balsa_data.run import Run
from balsa_data.schemas import Attempt, AudioClip, Failure, Provenance, Rejection, Sample, Usage

__all__ = ["asynthesize", "synthesize"]

FIRST_TRIES = 3  # so many failures before the first answer say that the backbone, not the request, is at fault

Clips = Iterable[AudioClip] | Recipe | str | Path


def synthesize(
    clips: Clips,
    *,
    out: str | Path | None = None,
    backbone: str | Backbone | None = None,
    concurrency: int = 64,
    progress: bool = True,
    retry_failures: bool = False,
    **values: Any,
) -> Run:
    """Make training samples from clips; called again with the same arguments, go on where it stopped.

    Args:
        clips: Clips, or a recipe, or a recipe's name or path.
        out: The run's folder; ``runs/NAME`` where not given.
        backbone: A litellm model string, ``local``, or any object with `Backbone`'s method.
        concurrency: Requests in flight, at most.
        progress: Show it on stderr.
        retry_failures: Ask again what the backbone gave no answer to.
        **values: Anything a `Recipe` has: ``tasks``, ``api_base``, ``seed``, ``parameters``, ``checks``, …

    Returns:
        The run, where every planned request has become a sample, a rejection or a failure.

    Raises:
        InputError: Something handed in is wrong; nothing was asked.
        BackboneUnusable: No request can succeed.
        BudgetReached: A limit of the recipe was reached; what was made is kept.
    """
    arguments: dict[str, Any] = {**values, "out": out, "backbone": backbone, "concurrency": concurrency}
    arguments.update(progress=progress, retry_failures=retry_failures)
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
    **values: Any,
) -> Run:
    """Do what `synthesize` does, inside a running event loop."""
    named = backbone if isinstance(backbone, str) else None if backbone is None else type(backbone).__name__
    recipe, stream = _recipe(clips, {**values, **({"backbone": named} if named else {})})
    folder = Path(out) if out is not None else Path("runs") / recipe.name
    prompts = Prompts(recipe.prompts)
    hashes = {task: prompts.fingerprint(task) for task in recipe.tasks}
    journal = Journal(folder)
    try:
        journal.settle({**recipe.identity(), "prompt_hashes": hashes})
        journal.keep("recipe", recipe.model_dump(mode="json"))
        if retry_failures:
            journal.forget_failures()
        store = ClipStore(folder)
        planner = lay_out(recipe, store, prompts, stream)
        if journal.fact("planned") is None:
            await _Synthesis(recipe, planner, prompts, hashes, journal, backbone, concurrency, progress).run()
        store.close()
    finally:
        journal.close()
    return Run(folder)


def _recipe(clips: Clips, values: dict[str, Any]) -> tuple[Recipe, Iterable[AudioClip] | None]:
    if isinstance(clips, Recipe):
        return clips.with_values(**values), None
    if isinstance(clips, str | Path):
        return Recipe.load(clips, **values), None
    return Recipe.make(**values), clips


@dataclass
class _Budget:
    """What a run may spend and has spent; asked before every try, so that retries count."""

    limits: Limits
    spent: Usage

    def spend(self) -> None:
        limits, spent = self.limits, self.spent
        if limits.max_requests is not None and spent.requests >= limits.max_requests:
            raise BudgetReached(f"max_requests {limits.max_requests} is reached: raise it and run again to continue")
        if limits.max_tokens is not None and spent.prompt_tokens + spent.completion_tokens >= limits.max_tokens:
            raise BudgetReached(f"max_tokens {limits.max_tokens} is reached: raise it and run again to continue")
        if limits.max_cost is not None and spent.cost is not None and spent.cost >= limits.max_cost:
            raise BudgetReached(f"max_cost ${limits.max_cost} is reached: raise it and run again to continue")
        if limits.max_cost is not None and spent.cost is None:
            raise BudgetReached("max_cost cannot be held because the model's price is not known: give `prices`")
        self.spent += Usage(requests=1)

    def answered(self, usage: Usage) -> None:
        self.spent += usage.model_copy(update={"requests": 0})


@dataclass
class _Synthesis:
    recipe: Recipe
    planner: Planner
    prompts: Prompts
    hashes: Mapping[str, str]
    journal: Journal
    backbone_given: str | Backbone | None
    concurrency: int
    progress: bool
    ours: list[Client] = field(default_factory=list, init=False)  # to be closed; a backbone handed in is its owner's
    stopped_by: Exception | None = field(default=None, init=False)
    answered_once: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    failed_first: int = field(default=0, init=False)

    async def run(self) -> None:
        self.places = asyncio.Semaphore(self.concurrency)
        self.parameters = self.recipe.model_dump()["parameters"]  # without keys
        self.budget = _Budget(self.recipe.limits, self.journal.usage())
        recipe, given = self.recipe, self.backbone_given
        # What the provider allows a minute is the backbone's; what may be spent is the run's.
        rate = Rate(recipe.limits.requests_per_minute, recipe.limits.tokens_per_minute)
        self.backbone = given if given is not None and not isinstance(given, str) else await self._connect(recipe, rate)
        self.adviser = await self._connect(recipe.judge) if recipe.judge else None
        self.unsettled = self.journal.unsettled_answers()
        self.journal.keep("at_most", self.planner.at_most)
        done = sum(n for *_, n in self.journal.counts())
        plan = self._pending()
        started = time.monotonic()
        try:
            async with Judge(
                self.recipe.checks, worthwhile(self.planner.at_most - done), self.recipe.taxonomy
            ) as self.judge:
                with Progress(self.planner.at_most, done, show=self.progress) as self.shown:
                    # Twice as many workers as requests in flight: while answers are judged and written, others are asked.
                    await asyncio.gather(*(self._work(plan, first=i == 0) for i in range(2 * self.concurrency)))
            if self.stopped_by is not None:
                raise self.stopped_by
            self.journal.keep("planned", self.planned)
        finally:
            unanswered = self.budget.spent.requests - self.journal.usage().requests
            self.journal.keep("unanswered", (self.journal.fact("unanswered") or 0) + max(0, unanswered))
            self.journal.keep("seconds", (self.journal.fact("seconds") or 0.0) + time.monotonic() - started)
            for client in self.ours:
                await client.aclose()

    async def _connect(self, spec: Recipe | JudgeSpec, rate: Rate | None = None) -> Backbone:
        client = await asyncio.to_thread(
            connect,
            spec.backbone,
            spec.api_base,
            spec.parameters,
            prices=spec.prices,
            spend=self.budget.spend,
            rate=rate,
        )
        self.ours.append(client)
        return client

    def _pending(self) -> Iterator[Request]:
        """The plan without what is settled; both are in order, so neither is held."""
        settled = self.journal.settled_positions()
        next_settled, self.planned = next(settled, None), 0
        for request in self.planner:
            self.planned += 1
            if request.position == next_settled:
                next_settled = next(settled, None)
            else:
                yield request

    async def _work(self, plan: Iterator[Request], *, first: bool) -> None:
        """Settle one request after the other; all but the first worker wait until something was answered."""
        if not first:
            await self.answered_once.wait()
        try:
            for request in plan if self.stopped_by is None else ():
                await self._settle(request)
                if self.stopped_by is not None:
                    break
                await asyncio.sleep(0)
        except Exception as error:  # whatever ends one worker ends all, after what they have in flight
            self.stopped_by = self.stopped_by or error
        self.answered_once.set()

    async def _settle(self, request: Request) -> None:
        attempts: list[Attempt] = []
        usage = Usage()
        known = self.unsettled.pop(request.id, {})
        common: dict[str, Any] = {}
        for attempt in range(self.recipe.draws):
            try:
                answer = known.get(attempt) or await self._ask(request, attempt)
            except RequestFailed as error:
                usage += Usage(requests=error.requests)
                common = self._common(request, attempt, usage)
                outcome: Outcome = Failure(**common, reason="no_answer", detail=str(error), attempts=tuple(attempts))
                break
            usage += answer.usage
            judgement = await self.judge(_item(request, answer))
            judge = None
            if judgement.doubtful and self.recipe.judge is not None:
                advice = known.get(~attempt) or await self._advice(request, attempt, answer, judgement)
                usage += advice.usage
                judgement, judge = heeded(judgement, advice.text), self.recipe.judge.backbone
            common = self._common(request, attempt, usage, judge)
            if not judgement.wrong:
                common |= {"present": judgement.present, "absent": judgement.absent}
                outcome = Sample(**common, response=answer.text or "", earlier=tuple(attempts))
                break
            attempts.append(
                Attempt(response=answer.text or "", finish_reason=answer.finish_reason, verdicts=judgement.wrong)
            )
        else:
            outcome = Rejection(**common, attempts=tuple(attempts))
        await self.journal.settled(request.position, outcome)
        self.shown.settled(outcome, usage)

    async def _advice(self, request: Request, attempt: int, answer: Answer, judgement: Judgement) -> Answer:
        """Ask the judge; its answer is journaled as the complement of the attempt it is about."""
        messages = question(self.prompts, request, answer.text or "", judgement)
        try:
            return await self._ask(request, ~attempt, self.adviser, messages)
        except RequestFailed as error:  # the doubt stands
            return Answer(text=None, usage=Usage(requests=error.requests))

    async def _ask(
        self, request: Request, attempt: int, backbone: Backbone | None = None, messages: Sequence[dict[str, str]] = ()
    ) -> Answer:
        """Ask, and hold the place among those in flight until the answer is on disk: no more can be lost than have one."""
        async with self.places:
            if self.stopped_by is not None:
                raise self.stopped_by
            try:
                answer = await (backbone or self.backbone).ask(messages or request.messages, request.seed(attempt))
            except RequestFailed as error:
                nothing = Answer(text=None, usage=Usage(requests=error.requests))
                await self.journal.answered(request.id, attempt, nothing)
                self._refuse_to_go_on_unanswered(error)
                raise
            self.budget.answered(answer.usage)
            await self.journal.answered(request.id, attempt, answer)
        self.answered_once.set()
        return answer

    def _refuse_to_go_on_unanswered(self, error: RequestFailed) -> None:
        if self.answered_once.is_set():
            return
        self.failed_first += 1
        if self.failed_first >= FIRST_TRIES:
            self.journal.forget_failures()
            raise BackboneUnusable(f"none of the first {FIRST_TRIES} requests succeeded, the last: {error}") from None

    def _common(self, request: Request, attempt: int, usage: Usage, judge: str | None = None) -> dict[str, Any]:
        provenance = Provenance(
            backbone=self.recipe.backbone,
            parameters={**self.parameters, "seed": request.seed(attempt)},
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
