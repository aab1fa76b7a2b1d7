"""One request: what was decided about it, and its words, which are written when somebody reads them.

A plan is gone through more often than it is sent: a run that goes on, one of several shards and an estimate pass over most
of it. So a request carries decisions, with its clips as they lie in the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from balsa_data.clipstore import Stored
from balsa_data.prompting import Prompts
from balsa_data.schemas import AudioClip
from balsa_data.tasks import Draft

__all__ = ["Request", "Writer", "Written"]


class Written(NamedTuple):
    """The words of a request."""

    seed_description: str
    prompt: str
    messages: list[dict[str, str]]


class Writer:
    """Puts into words what was decided.

    Args:
        prompts: Templates and pools.
        style: Of seed descriptions.
        phrase: Says how a sound reads.
    """

    def __init__(self, prompts: Prompts, style: str, phrase: Callable[[str], str]) -> None:
        self._prompts, self._phrase = prompts, phrase
        # several requests are about one clip, and those of a block lie near one another
        self._described = lru_cache(maxsize=4096)(lambda one: prompts.seed_description(one.clip, style))

    def __call__(self, request: Request) -> Written:
        """Write a request.

        Raises:
            PromptError: Its template or pool cannot be used.
        """
        task, draft, phrasing = request.task, request.draft, request.phrasing
        seeds = [self._described(one) for one in request.told]
        prompt = self._prompts.instruction(task, phrasing, **draft.values)
        guidance: dict[str, Any] = {}
        if draft.guided:
            present, absent = [tuple(map(self._phrase, sounds)) for sounds in (draft.present, draft.absent)]
            guidance = {"guided": True, "present": present, "absent": absent, "each": draft.each, "variant": phrasing}
        return Written("\n\n".join(seeds), prompt, self._prompts.messages(task, seeds, prompt, **guidance))


@dataclass  # frozen, to make one would take twice as long
class Request:
    """One request, complete but for the backbone's parameters.

    Attributes:
        position: In the plan, from 0.
        id: The same in every run of this recipe and seed.
        told: Its clips, as they lie in the store.
        phrasing: Which of the task's phrasings, counted around.
    """

    position: int
    id: str
    task: str
    told: tuple[Stored, ...]
    draft: Draft
    phrasing: int
    writer: Writer | None = field(repr=False, compare=False)

    @cached_property
    def clips(self) -> tuple[AudioClip, ...]:
        """The clips that it is about."""
        return tuple([one.clip for one in self.told])

    @cached_property
    def _written(self) -> Written:
        assert self.writer is not None  # it was written before it left its writer behind
        return self.writer(self)

    @property
    def seed_description(self) -> str:
        """The metadata of its clips, as the backbone reads it."""
        return self._written.seed_description

    @property
    def prompt(self) -> str:
        """The instruction."""
        return self._written.prompt

    @property
    def messages(self) -> list[dict[str, str]]:
        """What is sent."""
        return self._written.messages

    def seed(self, attempt: int) -> int:
        """Return the sampling seed of one draw: another for each attempt, the same in every run."""
        return int.from_bytes(hashlib.blake2b(f"{self.id}|{attempt}".encode(), digest_size=4).digest()) >> 1

    def __getstate__(self) -> dict[str, Any]:
        """Write it, for a machine that has neither prompts nor taxonomy."""
        return {**vars(self), "_written": self._written, "writer": None}
