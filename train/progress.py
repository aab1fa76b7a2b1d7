"""Progress of a training: a live bar on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

__all__ = ["Progress"]

EVERY = 10.0  # seconds between lines


class Progress:
    """Shows loss, learning rate, samples a second and the time that is left.

    Args:
        steps: How many there are.
        say: Where lines go; None is the terminal.
        quiet: Show nothing (all processes but the first).
    """

    def __init__(self, steps: int, say: Callable[[str], None] | None = None, *, quiet: bool = False) -> None:
        self.steps, self.quiet = steps, quiet
        console = Console(stderr=True)
        self.bar = None
        if say is None and console.is_terminal and not quiet:
            columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
            self.bar = Bar(*columns, console=console)
            self.task = self.bar.add_task("", total=steps)
        self._say = say or (lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True))
        self.start(0)

    def start(self, step: int) -> None:
        """Count time and samples from here on."""
        self.first, self.samples, self.began, self.shown = step, 0, time.perf_counter(), 0.0

    def __enter__(self) -> Progress:
        if self.bar:
            self.bar.start()
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()

    def say(self, line: str) -> None:
        """Print a line."""
        if not self.quiet:
            self._say(line)

    def show(self, record: Mapping[str, Any]) -> None:
        """Show a step's or a validation's figures."""
        step = int(record["step"])
        if "validation_loss" in record:
            self.say(f"step {step}/{self.steps} · validation loss {record['validation_loss']:.4f}")
            return
        self.samples += int(record["samples"])
        passed = time.perf_counter() - self.began
        left = passed / max(1, step - self.first) * (self.steps - step)
        line = (
            f"loss {record['loss']:.4f} · learning rate {record['rate']:.2g} · "
            f"{self.samples / max(passed, 1e-9):.1f} samples/s · {int(left) // 60}:{int(left) % 60:02d} left"
        )
        if self.bar:
            self.bar.update(self.task, completed=step, description=line)
        elif passed - self.shown >= EVERY or step == self.steps or step == self.first + 1:
            self.shown = passed
            self.say(f"step {step}/{self.steps} · {line}")
