"""A run: what was planned, and what became of it, read lazily from its folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from balsa_data.journal import Journal
from balsa_data.schemas import Failure, Rejection, Sample, Usage

if TYPE_CHECKING:
    import datasets

__all__ = ["Outcomes", "Run"]

T = TypeVar("T", Sample, Rejection, Failure)


class Outcomes(Sequence[T], Generic[T]):
    """The outcomes of one kind in the order of the plan; read from disk as they are asked for, never held together."""

    def __init__(self, journal: Journal, kind: str) -> None:
        self._journal = journal
        self._kind = kind

    def __len__(self) -> int:
        return sum(n for kind, _, _, n in self._journal.counts() if kind == self._kind)

    def __iter__(self) -> Iterator[T]:
        yield from self._journal.outcomes(self._kind)  # type: ignore[misc]  # the kind decides the class

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = index if index >= 0 else len(self) + index
        return self._journal.outcome(self._kind, at)  # type: ignore[return-value]  # the kind decides the class


class Run:
    """One synthesis on disk.

    Attributes:
        folder: Where it is.
        samples: Accepted, in the order of the plan.
        rejections: Requests whose every response failed a check.
        failures: Requests the backbone gave no answer to.

    Raises:
        RunError: The folder is not a run.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._journal = Journal(self.folder, writing=False)
        self.samples: Outcomes[Sample] = Outcomes(self._journal, "sample")
        self.rejections: Outcomes[Rejection] = Outcomes(self._journal, "rejection")
        self.failures: Outcomes[Failure] = Outcomes(self._journal, "failure")

    @property
    def recipe(self) -> dict[str, Any]:
        """The recipe the run was made by, as plain data."""
        return dict(self._journal.fact("recipe"))

    @property
    def planned(self) -> int:
        """Requests in the plan; of an unfinished run, those known to be."""
        return int(self._journal.fact("planned") or self._journal.fact("at_most") or 0)

    @property
    def finished(self) -> bool:
        """Whether something became of every request."""
        return self._journal.fact("planned") is not None

    @property
    def usage(self) -> Usage:
        """What was asked and what it took, retries included."""
        return self._journal.usage()

    @property
    def seconds(self) -> float:
        """How long the run took, all its continuations together."""
        return float(self._journal.fact("seconds") or 0.0)

    def counts(self) -> list[tuple[str, str, str | None, int]]:
        """Return (kind, task, reason, how many) of all outcomes."""
        return self._journal.counts()

    def rejected_by_reason(self) -> dict[str, int]:
        """Return how many rejections each reason made, most first."""
        summed: dict[str, int] = {}
        for kind, _, reason, n in self.counts():
            if kind == "rejection" and reason:
                summed[reason] = summed.get(reason, 0) + n
        return dict(sorted(summed.items(), key=lambda item: -item[1]))

    def timeline(self) -> Iterator[tuple[float, str]]:
        """Yield when each answer came (seconds since 1970) and what became of its request."""
        return self._journal.timeline()

    def to_dataset(self) -> datasets.Dataset:
        """Return the samples as a `datasets.Dataset` with an `Audio` column (`balsa_data.dataset.to_dataset`)."""
        from balsa_data.dataset import to_dataset

        return to_dataset(self)

    def push_to_hub(self, repo_id: str, **options: Any) -> Any:
        """Build the dataset folder, verify it and upload it (`balsa_data.hub.publish`, which tells the options)."""
        from balsa_data.hub import publish

        return publish(self, repo_id, **options)

    def __repr__(self) -> str:
        return (
            f"Run({str(self.folder)!r}: {self.planned} planned, {len(self.samples)} samples, "
            f"{len(self.rejections)} rejections, {len(self.failures)} failures)"
        )
