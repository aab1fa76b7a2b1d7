"""From a recipe and its clips to requests: a deterministic stream, each request with an id that stays.

Nothing here depends on the machine, the order of answers or the time: every draw is seeded by the recipe's seed and by
what it is for. How many requests a clip gets of a task is spread evenly: a share of 0.5 asks every other clip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import floor
from random import Random
from typing import Any

from balsa_data.clipstore import ClipStore
from balsa_data.corpora import load_all
from balsa_data.facts import heard
from balsa_data.negatives import AbsentSounds, Statistics
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe
from balsa_data.schemas import AudioClip
from balsa_data.tasks import TASKS, Draft, Draw
from balsa_data.taxonomy import Taxonomy

__all__ = ["Planner", "Request", "lay_out"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, complete but for the backbone's parameters.

    Attributes:
        position: In the plan, from 0.
        id: The same in every run of this recipe and seed.
        messages: What is sent.
    """

    position: int
    id: str
    task: str
    clips: tuple[AudioClip, ...]
    seed_description: str
    prompt: str
    messages: list[dict[str, str]]
    draft: Draft

    def seed(self, attempt: int) -> int:
        """Return the sampling seed of one draw: another for each attempt, the same in every run."""
        return int.from_bytes(hashlib.blake2b(f"{self.id}|{attempt}".encode(), digest_size=4).digest()) >> 1


class Planner:
    """Lays out the requests of a recipe over a store of clips.

    Args:
        recipe: Tasks, shares and seed.
        store: The clips, complete.
        prompts: Templates and pools.
        absent: Chooses sounds to deny.
    """

    def __init__(self, recipe: Recipe, store: ClipStore, prompts: Prompts, absent: AbsentSounds) -> None:
        self._recipe = recipe
        self._store = store
        self._prompts = prompts
        self._absent = absent
        self._drafts = {task: TASKS.bind(task) for task, share in recipe.tasks.items() if share}

    @property
    def at_most(self) -> int:
        """How many requests there are unless a task finds nothing to ask of some clips."""
        return sum(floor(len(self._store) * self._recipe.tasks[task]) for task in self._drafts)

    def __iter__(self) -> Iterator[Request]:
        position = 0
        for index, (clip, sounds) in enumerate(self._store):
            for task, draft in self._drafts.items():
                share = self._recipe.tasks[task]
                for nth in range(floor((index + 1) * share) - floor(index * share)):
                    request = self._request(position, task, draft, (clip,), (sounds,), nth)
                    if request is not None:
                        yield request
                        position += 1

    def _request(
        self,
        position: int,
        task: str,
        draft: Any,
        clips: tuple[AudioClip, ...],
        heard: tuple[frozenset[str], ...],
        nth: int,
    ) -> Request | None:
        key = "\0".join([str(self._recipe.seed), task, *(clip.id for clip in clips)])
        digest = hashlib.blake2b(key.encode(), digest_size=8)
        first_phrasing = int.from_bytes(
            digest.digest()
        )  # the nth sample of a clip takes the nth after it: never the same twice
        digest.update(f"\0{nth}".encode())
        drafted = draft(clips, Draw(Random(digest.digest()), heard, self._absent))
        if drafted is None:
            return None
        seeds = [self._prompts.seed_description(clip, self._recipe.seed_description) for clip in clips]
        prompt = self._prompts.instruction(task, first_phrasing + nth, **drafted.values)
        return Request(
            position=position,
            id=f"{task}-{digest.hexdigest()}",
            task=task,
            clips=clips,
            seed_description="\n\n".join(seeds),
            prompt=prompt,
            messages=self._prompts.messages(
                task,
                seeds,
                prompt,
                guided=drafted.guided,
                present=drafted.present,
                absent=drafted.absent,
                **drafted.values,
            ),
            draft=drafted,
        )

    def _guidance(self, draft: Draft) -> dict[str, Any]:
        if not draft.guided:
            return draft.values
        return {
            "guided": True,
            "present": draft.present,
            "absent": [self._absent.phrase(s) for s in draft.absent],
            **draft.values,
        }


def lay_out(recipe: Recipe, store: ClipStore, prompts: Prompts, clips: Iterable[AudioClip] | None = None) -> Planner:
    """Take the corpus into the store, unless it is there, and return the plan over it.

    Args:
        recipe: What to plan.
        store: Where clips and the statistics over them are kept.
        prompts: Templates and pools.
        clips: The corpus, where it is not the recipe's own.

    Raises:
        CorpusError: The corpus cannot be used.
        RunError: The store holds other clips.
    """
    taxonomy = Taxonomy.load(recipe.taxonomy)
    if clips is not None or not store.complete:
        store.fill(load_all(recipe.corpora) if clips is None else clips, lambda clip: heard(clip, taxonomy=taxonomy))
    known = store.fact("statistics")
    statistics = Statistics.from_json(known) if known else Statistics(sounds for _, sounds in store)
    if not known:
        store.keep("statistics", statistics.to_json())
    return Planner(recipe, store, prompts, AbsentSounds(statistics, taxonomy, recipe.negatives))
