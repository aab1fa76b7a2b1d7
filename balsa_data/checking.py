"""Run the checks over samples on disk: a run's, or a JSONL file's made anywhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from balsa_data.checks import Check, Item, judge, selected
from balsa_data.errors import InputError
from balsa_data.run import Run
from balsa_data.schemas import AudioClip, Record, SoundEvent, SpeechSegment, problems
from balsa_data.tasks import TASKS
from balsa_data.taxonomy import extended, in_force

__all__ = ["Row", "check_file"]

LISTED = 50  # failures listed one by one; all are counted


class Row(Record):
    """A line of a JSONL file of samples: the clips, or one clip's captions, events and speech beside the rest.

    Attributes:
        task: What was asked: ``positive``, ``negative``, ``combined``, …
        prompt: The instruction.
        response: The text to judge.
        clips: What it speaks of, in order.
        absent: The sounds it was to deny, where those were given.
    """

    task: str
    prompt: str
    response: str
    id: str | None = None
    clips: tuple[AudioClip, ...] = ()
    captions: tuple[str, ...] = ()
    events: tuple[str | SoundEvent, ...] = ()
    speech: tuple[SpeechSegment, ...] = ()
    absent: tuple[str, ...] = ()

    def item(self, name: str) -> Item:
        """Return what the checks judge."""
        events = tuple(SoundEvent(label=e) if isinstance(e, str) else e for e in self.events)
        own = AudioClip(id=self.id or name, captions=self.captions, events=events, speech=self.speech)
        return Item(
            task=self.task, clips=self.clips or (own,), prompt=self.prompt, response=self.response, absent=self.absent
        )


def check_file(path: Path, options: Mapping[str, Any] | None = None, taxonomy: Sequence[Path] = ()) -> dict[str, Any]:
    """Judge every sample of a run or of a JSONL file.

    Args:
        path: A run's folder, or a JSONL file; see `Row`.
        options: By check's name, as in a recipe's ``checks``.
        taxonomy: Files that extend the sound taxonomy; a run is read by its recipe's too.

    Returns:
        ``samples`` and ``passed`` (how many), ``reasons`` (how many each), and ``failures``, the first of them, with
        ``where``, ``check``, ``reason``, ``detail`` and ``span``.

    Raises:
        InputError: The file is not there, or a line of it is not a sample; the line and field are named.
    """
    own = Run(path).recipe.get("taxonomy", ()) if path.is_dir() else ()
    with in_force(extended((*own, *taxonomy))):
        return _judged(path, selected(options))


def _judged(path: Path, checks: Mapping[str, Check]) -> dict[str, Any]:
    reasons: Counter[str] = Counter()
    failures: list[dict[str, Any]] = []
    samples = passed = 0
    for where, item in _items(path):
        samples += 1
        wrong = [v for v in judge(item, checks) if not v.ok]
        passed += not wrong
        reasons.update({v.reason or v.check for v in wrong})
        failures += [{"where": where, **v.model_dump(exclude={"ok"})} for v in wrong[: max(0, LISTED - len(failures))]]
    if not samples:
        raise InputError(f"{path} has no samples: write a JSON object a line")
    return {"samples": samples, "passed": passed, "reasons": dict(reasons.most_common()), "failures": failures}


def _items(path: Path) -> Iterator[tuple[str, Item]]:
    if path.is_dir():
        for s in Run(path).samples:
            yield (
                s.id,
                Item(
                    task=s.task,
                    clips=s.clips,
                    prompt=s.prompt,
                    response=s.response,
                    absent=s.absent,
                    finish_reason="stop",
                ),
            )
        return
    tasks = TASKS.names()
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield f"{path.name}:{number}", _row(line, f"{path}:{number}", tasks).item(f"{path.name}:{number}")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def _row(line: str, where: str, tasks: list[str]) -> Row:
    try:
        row = Row.model_validate(json.loads(line))
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: not valid JSON ({error.msg} at column {error.colno})") from None
    except ValidationError as error:
        raise InputError(f"{where}: {problems(error)}") from None
    if row.task not in tasks:
        raise InputError(f"{where}: task: unknown task {row.task!r}; there are: {', '.join(tasks)}")
    if not (row.clips or row.captions or row.events or row.speech):
        raise InputError(f"{where}: nothing says what is heard: give clips, captions, events or speech")
    return row
