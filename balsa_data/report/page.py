"""A run → one self-contained HTML file."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import yaml
from jinja2 import Environment, StrictUndefined

from balsa_data.audio import located
from balsa_data.errors import InputError
from balsa_data.report.audio import inline
from balsa_data.report.entries import Outcome, as_json, entry, short, stratum
from balsa_data.report.pace import pace
from balsa_data.report.selection import Selection
from balsa_data.report.tally import Tally
from balsa_data.schemas import AudioClip, Failure, Rejection, Sample, Usage
from balsa_data.taxonomy import Taxonomy, default

__all__ = ["Source", "render"]

_Record = TypeVar("_Record", covariant=True)
_SHELL = 256 * 1024  # bytes kept for the page itself, its charts and the recipe
_SCRIPTS = ("dom.js", "charts.js", "player.js", "browser.js", "main.js")
_SECRET = re.compile(r"(api_?key|secret|password|authorization|bearer|(?<!max_)tokens?)$", re.IGNORECASE)


class Records(Protocol[_Record]):
    """A sized collection, read anew and lazily by each iteration."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_Record]: ...


class Source(Protocol):
    """What a report is made from; a finished or unfinished run is one.

    Attributes:
        samples: In plan order, like `rejections` and `failures`.
        planned: How many requests there are in all.
        usage: Of the whole run, retries included.
        recipe: As plain data.
        folder: The run's folder; clips' relative paths are looked up there too.
    """

    @property
    def samples(self) -> Records[Sample]: ...  # noqa: D102 - the class says it
    @property
    def rejections(self) -> Records[Rejection]: ...  # noqa: D102
    @property
    def failures(self) -> Records[Failure]: ...  # noqa: D102
    @property
    def planned(self) -> int: ...  # noqa: D102
    @property
    def usage(self) -> Usage: ...  # noqa: D102
    @property
    def recipe(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def folder(self) -> Path: ...  # noqa: D102


@runtime_checkable
class Timed(Protocol):
    """A source that knows when each answer came."""

    def timeline(self) -> Iterable[tuple[float, str]]:
        """Yield the unix time of each answer and its outcome ("sample", "rejection", "failure")."""


def render(
    source: Source, out: Path, *, limit_mb: float = 3.0, audio: int = 80, taxonomy: Taxonomy | None = None
) -> Path:
    """Write a run's report: one HTML file that needs no network, with a player for each chosen recording.

    The counts are exact. The entries are a stratified sample when not all fit (the page says so). The same run gives
    the same bytes.

    Args:
        source: The run.
        out: The file to write; it appears whole or not at all.
        limit_mb: How large the page may be without the recordings in it, in units of a million bytes.
        audio: How many recordings to put into the page (each as at most 20 s of MP3, some 80 kB); needs the extra
            ``audio``, without which only small files go in, as they are.
        taxonomy: Tells which words mean a sound, to mark them in responses; where None the recipe's, as the run was made
            with, or, when its files are no longer there, the shipped one.

    Returns:
        `out`.

    Raises:
        InputError: `limit_mb` leaves no room for entries.
    """
    budget = int(limit_mb * 1_000_000) - _SHELL
    if budget < _SHELL:
        raise InputError(
            f"limit_mb is {limit_mb:g}, too small for a report: give at least {2 * _SHELL / 1_000_000:.1f}"
        )
    note = ""
    if taxonomy is None:
        taxonomy, note = _taxonomy(source)
    tally, selection = Tally(), Selection(budget)
    outcomes: Iterable[Outcome] = chain(source.samples, source.rejections, source.failures)
    for outcome in outcomes:
        tally.add(outcome)
        selection.offer(stratum(outcome), outcome.id, partial(_encode, outcome, taxonomy), outcome.clips)
    page = _page({**_head(source), **tally.as_data(), **_shown(selection, source.folder, audio), "note": note})
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}.part")
    draft.write_bytes(page.encode("utf-8", "xmlcharrefreplace"))
    return draft.replace(out)


def _taxonomy(source: Source) -> tuple[Taxonomy, str]:
    """Return the taxonomy the run was made with, and what is to be said when it is not at hand."""
    named = [str(file) for file in source.recipe.get("taxonomy") or ()]
    there = [Path(located(file, source.folder)) for file in named]
    if missing := [Path(file).name for file, path in zip(named, there, strict=True) if not path.is_file()]:
        return default(), f"Sounds are marked by the shipped taxonomy: the recipe’s {', '.join(missing)} is not there."
    return (Taxonomy.load(there) if there else default()), ""


def _head(source: Source) -> dict[str, Any]:
    recipe = _without_secrets(dict(source.recipe))
    return {
        "name": str(recipe.get("name") or source.folder.name or "run"),
        "description": short(str(recipe.get("description") or ""), 300),
        "folder": source.folder.name,
        "seed": recipe.get("seed"),
        "recipe": yaml.safe_dump(json.loads(json.dumps(recipe, default=str)), sort_keys=False, allow_unicode=True)[
            :40_000
        ],
        "planned": source.planned,
        "counts": {"sample": len(source.samples), "rejection": len(source.rejections), "failure": len(source.failures)},
        "usage": source.usage.model_dump(),
        "pace": pace(source.timeline) if isinstance(source, Timed) else None,
    }


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            str(k): "•••" if isinstance(v, str) and _SECRET.search(str(k)) else _without_secrets(v)
            for k, v in value.items()
        }
    return [_without_secrets(v) for v in value] if isinstance(value, (list, tuple)) else value


def _encode(outcome: Outcome, taxonomy: Taxonomy) -> str:
    """Return an outcome as the page holds it, with its clips, though these may be held once for several."""
    return as_json({**entry(outcome, taxonomy), "clips": [_clip(clip) for clip in outcome.clips]})


def _clip(clip: AudioClip) -> dict[str, Any]:
    return {
        "id": clip.id,
        "file": re.split(r"[\\/]", clip.audio)[-1] if isinstance(clip.audio, str) else None,
        "dataset": clip.dataset,
        "license": clip.license,
        "duration": clip.duration,
        "events": [[e.label, e.onset, e.offset] for e in clip.events if e.onset is not None]
        + [[s.transcript, s.start, s.end] for s in clip.speech if s.start is not None],
    }


def _shown(selection: Selection, folder: Path, audio: int) -> dict[str, Any]:
    """Return the entries drawn, their clips (each once) and the recordings of the first of them."""
    entries: list[dict[str, Any]] = []
    clips: dict[str, dict[str, Any]] = {}
    inlined = 0
    for text, originals in selection:
        shown = json.loads(text)
        for i, original in enumerate(originals):
            key = as_json(shown["clips"][i])
            if key not in clips:
                recording = inline(original.audio, folder) if inlined < audio else None
                inlined += recording is not None
                clips[key] = {**shown["clips"][i], "at": len(clips), **(vars(recording) if recording else {})}
            shown["clips"][i] = clips[key]["at"]
        entries.append(shown)
    strata = sorted(selection.counts.items(), key=lambda item: (-item[1], item[0]))
    return {
        "entries": entries,
        "clips": list(clips.values()),
        "inlined": inlined,
        "oversized": selection.oversized,
        "strata": [[*key, n] for key, n in strata[:400]],
    }


def _page(data: dict[str, Any]) -> str:
    assets = files("balsa_data.report") / "assets"
    style = (assets / "style.css").read_text("utf-8")
    script = "\n".join((assets / name).read_text("utf-8") for name in _SCRIPTS)
    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    template = environment.from_string((assets / "page.html.jinja").read_text("utf-8"))
    hashes = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    return template.render(
        name=data["name"], style=style, style_hash=hashes[0], script=script, script_hash=hashes[1], data=as_json(data)
    )
