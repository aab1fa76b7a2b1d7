"""An evaluation set: a folder of object-hallucination questions about recordings.

It is in the field's columns (``*.jsonl`` with `entry_id, audio_index, prompt_text, object, attribute, label, sampling`` and
the recordings in ``audio/``), as ``balsa export --format hallucination-eval`` and ``balsa evalset`` write it. Which sounds
a recording has, and is known to lack, are read from its questions.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from balsa_data.errors import InputError

__all__ = ["Pair", "Question", "load_questions", "pairs", "recordings"]


@dataclass(frozen=True)
class Question:
    """One row of the field's benchmark; `label` is ``yes`` or ``no``."""

    entry_id: str
    audio_index: str
    prompt_text: str
    object: str
    label: str
    sampling: str


@dataclass(frozen=True)
class Pair:
    """Two recordings of which one has a sound that the other is known to lack."""

    first: str
    second: str
    object: str
    label: str


def load_questions(folder: str | Path) -> list[Question]:
    """Read an evaluation set's questions.

    Raises:
        InputError: There are none, or a line lacks a field or has another label than Yes and No.
    """
    found: list[Question] = []
    for path in sorted(Path(folder).glob("*.jsonl")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            try:
                row = json.loads(line)
                question = Question(**{name: str(row[name]) for name in Question.__dataclass_fields__})
            except (ValueError, TypeError, KeyError) as error:
                raise InputError(
                    f"{path}:{number} is not a question: {error!r}; fields: {', '.join(Question.__dataclass_fields__)}"
                ) from None
            if question.label not in ("Yes", "No"):
                raise InputError(f"{path}:{number} has the label {question.label!r}: Yes or No")
            found.append(replace(question, label=question.label.lower()))
    if not found:
        raise InputError(f"{folder} holds no questions (*.jsonl): make them with balsa evalset")
    return found


def pairs(questions: Sequence[Question], *, seed: int = 0) -> list[Pair]:
    """Pair recordings such that a sound is in one and, by its own questions, not in the other; as often first as second."""
    has: dict[str, list[str]] = {}
    lacks: dict[str, list[str]] = {}
    for question in questions:
        (has if question.label == "yes" else lacks).setdefault(question.object, []).append(question.audio_index)
    draw = random.Random(seed)
    found: list[Pair] = []
    for name in sorted(has):
        without = sorted(set(lacks.get(name, ())) - set(has[name]))
        draw.shuffle(without)
        for here, there in zip(sorted(set(has[name])), without, strict=False):
            swap = len(found) % 2 == 1
            found.append(Pair(*((there, here) if swap else (here, there)), name, "second" if swap else "first"))
    return found


def recordings(folder: Path, questions: Sequence[Question]) -> dict[str, Path]:
    """Return where each recording that is asked about lies.

    Raises:
        InputError: One is not there.
    """
    files = {path.stem: path for path in sorted((folder / "audio").iterdir())} if (folder / "audio").is_dir() else {}
    wanted = list(dict.fromkeys(q.audio_index for q in questions))
    if missing := [name for name in wanted if name not in files]:
        raise InputError(
            f"{folder / 'audio'} lacks {len(missing)} of {len(wanted)} recordings, such as {missing[0]}: put them there"
        )
    return {name: files[name] for name in wanted}
