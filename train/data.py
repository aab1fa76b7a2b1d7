"""From a published dataset to batches: rows drawn by shares, in an order that depends on the seed alone.

A row that cannot be used is counted and named, and the next one of its task takes its place. Where training stands in
the data is one number, the draws made so far; going on from there gives the rows that would have come.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from balsa_data.errors import InputError, nearest
from balsa_data.train.chat import AUDIO, Chat
from balsa_data.train.encoder import Encoder, Sound

__all__ = ["Batch", "Example", "Reader", "Rows", "backbone_id", "collate", "open_rows"]

COLUMNS = ("id", "prompt", "response", "task", "audios")
BUFFER = 1000  # rows a stream is shuffled within
IGNORE = -100  # torch's: a position without a target

Row = Mapping[str, Any]


def open_rows(source: str, split: str, *, streaming: bool = False) -> Any:
    """Open a split of a published dataset; audio is left as it is stored.

    Args:
        source: A dataset's Hub id or folder, or a run's folder, of which all samples are the split ``train``.
        split: The split's name.
        streaming: Whether to read the rows as they arrive.

    Returns:
        A `datasets.Dataset`, or an `IterableDataset` when streaming.

    Raises:
        InputError: It cannot be opened, has no such split, or lacks columns.
    """
    import datasets

    if (Path(source) / "journal.db").is_file():
        return _run_rows(source, split)
    try:
        rows = datasets.load_dataset(source, split=split, streaming=streaming)
        rows = rows.decode(False) if streaming else rows.cast(_undecoded(rows.features))
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise InputError(f"cannot open split {split!r} of the dataset {source}: {str(error).splitlines()[0]}") from None
    missing = [name for name in COLUMNS if rows.column_names is not None and name not in rows.column_names]
    if missing:
        raise InputError(f"the dataset {source} lacks the columns {', '.join(missing)}: train on a published dataset")
    return rows


def _run_rows(folder: str, split: str) -> Any:
    from balsa_data.run import Run

    if split != "train":
        raise InputError(f"the run {folder} has no split {split!r}: publish it with a test fraction, and train on that")
    rows = Run(folder).to_dataset()
    return rows.cast(_undecoded(rows.features))


def _undecoded(feature: Any) -> Any:
    import datasets

    if isinstance(feature, datasets.Audio):
        return datasets.Audio(sampling_rate=feature.sampling_rate, decode=False)
    if isinstance(feature, datasets.List):
        return datasets.List(_undecoded(feature.feature))
    if isinstance(feature, dict):
        return type(feature)({name: _undecoded(inner) for name, inner in feature.items()})
    return feature


class Rows:
    """A split's rows, drawn in an endless order: every task's rows shuffled anew each time they have all been drawn.

    Args:
        rows: What `open_rows` returned.
        source: What it is called in messages.
    """

    def __init__(self, rows: Any, source: str) -> None:
        self.rows, self.source = rows, source
        self.streaming = not hasattr(rows, "__len__")
        self.tasks: list[str] = [] if self.streaming else list(rows["task"])
        if not self.streaming and not self.tasks:
            raise InputError(f"the dataset {source} has no rows: train on one that has")

    def backbones(self) -> Counter[str]:
        """Return whose responses these are, by number of rows; empty when streaming, where only reading would tell."""
        if self.streaming or "provenance" not in self.rows.column_names:
            return Counter()
        return Counter(b for b in map(backbone_of, self.rows.select_columns("provenance")) if b)

    def draws(self, shares: Mapping[str, float] | None, seed: Sequence[int]) -> Iterator[Callable[[], Row]]:
        """Yield what fetches the next row, without end.

        Args:
            shares: Each task's share of the draws, relative to the others'; None draws all rows alike.
            seed: Decides the order.

        Raises:
            InputError: A task has no rows.
        """
        if shares is None:
            yield from self._endless(None, seed)
            return
        names = sorted(shares)
        for name in names:
            if not self.streaming and name not in self.tasks:
                raise InputError(f"no row of {self.source} has the task {name!r}{nearest(name, self.tasks)}")
        sources = {name: self._endless(name, [*seed, k]) for k, name in enumerate(names)}
        weights = np.array([shares[name] for name in names])
        choice = np.random.default_rng(seed)
        while True:
            yield next(sources[names[choice.choice(len(names), p=weights / weights.sum())]])

    def _endless(self, task: str | None, seed: Sequence[int]) -> Iterator[Callable[[], Row]]:
        if not self.streaming:
            indices = np.array([i for i, name in enumerate(self.tasks) if task in (None, name)])
            for epoch in count():
                for index in np.random.default_rng([*seed, epoch]).permutation(indices):
                    yield lambda index=int(index): self.rows[index]  # type: ignore[misc]  # binds the loop's value
        chosen = self.rows if task is None else self.rows.filter(lambda row: row["task"] == task)
        for epoch in count():
            shuffle_seed = int(np.random.default_rng([*seed, epoch]).integers(2**31))
            empty = True
            for row in chosen.shuffle(seed=shuffle_seed, buffer_size=BUFFER):
                empty = False
                yield lambda row=row: row  # type: ignore[misc]
            if empty:
                raise InputError(f"no row of {self.source} has the task {task!r}")


def backbone_of(row: Row) -> str | None:
    """Return the backbone that wrote a row's response, where its provenance tells."""
    provenance = row.get("provenance")
    if isinstance(provenance, str):
        provenance = json.loads(provenance or "{}")
    return provenance.get("backbone") if provenance else None


def backbone_id(name: str) -> str:
    """Return what identifies a backbone among its names: without provider, owner, file ending and case.

    ``hosted_vllm/meta-llama/Llama-3.1-8B-Instruct`` and ``meta-llama/Llama-3.1-8B-Instruct`` are the same weights, and
    ``local`` is the embedded SmolLM2-135M-Instruct.
    """
    last = name.rstrip("/").rpartition("/")[2].casefold().partition(":")[0]
    return "smollm2-135m-instruct" if last == "local" else last.removesuffix(".gguf")


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
class Reader:
    """Turns rows into examples.

    Attributes:
        chat: The backbone's.
        encoder: Reads the audio.
        queries: Embeddings a window of audio.
        max_tokens: The longest example.
        audio_root: What relative audio paths start from.
        backbone: Whose responses to accept; None accepts all.
    """

    chat: Chat
    encoder: Encoder
    queries: int
    max_tokens: int
    audio_root: Path
    backbone: str | None = None

    def read(self, row: Row) -> Example:
        """Return a row as an example.

        Raises:
            InputError: It cannot be used; the message names the row.
        """
        name = f"row {row['id']}"
        try:
            return self._read(row, name)
        except InputError as error:
            raise InputError(str(error) if name in str(error) else f"{name}: {error}") from None

    def _read(self, row: Row, name: str) -> Example:
        for column in ("prompt", "response", "task"):
            if not isinstance(row[column], str) or not row[column].strip():
                raise InputError(f"{name} has no {column}")
        if not row["audios"]:
            raise InputError(f"{name} has no audio")
        sounds = tuple(self.sound(audio, f"clip {k} of {name}") for k, audio in enumerate(row["audios"], 1))
        response = self.chat.response(row["response"])
        ids = self.chat.request(row["prompt"], [self.embeddings(sound) for sound in sounds]) + response
        if len(ids) > self.max_tokens:
            raise InputError(f"{name} takes {len(ids)} tokens, more than max_tokens ({self.max_tokens})")
        text = row.get("seed_description") or "" if len(sounds) == 1 else ""
        return Example(str(row["id"]), row["task"], ids, len(response), sounds, text)

    def sound(self, audio: Any, what: str) -> Sound:
        """Read a clip as a row holds it: a path, or {"bytes", "path"}."""
        path = audio["path"] if isinstance(audio, Mapping) else audio
        data = audio.get("bytes") if isinstance(audio, Mapping) else None
        if data is None and not path:
            raise InputError(f"{what} comes without audio: give its dataset as a run or with embedded audio")
        return self.encoder.load(data if data is not None else self._located(str(path)), what)

    def embeddings(self, sound: Sound) -> int:
        """Return how many embeddings a clip becomes."""
        return self.queries * -(-sound.frames // self.encoder.window)

    def _located(self, path: str) -> str:
        return path if "://" in path else str(self.audio_root / path)

    def examples(
        self, draws: Iterator[Callable[[], Row]], left_out: dict[str, str], warn: Callable[[str], None]
    ) -> Iterator[tuple[int, Example]]:
        """Yield the usable rows, each with how many draws it took.

        Args:
            draws: What fetches each row.
            left_out: The rows that could not be used, with the reason; new ones are added.
            warn: Told of each new one.

        Raises:
            InputError: A response is another backbone's, or a hundred draws in a row cannot be used.
        """
        taken = 0
        for fetch in draws:
            row, taken = fetch(), taken + 1
            if self.backbone and (other := backbone_of(row)) and backbone_id(other) != backbone_id(self.backbone):
                raise InputError(mismatch(other, self.backbone))
            name = str(row["id"])
            try:
                if name not in left_out:
                    yield taken, self.read(row)
                    taken = 0
            except InputError as error:
                left_out[name] = str(error)
                warn(f"left out: {error}")
            if taken == 100:
                raise InputError(f"{taken} rows one after the other cannot be used; the last: {left_out[name]}")


def mismatch(theirs: str, ours: str) -> str:
    """Say that a dataset's responses are another backbone's."""
    return (
        f"the responses are {theirs}'s but the model's backbone is {ours}, so they are not self-generated and training on "
        "them makes it forget: use that backbone (name it by backbone_name where it is a folder), or set any_backbone: true"
    )


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
        yield [collate(ordered[k : k + batch_size], draws=draws) for k in range(0, len(ordered), batch_size)]
