"""Examples side by side, as tensors: what the model is given at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from balsa_data.train.chat import AUDIO
from balsa_data.train.encoder import Sound

__all__ = ["IGNORE", "Batch", "Example", "collate", "steps"]

IGNORE = -100  # torch's: a position without a target


@dataclass(frozen=True)
class Example:
    """A row as tokens.

    Attributes:
        ids: All tokens, AUDIO in place of each embedding of audio.
        supervised: How many at the end are the response's, end-of-turn token included.
        sounds: The clips, in order.
        text: The metadata in whose place the audio stands, where it is of one clip.
    """

    id: str
    task: str
    ids: list[int]
    supervised: int
    sounds: tuple[Sound, ...]
    text: str = ""


@dataclass(frozen=True)
class Batch:
    """Examples side by side. What all rows start with is kept apart, to be read by the backbone once.

    Attributes:
        prefix: Shape (prefix,).
        ids: Shape (rows, length); AUDIO in place of each embedding, 0 where padded.
        labels: Shape (rows, length); IGNORE but at the response.
        mask: Shape (rows, length); True where not padded.
        sounds: All rows' clips, in order.
        draws: Draws made until here.
    """

    prefix: Tensor
    ids: Tensor
    labels: Tensor
    mask: Tensor
    sounds: tuple[Sound, ...]
    tasks: tuple[str, ...] = ()
    draws: int = 0

    @property
    def lengths(self) -> Tensor:
        """How many tokens of each row count in the loss, shape (rows,)."""
        return (self.labels != IGNORE).sum(dim=1)

    @property
    def supervised(self) -> int:
        """How many tokens count in the loss."""
        return int(self.lengths.sum())

    def to(self, device: torch.device) -> Batch:
        """Return the batch with its tensors on `device`."""
        moved = {name: getattr(self, name).to(device) for name in ("prefix", "ids", "labels", "mask")}
        return Batch(**moved, sounds=self.sounds, tasks=self.tasks, draws=self.draws)


def collate(examples: Sequence[Example], *, left: bool = False, draws: int = 0) -> Batch:
    """Put examples side by side, padded right, or left as generating needs it."""
    shared = 0
    shortest = min(len(e.ids) - max(1, e.supervised) for e in examples)
    while shared < shortest and len({e.ids[shared] for e in examples}) == 1 and examples[0].ids[shared] != AUDIO:
        shared += 1
    length = max(len(e.ids) for e in examples) - shared
    shape = (len(examples), length)
    ids, labels, mask = (
        torch.zeros(shape, dtype=torch.long),
        torch.full(shape, IGNORE),
        torch.zeros(shape, dtype=torch.bool),
    )
    for row, example in enumerate(examples):
        rest = torch.tensor(example.ids[shared:])
        place = slice(length - len(rest), length) if left else slice(0, len(rest))
        ids[row, place], mask[row, place] = rest, True
        if example.supervised:
            labels[row, place.stop - example.supervised : place.stop] = rest[-example.supervised :]
    return Batch(
        prefix=torch.tensor(examples[0].ids[:shared], dtype=torch.long),
        ids=ids,
        labels=labels,
        mask=mask,
        sounds=tuple(sound for example in examples for sound in example.sounds),
        tasks=tuple(example.task for example in examples),
        draws=draws,
    )


def steps(
    examples: Iterator[tuple[int, Example]], batch_size: int, accumulate: int, draws: int = 0
) -> Iterator[list[Batch]]:
    """Yield each step's batches; its examples are sorted by length, so that little is padded and the loss is the same."""
    while taken := list(islice(examples, batch_size * accumulate)):
        draws += sum(count for count, _ in taken)
        ordered = sorted((example for _, example in taken), key=lambda example: len(example.ids))
        yield [collate(ordered[k : k + batch_size], left=True, draws=draws) for k in range(0, len(ordered), batch_size)]
