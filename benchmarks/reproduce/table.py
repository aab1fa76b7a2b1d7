"""From answers to one table: every arm's figures, with intervals, beside the paper's.

A figure is the mean over seeds. Its 95% interval is a percentile bootstrap over recordings (or instructions) and seeds together; a gain is
taken against the arm of positives only on the same draws, so that what both arms find hard cancels out.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from balsa_data.train.instructions import INSTRUCTIONS
from balsa_data.train.metrics import parse_reference, parse_strict

Array = NDArray[np.float64]
Answers = Mapping[str, Sequence[Mapping[str, Any]]]  # arm → a model's answers, one a seed
DRAWS = 2000
ANSWERS = ("yes", "no", None)
PAPER = 'LISTEN (2505.14518, reported by third parties): accuracy 66.0 → 77.5, weighted F1 of "no" 63.7 → 77.1'
SHOWN = (
    "accuracy", "weighted F1", 'F1 of "no"', "yes rate", "swapped accuracy", "Cover", "CHAIR", "Hal",
    "followed", "followed_by_bare_backbone",
)  # fmt: skip
HEADINGS = {"test": "held-out recordings", "unseen": "held-out classes", "instructions": "text-only instructions"}


def figures(answers: Answers, side: str, seed: int = 0) -> list[dict[str, Any]]:
    """Return one row for every arm and metric of one set of recordings.

    Returns:
        Rows of ``side, arm, metric, value, low, high, seeds`` (each seed's value) and, but for the first arm, ``gain,
        gain_low, gain_high``.
    """
    arms, first = list(answers), answers[next(iter(answers))][0][side]
    if side == "instructions":
        measure: Callable[[Array], dict[str, Array]] = _followed
        found: Any = [[[list(one.values()) for one in model[side]] for model in answers[arm]] for arm in arms]
    else:
        clips, measure = sorted({q["audio_index"] for q in first["questions"]}), _metrics
        found = [[_counts(model[side], clips) for model in answers[arm]] for arm in arms]
    counts = np.array(found)  # (arms, seeds, clips, k)
    runs, asked = counts.shape[1:3]
    random = np.random.default_rng(seed)
    by_clip = random.multinomial(asked, np.full(asked, 1 / asked), size=DRAWS)  # (draws, clips)
    by_seed = random.multinomial(runs, np.full(runs, 1 / runs), size=DRAWS) / runs  # (draws, seeds)
    seen = measure(counts.sum(axis=2))
    drawn = measure(np.einsum("asck,dc->dask", counts, by_clip))
    rows = []
    for name, values in seen.items():
        if np.isnan(values).any():  # not asked on this side
            continue
        sampled = np.einsum("das,ds->da", np.nan_to_num(drawn[name]), by_seed)
        for k, arm in enumerate(arms):
            row = {"side": side, "arm": arm, "metric": name, "value": values[k].mean(), **_range("", sampled[:, k])}
            if k:
                gain = {"gain": values[k].mean() - values[0].mean()}
                row |= gain | _range("gain_", sampled[:, k] - sampled[:, 0])
            rows.append(row | {"seeds": values[k].tolist()})
    return rows


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table as text: percentages, intervals in brackets, gains below."""
    text = []
    for side in dict.fromkeys(row["side"] for row in rows):
        found = {(row["arm"], row["metric"]): row for row in rows if row["side"] == side}
        shown = [name for name in SHOWN if any(metric == name for _, metric in found)]
        arms = list(dict.fromkeys(arm for arm, _ in found))
        text += [f"\n{HEADINGS[side]}\n", _line(["arm", *shown])]
        text += [_line(["---"] * (len(shown) + 1))]
        text += [_line([arm, *(_cell(found[arm, m], "value", "low", "high") for m in shown)]) for arm in arms]
        text += [
            _line([f"{arm}: gain", *(_cell(found[arm, m], "gain", "gain_low", "gain_high", "+") for m in shown)])
            for arm in arms[1:]
        ]
    return "\n".join([*text, "", PAPER, ""])


def write(folder: Path, rows: Sequence[Mapping[str, Any]]) -> str:
    """Write ``table.md``, ``figures.json`` and ``figures.csv``; return the table."""
    text = markdown(rows)
    (folder / "table.md").write_text(text, "utf-8")
    (folder / "figures.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")
    with (folder / "figures.csv").open("w", encoding="utf-8", newline="") as file:
        columns = ["side", "arm", "metric", "value", "low", "high", "gain", "gain_low", "gain_high", "seeds"]
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return text


def _counts(model: Mapping[str, Any], clips: Sequence[str]) -> Array:
    """Return what the metrics are made of, for every recording, shape (clips, 23)."""
    found = np.zeros((len(clips), 23))
    where = {clip: k for k, clip in enumerate(clips)}
    for q in model["questions"]:
        row, label = found[where[q["audio_index"]]], 3 * (q["label"] == "no")
        row[label + ANSWERS.index(parse_reference(q["response"]) or "no")] += 1
        row[6 + label + ANSWERS.index(parse_strict(q["response"]))] += 1
        if "swapped" in q:
            row[12 + label + ANSWERS.index(parse_reference(q["swapped"]) or "no")] += 1
    for d in model["descriptions"]:
        chair = [0.0, 0.0] if d["chair"] is None else [d["chair"], 1.0]
        found[where[d["audio_index"]], 18:] += [d["cover"], d["hal"], 1.0, *chair]
    return found


def _metrics(counts: Array) -> dict[str, Array]:
    """Return the metrics of summed counts; the field's reference parser unless said otherwise."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = _hallucination(counts[..., :6])
        found |= {f"{name}, strict": value for name, value in _hallucination(counts[..., 6:12]).items()}
        found["swapped accuracy"] = _hallucination(counts[..., 12:18])["accuracy"]
        cover, hal, described, chair, mentioning = np.moveaxis(counts[..., 18:], -1, 0)
        return found | {"Cover": cover / described, "CHAIR": chair / mentioning, "Hal": hal / described}


def _followed(counts: Array) -> dict[str, Array]:
    """Return the shares of instructions followed, by the trained model and by the bare backbone."""
    return {name: counts[..., k] / len(INSTRUCTIONS) for k, name in enumerate(SHOWN[-2:])}


def _hallucination(counts: Array) -> dict[str, Array]:
    """Return accuracy and the rest of counts by label and answer: yes-yes, yes-no, yes-none, no-yes, no-no, no-none."""
    yes_yes, yes_no, yes_none, no_yes, no_no, no_none = np.moveaxis(counts, -1, 0)
    yes, no = yes_yes + yes_no + yes_none, no_yes + no_no + no_none
    f1_yes, f1_no = 2 * yes_yes / (yes + yes_yes + no_yes), 2 * no_no / (no + no_no + yes_no)
    return {
        "accuracy": (yes_yes + no_no) / (yes + no),
        "weighted F1": (yes * f1_yes + no * f1_no) / (yes + no),
        'F1 of "no"': f1_no,
        "yes rate": (yes_yes + no_yes) / (yes + no),
        "no answer": (yes_none + no_none) / (yes + no),
    }


def _range(name: str, sampled: Array) -> dict[str, float]:
    low, high = np.quantile(sampled, [0.025, 0.975])
    return {f"{name}low": float(low), f"{name}high": float(high)}


def _cell(row: Mapping[str, Any], value: str, low: str, high: str, sign: str = "") -> str:
    return f"{100 * row[value]:{sign}.1f} [{100 * row[low]:.1f}, {100 * row[high]:.1f}]"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
