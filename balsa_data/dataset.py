"""From a run to a dataset: a folder in the Hub's layout, verified, or a `datasets.Dataset` in this process.

The folder holds ``data/<task>/<split>-00000-of-00001.parquet``, the card and ``balsa.json`` with counts and hashes. Its card
gives one config a task and ``default`` for all; preference pairs and evaluation questions are configs beside them
(`balsa_data.configs`). Samples are streamed twice: once to count, once to write; memory holds
one row group a task and split. The same run gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from balsa_data.audio import extension, file_name, local_path, located, public_uri, read, slug
from balsa_data.card import Summary, render, summarise
from balsa_data.configs import EVALUATION, PREFERENCE, questions, take_in
from balsa_data.errors import DatasetError, InputError
from balsa_data.licences import redistributable
from balsa_data.preference import PAIRS, pairs
from balsa_data.rows import COLUMNS, AudioFile, SampleSource, local_audio, row
from balsa_data.schemas import AudioClip, Record
from balsa_data.shards import Shards, batches
from balsa_data.splits import split

if TYPE_CHECKING:
    import datasets

__all__ = ["MANIFEST", "Manifest", "build", "load_rows", "to_dataset", "verify"]

AudioPolicy = Literal["embed", "reference", "none"]

MANIFEST = "balsa.json"


class Manifest(Record):
    """What a dataset folder holds.

    Attributes:
        samples: By task and split.
        left_out: Samples whose clips fall on both sides of the split, by task.
        audio: What became of the audio.
        withheld: The licences for whose sake it is not embedded; empty where the user chose.
        digests: By task and split, over each row's id, texts and audio, in order.
        others: Rows of the configs that hold no samples, by config and split.
    """

    name: str
    samples: dict[str, dict[str, int]]
    left_out: dict[str, int]
    test_fraction: float
    audio: AudioPolicy
    withheld: tuple[str, ...] = ()
    digests: dict[str, dict[str, str]]
    others: dict[str, dict[str, int]] = {}

    @property
    def total(self) -> int:
        """All samples in the folder."""
        return sum(count for splits in self.samples.values() for count in splits.values())


def build(
    source: SampleSource,
    folder: Path | str,
    *,
    audio: AudioPolicy | None = None,
    repo_id: str = "OWNER/NAME",
    template: Path | None = None,
    preference: bool = False,
    evalset: Path | None = None,
) -> Manifest:
    """Write the dataset folder of a run and verify it by loading it.

    Args:
        source: The run.
        folder: Where to; an earlier dataset folder there is replaced once the new one is whole, anything else is not.
        audio: ``embed``, ``reference`` or ``none``; else what the recipe says under ``publish``; else by licence: embedded
            when every clip's licence lets it be passed on.
        repo_id: What the card says the dataset is loaded by.
        template: A card template instead of the library's.
        preference: Give it the config ``preference`` too: accepted responses against those refused for a false claim.
        evalset: A folder that ``balsa evalset`` wrote, to be the config ``hallucination_eval``.

    Raises:
        InputError: There is nothing to publish, `folder` holds something else, `evalset` is no evaluation set, or audio that is to be embedded is missing.
        DatasetError: What loads is not what the run holds.
    """
    folder = Path(folder)
    if folder.exists() and not (folder / MANIFEST).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} exists and is not a dataset folder: give another, or remove it")
    publish = source.recipe.get("publish") or {}
    test_fraction = float(publish.get("test_fraction") or 0.0)
    summary = summarise(source, test_fraction)
    if not summary.total and summary.straddling:
        raise InputError(
            f"every sample of the run in {source.folder} has clips of both train and test: lower publish.test_fraction, "
            f"which is {test_fraction}"
        )
    if not summary.total:
        raise InputError(
            f"the run in {source.folder} has no sample to publish: `balsa report` shows why all were refused"
        )
    for task in summary.tasks:
        if not re.fullmatch(r"\w[\w.-]*", task) or task == "default":
            raise InputError(
                f"a task cannot be published under the name {task!r}: give it one of letters, digits, - and _"
            )
    chosen = audio or publish.get("audio")
    policy = audio_policy(summary, chosen)
    others = {PREFERENCE: dict(sorted(summary.pairs.items()))} if preference and summary.pairs else {}
    if evalset is not None:
        others[EVALUATION] = questions(evalset)
        for path in sorted(evalset.glob("*.parquet")):
            summary.contents.update(path.read_bytes())
    summary.contents.update(policy.encode())
    card = render(
        summary,
        source.recipe,
        audio=policy,
        test_fraction=test_fraction,
        repo_id=repo_id,
        template=template,
        others=others,
    )

    draft = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        place = _placement(policy, summary, source.folder)
        written = _write(source, draft, test_fraction, place, preference)
        if evalset is not None:
            take_in(evalset, draft)
        if written.counts != summary.splits:
            raise DatasetError(f"the run in {source.folder} changed while its dataset was being built: build it again")
        manifest = Manifest(
            name=str(source.recipe.get("name", "dataset")),
            samples=_nested(written.counts),
            left_out=dict(sorted(summary.straddling.items())),
            test_fraction=test_fraction,
            audio=policy,
            withheld=() if chosen or policy == "none" else _forbidding(summary),
            digests=written.digests(),
            others=others,
        )
        (draft / "README.md").write_text(card, "utf-8", newline="\n")
        (draft / MANIFEST).write_text(json.dumps(manifest.model_dump(), indent=2) + "\n", "utf-8", newline="\n")
        verify(draft)
        shutil.rmtree(folder, ignore_errors=True)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def audio_policy(summary: Summary, chosen: AudioPolicy | None) -> AudioPolicy:
    """Return what becomes of the audio: what was chosen, else embedded only when every licence allows it."""
    if chosen == "embed" and summary.silent:
        raise InputError(
            f"audio cannot be embedded: {summary.silent} of {summary.clips} clips have none; use reference"
        )
    if chosen is not None:
        return chosen
    if summary.silent == summary.clips:
        return "none"
    return "reference" if summary.silent or _forbidding(summary) else "embed"


def _forbidding(summary: Summary) -> tuple[str, ...]:
    """Return the licences that do not let the audio be passed on, as far as known."""
    return tuple(sorted(licence or "unknown" for licence in summary.licences if not redistributable(licence)))


def verify(folder: Path) -> Manifest:
    """Load a dataset folder as users will and compare every row with what its manifest says.

    Raises:
        DatasetError: Something differs.
    """
    import datasets

    manifest = Manifest.model_validate_json((folder / MANIFEST).read_text("utf-8"))
    found = _Digests()
    for where, published in load_rows(folder):
        found.add(where, published)
    if found.digests() != manifest.digests or _nested(found.counts) != manifest.samples:
        raise DatasetError(
            f"{folder} does not load as it was written: {_nested(found.counts)} for {manifest.samples}: build it again"
        )
    for config, splits in {**manifest.samples, **manifest.others}.items():
        files = datasets.load_dataset_builder(str(folder), config).config.data_files
        counts = {str(name): sum(pq.read_metadata(f).num_rows for f in paths) for name, paths in files.items()}
        if counts != splits:
            raise DatasetError(f"config {config!r} of {folder} loads {counts}, not {splits}: build it again")
    return manifest


def load_rows(source: Path | str, *, revision: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Stream the rows of a dataset folder or of a dataset on the Hub, each with its split; audio is not decoded.

    Raises:
        InputError: It cannot be loaded, or is not one of ours.
    """
    import datasets
    from pyarrow.dataset import ParquetFragmentScanOptions

    options: dict[str, Any] = {}
    if Path(source).exists():
        if not (Path(source) / MANIFEST).is_file():
            raise InputError(
                f"{source} is neither a run (no journal.db) nor a dataset folder (no {MANIFEST}): give one of them"
            )
        # from a disk, reading ahead a whole shard gains nothing and holds it
        options["fragment_scan_options"] = ParquetFragmentScanOptions(pre_buffer=False)
    try:
        loaded = datasets.load_dataset(str(source), streaming=True, revision=revision, **options)
    except Exception as error:  # what is not there, not a dataset or out of reach is told apart in many ways
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"cannot load {source} as a dataset: {reason}") from None
    for name, stream in loaded.items():
        if missing := [column for column in COLUMNS.names if column not in (stream.column_names or ())]:
            raise InputError(f"{source} was not made by balsa-data: it has no column {missing[0]!r}")
        for published in stream.decode(False):
            yield str(name), published


def to_dataset(source: SampleSource) -> datasets.Dataset:
    """Return all samples of a run as a `datasets.Dataset`, mapped from a file in the run's folder.

    Its `audios` name the files on this machine and are decoded when read; ``cast_column("audios", [Audio(decode=False)])``
    gives path or bytes instead.
    """
    import datasets

    path = source.folder / "samples.arrow"
    draft = path.with_suffix(f".{uuid4().hex}")  # each process of a training run makes it
    with pa.OSFile(str(draft), "wb") as sink, pa.ipc.new_stream(sink, COLUMNS) as writer:
        rows = (row(sample, partial(local_audio, source.folder)) for sample in source.samples)
        for batch in batches(rows, COLUMNS):
            writer.write_table(batch)
    draft.replace(path)
    return datasets.Dataset.from_file(str(path))


def _write(
    source: SampleSource,
    folder: Path,
    test_fraction: float,
    place: Callable[[AudioClip], AudioFile | None],
    preference: bool,
) -> _Digests:
    written = _Digests()
    with closing(Shards(folder / "data", COLUMNS)) as shards, closing(Shards(folder, PAIRS)) as paired:
        for sample in source.samples:
            where = split(sample.clips, test_fraction)
            if where is not None:
                published = row(sample, place)
                written.add(where, published)
                shards.add(where, published)
                for pair in pairs(sample, published) if preference else ():
                    paired.add(where, pair, PREFERENCE)
    return written


def _placement(policy: AudioPolicy, summary: Summary, run: Path) -> Callable[[AudioClip], AudioFile | None]:
    def embed(clip: AudioClip) -> AudioFile:
        assert clip.audio is not None  # audio_policy() saw to it
        data = read(located(clip.audio, run) if isinstance(clip.audio, str) else clip.audio)
        suffix = extension(data, clip.audio if isinstance(clip.audio, str) else None)
        return {"bytes": data, "path": file_name(clip.id, data, suffix)}

    def reference(clip: AudioClip) -> AudioFile | None:
        if not isinstance(clip.audio, str):
            return None
        path = local_path(clip.audio)
        if path is None:
            return {"bytes": None, "path": public_uri(clip.audio)}
        relative = Path(os.path.relpath(os.path.abspath(path), summary.roots[clip.dataset]))  # noqa: PTH100 - as in card.py
        corpus = slug(clip.dataset or "unnamed") if len(summary.roots) > 1 else ""
        return {"bytes": None, "path": (Path(corpus) / relative).as_posix()}

    return {"embed": embed, "reference": reference, "none": lambda _: None}[policy]


class _Digests:
    """Counts and hashes of rows by (task, split)."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._hashes: dict[tuple[str, str], Any] = {}

    def add(self, where: str, published: Mapping[str, Any]) -> None:
        key = published["task"], where
        self.counts[key] += 1
        audios = [
            [audio["path"], hashlib.sha256(audio["bytes"]).hexdigest() if audio["bytes"] else None] if audio else None
            for audio in published["audios"]
        ]
        texts = {name: value for name, value in published.items() if name != "audios"}
        line = json.dumps([texts, audios], sort_keys=True)
        self._hashes.setdefault(key, hashlib.sha256()).update(line.encode() + b"\n")

    def digests(self) -> dict[str, dict[str, str]]:
        return _nested({key: digest.hexdigest() for key, digest in self._hashes.items()})


def _nested(flat: Mapping[tuple[str, str], Any]) -> dict[str, dict[str, Any]]:
    nested: dict[str, dict[str, Any]] = {}
    for task, where in sorted(flat):
        nested.setdefault(task, {})[where] = flat[task, where]
    return nested
