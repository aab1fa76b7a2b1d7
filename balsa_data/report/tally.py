"""Exact counts over a whole run, in one pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from balsa_data.checks import CHECKS
from balsa_data.report.entries import Outcome, short
from balsa_data.report.marks import word
from balsa_data.schemas import Failure, Sample, Usage

__all__ = ["Tally"]

_ROWS = 24  # of a chart; the rest are summed up
_PHRASINGS = 20_000  # distinct prompts that are told apart
_BINS = 30
_WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # of a bin, in words
_YES_NO = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)
_Part = TypeVar("_Part")


@dataclass
class _Task:
    outcomes: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    words: Counter[int] = field(default_factory=Counter)
    phrasings: Counter[str] = field(default_factory=Counter)


@dataclass
class _Reason:
    name: str = ""
    check: str = ""
    example: str = ""
    lost: int = 0
    redrawn: int = 0


@dataclass
class Tally:
    """What became of a run, counted over every outcome."""

    tasks: dict[str, _Task] = field(default_factory=dict)
    corpora: dict[str, Counter[str]] = field(default_factory=dict)
    reasons: dict[str, _Reason] = field(default_factory=dict)
    draws: Counter[int] = field(default_factory=Counter)
    present: Counter[str] = field(default_factory=Counter)
    absent: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    backbones: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        task = self.tasks.setdefault(short(outcome.task), _Task())
        task.outcomes[outcome.outcome] += 1
        task.usage += outcome.provenance.usage
        self.backbones[outcome.provenance.backbone] += 1
        corpora = {clip.dataset or "unnamed" for clip in outcome.clips}
        corpus = corpora.pop() if len(corpora) == 1 else "several corpora"
        self.corpora.setdefault(short(corpus), Counter())[outcome.outcome] += 1
        self._add_reasons(outcome)
        if isinstance(outcome, Sample):
            self._add_sample(outcome, task)

    def _add_reasons(self, outcome: Outcome) -> None:
        attempts = outcome.earlier if isinstance(outcome, Sample) else outcome.attempts
        last = len(attempts) - 1 if outcome.outcome == "rejection" else -1
        for i, attempt in enumerate(attempts):
            verdict = next((v for v in attempt.verdicts if not v.ok), None)
            if verdict:
                self._count(verdict.reason or verdict.check, verdict.check, verdict.detail or "", lost=i == last)
        if isinstance(outcome, Failure):
            self._count(outcome.reason, "backbone", outcome.detail, lost=True)

    def _count(self, name: str, check: str, example: str, *, lost: bool) -> None:
        reason = self.reasons.setdefault(short(name), _Reason(name, check, short(example, 160)))
        reason.lost += lost
        reason.redrawn += not lost

    def _add_sample(self, sample: Sample, task: _Task) -> None:
        self.draws[len(sample.earlier)] += 1
        task.words[len(sample.response.split())] += 1
        self.present.update(map(short, sample.present))
        self.absent.update(map(short, sample.absent))
        folded = sample.prompt.casefold()
        phrasing = sample.prompt
        for sound in sorted((*sample.present, *sample.absent), key=len, reverse=True):
            if sound.casefold() in folded:
                phrasing = word(sound.casefold()).sub("▢", phrasing)
        phrasing = short(phrasing, 240)
        if phrasing in task.phrasings or len(task.phrasings) < _PHRASINGS:
            task.phrasings[phrasing] += 1
        if sample.task == "existence":
            answer = _YES_NO.match(sample.response)
            self.answers[answer[1].lower() if answer else "neither"] += 1

    def as_data(self) -> dict[str, Any]:
        """Return the counts as plain data, the largest first and long tables cut to what a chart shows."""
        names = sorted(self.tasks, key=lambda t: (-self.tasks[t].outcomes.total(), t))
        tasks = {name: self.tasks[name] for name in names[:_ROWS]}
        sounds = self.present + self.absent
        return {
            "tasks": [
                {"name": n, **t.outcomes, **t.usage.model_dump(exclude={"requests"}), "requests": t.usage.requests}
                for n, t in tasks.items()
            ],
            "corpora": _rows(self.corpora, lambda c: {**c}, lambda c: (c.total(), 0)),
            "reasons": _rows(self.reasons, _explained, lambda r: (r.lost, r.redrawn)),
            "draws": [self.draws[n] for n in range(max(self.draws, default=-1) + 1)][:_ROWS],
            "sounds": {
                "present": [self.present.total(), len(self.present)],
                "absent": [self.absent.total(), len(self.absent)],
                "rows": [[sound, self.present[sound], self.absent[sound]] for sound, _ in _most(sounds, _ROWS)],
                "distinct": len(sounds),
            },
            "lengths": _histograms({n: t.words for n, t in tasks.items() if t.words}),
            "answers": self.answers,
            "phrasings": [
                {"task": n, "distinct": len(t.phrasings), "samples": t.outcomes["sample"], "top": _most(t.phrasings, 4)}
                for n, t in tasks.items()
                if t.phrasings
            ],
            "backbones": [n for n, _ in _most(self.backbones, 4)],
        }


def _most(counter: Counter[str], n: int) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:n]


def _explained(reason: _Reason) -> dict[str, Any]:
    """Return a reason's counts, with what its check says it means."""
    known = CHECKS.module(reason.check).REASONS if reason.check in CHECKS.names() else {}
    return {**vars(reason), "meaning": known.get(reason.name, "")}


def _rows(
    parts: dict[str, _Part], data: Callable[[_Part], dict[str, Any]], size: Callable[[_Part], tuple[int, int]]
) -> dict[str, Any]:
    names = sorted(parts, key=lambda name: ([-n for n in size(parts[name])], name))
    return {"rows": [{**data(parts[n]), "name": n} for n in names[:_ROWS]], "more": max(0, len(names) - _ROWS)}


def _histograms(lengths: dict[str, Counter[int]]) -> dict[str, Any]:
    """Return lengths in words, by task, in bins of one `width`; the last bin holds the longest percent too."""
    everything = sum(lengths.values(), Counter[int]())
    width = next(w for w in _WIDTHS if _quantile(everything, 0.99) < w * _BINS or w == _WIDTHS[-1])
    rows = []
    for task, counter in lengths.items():
        bins = [0] * _BINS
        for words_, n in counter.items():
            bins[min(words_ // width, _BINS - 1)] += n
        rows.append({"task": task, "bins": bins, "median": _quantile(counter, 0.5), "longest": max(counter)})
    return {"width": width, "rows": rows}


def _quantile(counter: Counter[int], q: float) -> int:
    seen = 0
    for value, n in sorted(counter.items()):
        seen += n
        if seen >= q * counter.total():
            return value
    return 0
