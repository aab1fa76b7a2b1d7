"""The dataset card: what is in a dataset, counted in one pass, and said in a template the user can replace."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from statistics import quantiles
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from balsa_data.audio import local_path, slug
from balsa_data.configs import Counts, declared, version
from balsa_data.errors import InputError
from balsa_data.licences import hub_id
from balsa_data.preference import false_claims
from balsa_data.redact import redact
from balsa_data.rows import SampleSource
from balsa_data.schemas import Attempt, AudioClip, Sample
from balsa_data.splits import split

__all__ = ["Summary", "cell", "render", "summarise"]

SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"))
BAR = 24  # characters of the longest bar


@dataclass
class Summary:
    """What is in a run, by counting; no sample is held but one example a task.

    Attributes:
        splits: Samples by (task, split); samples in neither split are in `straddling`.
        sources: Clips and their seconds by (corpus, licence), each clip once.
        roots: The deepest folder that holds all local audio, by corpus.
        silent: Clips without audio.
        words: Of the responses, by task.
        rejected: Failed draws by (check, reason), also those another draw made good.
        pairs: Preference pairs of the samples, by split.
        contents: Of all samples; see `configs.version`.
    """

    splits: Counter[tuple[str, str]] = field(default_factory=Counter)
    straddling: Counter[str] = field(default_factory=Counter)
    sources: dict[tuple[str | None, str | None], list[float]] = field(default_factory=dict)
    roots: dict[str | None, str] = field(default_factory=dict)
    silent: int = 0
    words: dict[str, list[int]] = field(default_factory=dict)
    present: Counter[str] = field(default_factory=Counter)
    absent: Counter[str] = field(default_factory=Counter)
    prompts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    backbones: Counter[str] = field(default_factory=Counter)
    versions: set[str] = field(default_factory=set)
    phrasings: set[bytes] = field(default_factory=set)
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    draws: int = 0
    rejections: int = 0
    failures: int = 0
    planned: int = 0
    examples: dict[str, Sample] = field(default_factory=dict)
    contents: Any = field(default_factory=hashlib.blake2b)
    _clips: set[bytes] = field(default_factory=set)

    @property
    def total(self) -> int:
        """Samples in the splits."""
        return self.splits.total()

    @property
    def tasks(self) -> Counter[str]:
        """Samples in the splits, by task."""
        counted: Counter[str] = Counter()
        for (task, _), count in self.splits.items():
            counted[task] += count
        return counted

    @property
    def clips(self) -> int:
        """Distinct clips."""
        return len(self._clips)

    @property
    def licences(self) -> set[str | None]:
        """Of all clips."""
        return {licence for _, licence in self.sources}

    def add(self, sample: Sample, where: str | None) -> None:
        """Count one sample, which falls in the split `where`, or in none."""
        self._draws(sample.earlier)
        self.draws += 1
        if where is None:
            self.straddling[sample.task] += 1
            return
        self.contents.update(f"{where}\0{sample.id}\0{sample.response}\0".encode())
        self.splits[sample.task, where] += 1
        self.pairs[where] += sum(1 for _ in false_claims(sample))
        self.examples.setdefault(sample.task, sample)
        self.words.setdefault(sample.task, []).append(len(sample.response.split()))
        self.present.update(sample.present)
        self.absent.update(sample.absent)
        made = sample.provenance
        self.prompts[sample.task, made.prompt_name, made.prompt_hash] += 1
        self.backbones[made.backbone] += 1
        self.versions.add(made.library_version)
        self.phrasings.add(hashlib.blake2b(sample.prompt.encode(), digest_size=8).digest())
        for clip in sample.clips:
            self._clip(clip)

    def _draws(self, attempts: Iterable[Attempt]) -> None:
        for attempt in attempts:
            self.draws += 1
            self.rejected.update({(v.check, v.reason or v.check) for v in attempt.verdicts if not v.ok})

    def _clip(self, clip: AudioClip) -> None:
        key = hashlib.blake2b(f"{clip.dataset}\0{clip.id}".encode(), digest_size=8).digest()
        if key in self._clips:
            return
        self._clips.add(key)
        counted = self.sources.setdefault((clip.dataset, clip.license), [0, 0.0, 0])
        counted[0] += 1
        if clip.duration is None:
            counted[2] += 1
        else:
            counted[1] += clip.duration
        if clip.audio is None:
            self.silent += 1
        elif isinstance(clip.audio, str) and (path := local_path(clip.audio)) is not None:
            folder = os.path.abspath(path.parent)  # noqa: PTH100 - resolve() would follow links out of the corpus
            known = self.roots.setdefault(clip.dataset, folder)
            if not folder.startswith(known + os.sep):
                self.roots[clip.dataset] = os.path.commonpath([known, folder])


def summarise(source: SampleSource, test_fraction: float) -> Summary:
    """Count what is in a run."""
    summary = Summary(planned=source.planned, rejections=len(source.rejections), failures=len(source.failures))
    for sample in source.samples:
        summary.add(sample, split(sample.clips, test_fraction))
    for rejection in source.rejections:
        summary._draws(rejection.attempts)
    return summary


def render(
    summary: Summary,
    recipe: Mapping[str, Any],
    *,
    audio: str,
    test_fraction: float,
    repo_id: str = "OWNER/NAME",
    template: Path | None = None,
    others: Counts | None = None,
) -> str:
    """Write the card.

    Args:
        summary: What is in the dataset.
        recipe: In full; secrets and local paths in it are hidden.
        audio: ``embed``, ``reference`` or ``none``.
        test_fraction: Share of the recordings held out.
        repo_id: What the dataset will be loaded by.
        template: A Jinja template instead of the library's; it gets the same names, `metadata` first of them.
        others: Rows of the configs that hold no samples, by config and split.

    Raises:
        InputError: The template cannot be read or rendered.
    """
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
    environment.filters |= {"cell": cell, "fence": _fence, "bar": _bar}
    plain = redact(recipe)
    metadata = _metadata(summary, plain, audio)
    metadata["configs"] += declared(others or {})
    metadata["configs"] = [config | {"version": version(summary.contents)} for config in metadata["configs"]]
    name = template or "card.md.jinja"
    try:
        text = (template or files("balsa_data").joinpath("card.md.jinja")).read_text("utf-8")
        card = environment.from_string(text).render(
            metadata=_yaml(metadata),
            name=plain.get("name", "dataset"),
            description=plain.get("description") or "",
            recipe=_yaml(plain),
            summary=summary,
            repo_id=repo_id,
            audio=audio,
            notes=(plain.get("publish") or {}).get("notes"),
            others=others,
            test_fraction=test_fraction,
            lengths={task: _quartiles(words) for task, words in sorted(summary.words.items())},
        )
        front = yaml.safe_load(card.removeprefix("---\n").partition("\n---\n")[0])
    except OSError as error:
        raise InputError(f"cannot read the card template {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"the card template {name} is not UTF-8 text") from None
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"card template {name}{f':{line}' if line else ''}: {error}") from None
    except yaml.YAMLError as error:
        raise InputError(f"card template {name}: its metadata is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(front, dict) or front.get("configs") != metadata["configs"]:
        raise InputError(f"card template {name}: it must begin with the lines '---', '{{{{ metadata }}}}' and '---'")
    return card


def _yaml(data: Any) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).rstrip()


def _metadata(summary: Summary, recipe: Mapping[str, Any], audio: str) -> dict[str, Any]:
    """Return what the Hub reads of a card (docs: dataset cards)."""
    publish = recipe.get("publish") or {}
    chosen = publish.get("license")
    licences = {chosen} if chosen else summary.licences
    only = next(iter(licences)) if len(licences) == 1 else None
    licence: dict[str, Any] = {"license": "unknown" if licences <= {None} else "other"}
    if only and (known := hub_id(only)):
        licence = {"license": known}
    elif licence["license"] == "other":
        licence["license_name"] = slug(only or "several, by recording").lower()
    corpora = sorted({slug(dataset) for dataset, _ in summary.sources if dataset})
    tasks = sorted(summary.tasks)
    return {
        "pretty_name": slug(str(recipe.get("name", "dataset"))),
        **licence,
        "language": [slug(language) for language in publish.get("language") or ["en"]],
        "task_categories": ["audio-text-to-text"],
        "size_categories": [next((name for limit, name in SIZES if summary.total < limit), "n>10M")],
        "source_datasets": [f"extended|{corpus}" for corpus in corpora] or ["original"],
        "tags": [
            *(["audio"] if audio == "embed" else []),
            "balsa-data",
            "synthetic",
            "audio-language-model",
            "hallucination",
        ],
        "configs": [
            _config("default", "*", {where for _, where in summary.splits}),
            *(_config(task, task, {where for t, where in summary.splits if t == task}) for task in tasks),
        ],
    }


def _config(name: str, folder: str, splits: set[str]) -> dict[str, Any]:
    files_of = [{"split": s, "path": f"data/{folder}/{s}-*.parquet"} for s in ("train", "test") if s in splits]
    return {"config_name": name, "data_files": files_of}


def _quartiles(words: Sequence[int]) -> tuple[int, int, int, int, int]:
    first, median, third = quantiles(words, n=4, method="inclusive") if len(words) > 1 else [words[0]] * 3
    return min(words), round(first), round(median), round(third), max(words)


def cell(text: object) -> str:
    """Show any text in a Markdown line or table cell as it is: nothing in it is markup."""
    shown = "".join(c if c.isprintable() else " " for c in str(text))
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]#!|~$@]|:(?=//))", r"\\\1", shown)


def _fence(text: str, language: str = "text") -> str:
    """Show text verbatim in a code block that nothing in it can close."""
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{language}\n{text}\n{ticks}"


def _bar(count: int, most: int) -> str:
    """Draw a count as a bar against the largest one."""
    eighths = round(count / most * BAR * 8) if most else 0
    return "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else "") or "▏"
