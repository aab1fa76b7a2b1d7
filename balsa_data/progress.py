"""Live progress of a run: one line that redraws itself on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import Any

from balsa_data.schemas import Sample, Usage
from balsa_data.total import Total

__all__ = ["Progress", "dollars"]

EVERY = 10.0  # seconds between plain lines
RECENT = 30.0  # seconds that tell the rate and the time left: neither a slow start nor an hour ago says what is to come


class Progress:
    """Counts what became of requests and shows it on stderr.

    Args:
        total: Requests planned, as far as known.
        done: Of them, those with an outcome already.
        show: False keeps silent.
    """

    def __init__(self, total: int, done: int = 0, *, show: bool = True) -> None:
        self.total = total
        self.done = self._done_before = done
        self.accepted: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.failed = 0
        self.spent = Total()
        self._show = show
        self._start = self._last = time.monotonic()
        self._recent: deque[tuple[float, int]] = deque()  # times, a second apart, and how many were done
        self._live: Any = None

    @property
    def rate(self) -> float:
        """Outcomes a second: of late, and of the whole when all are done."""
        since, before = self._recent[0] if self._recent and self.done < self.total else (self._start, self._done_before)
        return (self.done - before) / max(time.monotonic() - since, 1e-9)

    def __enter__(self) -> Progress:
        if self._show:
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True)
            if console.is_terminal:
                self._live = Live(get_renderable=self._table, console=console, refresh_per_second=4, transient=True)
                self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
        elif self._show and self.done > self._done_before:
            self._print()

    def settled(self, outcome: Any, usage: Usage) -> None:
        """Count one outcome and what it took."""
        self.done += 1
        self.spent.add(usage)
        if isinstance(outcome, Sample):
            self.accepted[outcome.task] += 1
        elif outcome.outcome == "rejection":
            self.rejected[outcome.reason] += 1
        else:
            self.failed += 1
        self._counted()

    def take(self, accepted: Counter[str], rejected: Counter[str], failed: int, spent: Total) -> None:
        """Take over what was counted elsewhere."""
        self.accepted, self.rejected, self.failed, self.spent = accepted, rejected, failed, spent
        self.done = self._done_before + accepted.total() + rejected.total() + failed
        self._counted()

    def _counted(self) -> None:
        now = time.monotonic()
        if not self._recent or now - self._recent[-1][0] >= 1:
            self._recent.append((now, self.done))
            while len(self._recent) > 2 and now - self._recent[1][0] >= RECENT:  # two at least, however slow it is
                self._recent.popleft()
        if self._show and self._live is None and now - self._last >= EVERY:
            self._print()

    def _print(self) -> None:
        import sys

        self._last = time.monotonic()
        print(self._line(), file=sys.stderr, flush=True)

    def _line(self) -> str:
        rate, remaining = self.rate, self.total - self.done
        left = "done" if remaining <= 0 else f"{_clock(remaining / rate)} left" if rate else "starting"
        cost = "cost unknown" if self.spent.cost is None else dollars(self.spent.cost)
        return (
            f"{self.done}/{self.total}  {rate:.1f}/s  {left}  accepted {sum(self.accepted.values())}  "
            f"rejected {sum(self.rejected.values())}  failed {self.failed}  {self.spent.tokens:,} tokens  {cost}"
        )

    def _table(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        by_task = "  ".join(f"{task} {n}" for task, n in sorted(self.accepted.items()))
        by_reason = "  ".join(f"{reason} {n}" for reason, n in self.rejected.most_common(6))
        lines = [Text(self._line())]
        lines += [Text(f"  accepted: {by_task}", style="green")] if by_task else []
        lines += [Text(f"  rejected: {by_reason}", style="yellow")] if by_reason else []
        return Group(ProgressBar(total=max(self.total, 1), completed=self.done, width=60), *lines)


def dollars(cost: float) -> str:
    """Return how a cost reads; what is not free does not read as if it were."""
    return "under $0.01" if 0 < cost < 0.01 else f"${cost:,.2f}"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
