"""The end of a run, in a table and a few samples to read."""

from __future__ import annotations

from collections import Counter
from typing import Any

from balsa_data.progress import dollars
from balsa_data.run import Run

__all__ = ["summary", "summary_table"]


def summary(run: Run) -> dict[str, Any]:
    """Return a run's figures as plain data."""
    accepted: Counter[str] = Counter()
    for kind, task, _, n in run.counts():
        if kind == "sample":
            accepted[task] += n
    return {
        "run": str(run.folder),
        "planned": run.planned,
        "samples": len(run.samples),
        "accepted_by_task": dict(accepted),
        "rejections": len(run.rejections),
        "rejected_by_reason": run.rejected_by_reason(),
        "failures": len(run.failures),
        "usage": run.usage.model_dump(),
        "seconds": round(run.seconds, 1),
    }


def summary_table(run: Run, *, read: int = 0) -> None:
    """Print a run's figures as a table, and as many samples to read, of different tasks."""
    from rich.console import Console
    from rich.table import Table

    figures, console = summary(run), Console()
    usage = run.usage
    table = Table(show_header=False, box=None, pad_edge=False)
    rows: list[tuple[str, str]] = [("planned", f"{figures['planned']:,}"), ("accepted", f"{figures['samples']:,}")]
    rows += [(f"  {task}", f"{n:,}") for task, n in figures["accepted_by_task"].items()]
    rows += [("rejected", f"{figures['rejections']:,}")]
    rows += [(f"  {reason}", f"{n:,}") for reason, n in figures["rejected_by_reason"].items()]
    rows += [
        ("failed", f"{figures['failures']:,}"),
        ("requests", f"{usage.requests:,}"),
        ("tokens", f"{usage.prompt_tokens:,} in, {usage.completion_tokens:,} out"),
        ("cost", "unknown" if usage.cost is None else dollars(usage.cost)),
        ("time", f"{run.seconds:.0f} s"),
    ]
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)
    shown: dict[str, Any] = {}
    for sample in run.samples:
        if read and sample.task not in shown:
            shown[sample.task] = sample
            if len(shown) == read:
                break
    for sample in shown.values():
        console.print(f"\n[bold]{sample.task}[/bold], clip {', '.join(c.id for c in sample.clips)}", highlight=False)
        for name, text in (
            ("metadata", sample.seed_description),
            ("prompt", sample.prompt),
            ("response", sample.response),
        ):
            console.print(f"  {name}: ", style="dim", end="")
            console.print(text, markup=False, highlight=False)
