"""Checks: pure functions from (clips, task, prompt, response) to a verdict, one a file.

A check is a module here with ``REASONS`` (each reason it can give, in one sentence) and ``check(item, *, options) ->
Verdict``. It answers ok for a task it has nothing to say about. All are used unless a recipe turns one off; those of a higher ``RANK``
(0 where a module has none) come later. ``FALSE`` names the reasons that mean something false was said, not that something
was said badly: such a response is the worse half of a preference pair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from balsa_data.facts import heard
from balsa_data.registry import Registry
from balsa_data.schemas import AudioClip, Verdict

__all__ = ["CHECKS", "Check", "Item", "check", "failed", "false", "judge", "passed", "selected"]

CHECKS = Registry(package="balsa_data.checks", function="check", kind="check")


@dataclass(frozen=True)
class Item:
    """What a check judges.

    Attributes:
        task: The task's name.
        clips: What the response speaks of, in order.
        prompt: The instruction the ALLM will be trained with.
        response: The text, verbatim.
        present: The sounds the response was asked to affirm, where the library chose them.
        absent: The sounds the response was asked to deny, where the library chose them (guided).
        finish_reason: Why the backbone stopped ("stop", "length"); None for text made elsewhere.
    """

    task: str
    clips: tuple[AudioClip, ...]
    prompt: str
    response: str
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    finish_reason: str | None = None

    @cached_property
    def heard(self) -> tuple[frozenset[str], ...]:
        """The sounds that each clip's metadata says are heard (`facts.heard`); worked out once for all checks."""
        return tuple(heard(clip) for clip in self.clips)


Check = Callable[[Item], Verdict]


def false(verdict: Verdict) -> bool:
    """Whether a verdict says that the response claims something false; one of a check that is not installed does not."""
    known = not verdict.ok and verdict.check in CHECKS.names()
    return known and verdict.reason in getattr(CHECKS.module(verdict.check), "FALSE", ())


def selected(options: Mapping[str, dict[str, Any] | bool | None] | None = None) -> dict[str, Check]:
    """Return the checks by name, each with its options; those set to ``False`` are left out.

    Raises:
        InputError: A check or option does not exist.
    """
    options = options or {}
    for name in options:
        CHECKS.module(name)
    wanted = [name for name in CHECKS.names() if options.get(name) is not False]
    wanted.sort(
        key=lambda name: getattr(CHECKS.module(name), "RANK", 0)
    )  # the first reason is what a rejection counts by
    return {name: CHECKS.bind(name, given if isinstance(given := options.get(name), dict) else None) for name in wanted}


def judge(item: Item, checks: Mapping[str, Check]) -> list[Verdict]:
    """Return each check's verdict; a check that breaks on an item has not passed it."""
    verdicts = []
    for name, judged in checks.items():
        try:
            verdicts.append(judged(item))
        except Exception as error:  # one bad row never stops a run, and what could not be checked is not accepted
            verdicts.append(failed(name, "check_broke", f"the check {name} broke: {type(error).__name__}: {error}"))
    return verdicts


def check(
    task: str,
    clips: Sequence[AudioClip],
    *,
    prompt: str,
    response: str,
    absent: Sequence[str] = (),
    options: Mapping[str, dict[str, Any] | bool | None] | None = None,
) -> list[Verdict]:
    """Judge one response, also one made elsewhere.

    Args:
        task: What was asked: ``positive``, ``negative``, ``combined``, …
        clips: What the response speaks of, in order.
        prompt: The instruction.
        response: The text.
        absent: The sounds it was to deny, where those were chosen beforehand.
        options: By check's name, as in a recipe's ``checks``.

    Returns:
        One verdict a check; the response is good when all are ok.
    """
    item = Item(task=task, clips=tuple(clips), prompt=prompt, response=response, absent=tuple(absent))
    return judge(item, selected(options))


@cache
def passed(check: str) -> Verdict:
    """Return the verdict that all is well."""
    return Verdict(ok=True, check=check)


def failed(
    check: str, reason: str, detail: str, span: tuple[int, int] | None = None, *, doubt: bool = False
) -> Verdict:
    """Return the verdict that `reason` stands against the response, explained in one sentence; or may stand, in `doubt`."""
    return Verdict(ok=False, check=check, reason=reason, detail=detail, span=span, doubt=doubt)
