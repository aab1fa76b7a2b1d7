"""Requests written to files for an offline runner, such as ``vllm run-batch``, which the user starts; then run again.

As `batch` otherwise: a run without answers ends by saying which command makes them, and each further one goes on.
"""

from __future__ import annotations

from balsa_data.batches import Runner
from balsa_data.engines import Work
from balsa_data.engines.batch import run_with

__all__ = ["run"]


async def run(work: Work) -> None:
    """Settle every request by files that somebody else answers."""
    await run_with(work, Runner)
