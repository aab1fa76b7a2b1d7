"""From a recipe and its clips to requests: a deterministic stream, each request with an id that stays.

Nothing here depends on the machine, the order of answers or the time: every draw is seeded by the recipe's seed and by
what it is for. How many requests a clip gets of a task is spread evenly: a share of 0.5 asks every other clip.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from math import floor
from random import Random

from balsa_data.clipstore import ClipStore, Stored
from balsa_data.corpora import load_all
from balsa_data.draws import Draws
from balsa_data.facts import doubted, heard
from balsa_data.memory import give_back
from balsa_data.negatives import AbsentSounds, Statistics
from balsa_data.pairing import Block, Kinship, Pairing, blocks
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe
from balsa_data.request import Request, Writer
from balsa_data.schemas import AudioClip
from balsa_data.tasks import TASKS, Draft, Draw
from balsa_data.taxonomy import Taxonomy, extended

__all__ = ["Planner", "Request", "lay_out"]

TOGETHER = 256  # requests made a step at a time: about a fifth faster than one by one


@dataclass(frozen=True, slots=True)
class _Task:
    """A task of the recipe, with its share."""

    name: str
    share: float
    clips: tuple[int, int]
    apart: bool
    draft: Callable[[Draw], Draft | None]

    @classmethod
    def named(cls, name: str, share: float) -> _Task:
        module = TASKS.module(name)
        return cls(name, share, module.CLIPS, getattr(module, "APART", False), TASKS.bind(name))

    def due(self, first: int, clips: int) -> list[int]:
        """Return how many requests each of so many clips of the plan opens, so that all are spread evenly."""
        before = [floor(index * self.share) for index in range(first, first + clips + 1)]
        return [until - since for since, until in pairwise(before)]


Asked = tuple[_Task, int, tuple[Stored, ...], str | None]
"""A task, which of its requests about the clip that opens it, the clips, and how they were put together."""


class Planner:
    """Lays out the requests of a recipe over a store of clips, block by block (see `pairing`).

    Args:
        recipe: Tasks, shares and seed.
        store: The clips, complete.
        prompts: Templates and pools.
        absent: Chooses sounds to deny.
        taxonomy: Says what sounds have to do with one another.
    """

    def __init__(
        self, recipe: Recipe, store: ClipStore, prompts: Prompts, absent: AbsentSounds, taxonomy: Taxonomy
    ) -> None:
        self._recipe = recipe
        self._seed = str(recipe.seed)
        self._store = store
        self._absent = absent
        self._taxonomy = taxonomy
        self._kinship = Kinship(taxonomy)
        self._writer = Writer(prompts, recipe.seed_description, absent.phrase)
        self._tasks = [_Task.named(name, share) for name, share in recipe.tasks.items() if share]

    @property
    def at_most(self) -> int:
        """How many requests there are unless a task finds nothing to ask of some clips."""
        return sum(floor(len(self._store) * task.share) for task in self._tasks)

    def __iter__(self) -> Iterator[Request]:
        turns, position, before, untried = Counter[str](), 0, 0, {task.name for task in self._tasks}
        for number, positions in enumerate(blocks(len(self._store), self._recipe.seed)):
            asked = self._asked(number, self._store.many(positions), before)
            while some := list(islice(asked, TOGETHER)):
                made = self._requests(some, position, turns)
                for request in {one.task: one for one in made if one.task in untried}.values() if untried else ():
                    self._writer(request)  # a template that cannot be used is told of before anything is asked
                    untried.remove(request.task)
                yield from made
                position += len(made)
            before += len(positions)
            give_back()

    def _asked(self, number: int, told: list[Stored], before: int) -> Iterator[Asked]:
        """Yield what is asked of the clips of a block, each with all its tasks before the next."""
        several = [task for task in self._tasks if task.clips[1] > 1]
        rng = Random(f"{self._recipe.seed} {number}")
        draws = {task.name: Random(f"{self._recipe.seed} {number} {task.name}") for task in several}
        block = Block(told, self._kinship, rng) if several else None
        opened = [(task, task.due(before, len(told))) for task in self._tasks]
        pairings = {
            task.name: Pairing(block, self._recipe.pairing, due, task.clips, apart=task.apart)
            for task, due in opened
            if block and task in several
        }
        for i, one in enumerate(told):
            for task, due in opened:
                for nth in range(due[i]) if due[i] else ():
                    if task.clips[1] == 1:
                        yield task, nth, (one,), None
                    elif group := pairings[task.name].group(i, draws[task.name]):
                        yield task, nth, tuple([told[k] for k in group[0]]), group[1]

    def _requests(self, asked: list[Asked], position: int, turns: Counter[str]) -> list[Request]:
        """Make some requests, one step of all before the next: what a step needs is then at hand in the processor.

        Args:
            asked: What is asked.
            position: In the plan, of the first.
            turns: Requests laid out before of each task; these are added.
        """
        named = [self._name(task, nth, told) for task, nth, told, _ in asked]
        drafts = []
        for (task, _, told, strategy), (name, _) in zip(asked, named, strict=True):
            draw = Draw(
                Draws(name), told, self._absent, self._kinship, self._taxonomy, self._recipe.pairing, strategy,
                turns[task.name],
            )  # fmt: skip
            drafts.append(task.draft(draw))
            turns[task.name] += drafts[-1] is not None
        made: list[Request] = []
        for (task, _, told, _), (name, phrasing), draft in zip(asked, named, drafts, strict=True):
            if draft is not None:
                of_it = f"{task.name}-{name.hex()}"
                made.append(Request(position + len(made), of_it, task.name, told, draft, phrasing, self._writer))
        return made

    def _name(self, task: _Task, nth: int, told: tuple[Stored, ...]) -> tuple[bytes, int]:
        """Return what identifies a request, and the number of its phrasing."""
        key = "\0".join([self._seed, task.name, *[one.id for one in told]])
        digest = hashlib.blake2b(key.encode(), digest_size=8)
        # the nth sample of a clip takes the nth phrasing after its first: never the same twice
        phrasing = int.from_bytes(digest.digest()) + nth
        digest.update(b"\0%d" % nth)
        return digest.digest(), phrasing


def lay_out(
    recipe: Recipe,
    store: ClipStore,
    prompts: Prompts,
    clips: Iterable[AudioClip] | None = None,
    *,
    hear_again: bool = False,
) -> Planner:
    """Take the corpus into the store, unless it is there, and return the plan over it.

    Args:
        recipe: What to plan.
        store: Where clips and the statistics over them are kept.
        prompts: Templates and pools.
        clips: The corpus, where it is not the recipe's own.
        hear_again: Whether the sounds of clips that are in the store already are to be found anew.

    Raises:
        CorpusError: The corpus cannot be used.
        RunError: The store holds other clips.
    """
    taxonomy, counted = extended(recipe.taxonomy), Statistics()

    def heard_and_counted(clip: AudioClip) -> frozenset[str]:
        sounds = heard(clip, taxonomy=taxonomy)
        counted.count(sounds)
        return sounds

    if clips is not None or not store.complete:
        corpus = load_all(recipe.corpora) if clips is None else clips
        store.fill(corpus, heard_and_counted, lambda clip: doubted(clip, taxonomy))
    if hear_again and not counted.clips:
        store.hear_again(heard_and_counted, lambda clip: doubted(clip, taxonomy))
    if known := store.fact("statistics"):
        statistics = Statistics.from_json(known)
    else:  # just taken in, or it was stopped before they were kept
        statistics = counted if counted.clips else Statistics(store.heard())
        store.keep("statistics", statistics.to_json())
    return Planner(recipe, store, prompts, AbsentSounds(statistics, taxonomy, recipe.negatives), taxonomy)
