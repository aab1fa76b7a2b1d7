"""Checks: pure functions from (clips, task, prompt, response) to a verdict, one a file.

A check is a module here with ``REASONS`` (each reason it can give, in one sentence) and ``check(item, *, options) ->
Verdict``. It answers ok for a task it has nothing to say about.
"""

from __future__ import annotations

from dataclasses import dataclass

from balsa_data.registry import Registry
from balsa_data.schemas import AudioClip, Verdict

__all__ = ["CHECKS", "Item", "failed", "passed"]

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


def passed(check: str) -> Verdict:
    """Return the verdict that all is well."""
    return Verdict(ok=True, check=check)


def failed(check: str, reason: str, detail: str, span: tuple[int, int] | None = None) -> Verdict:
    """Return the verdict that `reason` stands against the response, explained in one sentence."""
    return Verdict(ok=False, check=check, reason=reason, detail=detail, span=span)
