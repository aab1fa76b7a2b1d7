"""A published dataset's rows, drawn by shares in an order that depends on the seed alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from balsa_data.errors import InputError, nearest

__all__ = ["Row", "Rows", "backbone_of", "open_rows"]

COLUMNS = ("id", "prompt", "response", "task", "audios")
BUFFER = 1000  # rows a stream is shuffled within

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
