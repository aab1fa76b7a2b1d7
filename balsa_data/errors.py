"""What can go wrong, as one tree.

    BalsaError                  anything this library raises on purpose
    ├── InputError              what was handed in is wrong; nothing was paid for (exit 2)
    │   ├── CorpusError         a corpus, one of its files or rows
    │   ├── RecipeError         a recipe: its keys, values, environment variables
    │   ├── PromptError         a prompt template or an instruction pool
    │   ├── TaxonomyError       a taxonomy file
    │   ├── RunError            a run directory: made otherwise, in use, unreadable
    │   └── MissingExtra        an optional dependency that this call needs
    ├── BackboneError           the backbone did not answer
    │   ├── RequestFailed       this request cannot succeed; the run goes on
    │   └── BackboneUnusable    no request can succeed (wrong key, model, address); the run stops (exit 2)
    ├── DatasetError            a dataset is not what its run holds, or the Hub did not take it (exit 1)
    ├── BudgetReached           a limit of the recipe was reached; the run stops cleanly (exit 1)
    └── AnswersAwaited          requests lie in files for an offline runner; run it, then go on (exit 1)

Each message is one sentence: what is wrong, where (file:line, field), and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AnswersAwaited",
    "BackboneError",
    "BackboneUnusable",
    "BalsaError",
    "BudgetReached",
    "CorpusError",
    "DatasetError",
    "InputError",
    "MissingExtra",
    "PromptError",
    "RecipeError",
    "RequestFailed",
    "RunError",
    "TaxonomyError",
    "nearest",
]


class BalsaError(Exception):
    """Anything this library raises on purpose; `exit_code` is what a command ends with."""

    exit_code = 1


class InputError(BalsaError):
    """What was handed in is wrong; nothing was paid for."""

    exit_code = 2


class CorpusError(InputError):
    """A corpus, one of its files or one of its rows cannot be used."""


class RecipeError(InputError):
    """A recipe has a wrong key or value, or names an unset environment variable."""


class PromptError(InputError):
    """A prompt template or an instruction pool cannot be used."""


class TaxonomyError(InputError):
    """A taxonomy file contradicts itself or the one it extends."""


class RunError(InputError):
    """A run directory was made otherwise, is in use by another process, or cannot be read."""


class MissingExtra(InputError):
    """An optional dependency is not installed; the message says how to install it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'balsa-data[{extra}]'")


class BackboneError(BalsaError):
    """The backbone did not answer."""


class RequestFailed(BackboneError):
    """This request cannot succeed (too long, refused by policy, retries used up); the run goes on.

    `requests` counts the calls that were made for it.
    """

    def __init__(self, message: str, requests: int = 1) -> None:
        super().__init__(message)
        self.requests = requests


class BackboneUnusable(BackboneError):
    """No request can succeed (wrong key, unknown model, nobody at the address); the run stops."""

    exit_code = 2


class DatasetError(BalsaError):
    """What loads is not what the run holds, or the Hub did not take it (no network, an upload cut short)."""


class BudgetReached(BalsaError):
    """A limit of the recipe (`max_cost`, `max_tokens`, `max_requests`) was reached; the run stops cleanly."""


class AnswersAwaited(BalsaError):
    """Requests lie in files for an offline runner; once it has answered them, run again to go on."""


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` when something known is spelt alike, else the list of what is known."""
    names = sorted(known)
    close = difflib.get_close_matches(wrong, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; there are: {', '.join(names) or 'none'}"
