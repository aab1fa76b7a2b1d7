"""A first look at a corpus that has no recipe: which reader fits, which column holds what, and what is missing.

Nothing is guessed about a sound: only names of columns and fields are recognised, and whatever is not is said.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from balsa_data.corpora import CORPORA
from balsa_data.corpora._columns import BY_NAME, Columns
from balsa_data.corpora._files import is_uri, located, table
from balsa_data.corpora._json import json_rows
from balsa_data.errors import CorpusError, InputError
from balsa_data.schemas import AudioClip

__all__ = ["Found", "draft", "look", "named", "remarks"]

CALLED = {  # what people call a clip's fields, beside the fields' own names
    "id": "clip_id file_id audio_id utt_id key uid name",
    "audio": "path file filename file_name filepath file_path audio_path audio_file audio_filepath wav wav_path",
    "captions": "caption text description raw_text caption_1 caption_2 caption_3 caption_4 caption_5",
    "labels": "label tags tag class classes category event events sound sounds",
    "transcript": "transcription sentence utterance spoken_text",
    "duration": "length seconds",
    "license": "licence",
    "speaker": "speaker_id spk client_id",
    "gender": "sex",
    "language": "lang locale",
}
JSON_FIELDS = {*AudioClip.model_fields, "caption", "label", "labels", "transcript"}
VOICE = {"speaker", "gender", "age", "emotion", "accent", "language"}
TABLES, LINES = (".csv", ".tsv"), (".jsonl", ".ndjson")
LISTINGS = ("metadata", "clips", "manifest", "index")  # what a file beside recordings is called that lists them
SEEN = 200  # rows that decide what is in a column


@dataclass
class Found:
    """What a look at a corpus found.

    Attributes:
        reader: That reads it, with `options`, from `path`.
        fields: Which column or field is taken for what.
        unused: Columns or fields that are not.
        clips: In all; of them `bare` say nothing of what is heard, `lost` lack their audio file, `twice` have another's id.
        first: Where the first bare clip, the first lost file and the first id of another's stand.
    """

    reader: str
    path: Path
    options: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    clips: int = 0
    bare: int = 0
    lost: int = 0
    twice: int = 0
    audio: int = 0
    licences: bool = False
    first: dict[str, str] = field(default_factory=dict)


def look(path: Path) -> Found:
    """Find out how a folder, csv or json lines file is read, and what is in it.

    Raises:
        InputError: It is nothing of the sort, or nothing in it describes a clip.
        CorpusError: A file or row of it is wrong.
    """
    if not path.exists():
        raise CorpusError(f"{path}: no such file or folder: give a folder of recordings, a .csv, .tsv or .jsonl")
    path = _listing(path) if path.is_dir() else path
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if path.is_dir():
        found = Found(
            "folder", path, fields={"audio": "the files", "metadata": "a text beside each, or the folders' names"}
        )
    elif suffix in TABLES:
        found = _table(path, "\t" if suffix == ".tsv" else ",")
    elif suffix in LINES:
        found = _lines(path)
    else:
        raise InputError(f"{path} is not a corpus that can be told by its look: give a folder, .csv, .tsv or .jsonl")
    _count(found)
    return found


def _listing(folder: Path) -> Path:
    """Return the one file in a folder that lists its recordings, else the folder."""
    there = [folder / f"{name}{suffix}" for name in LISTINGS for suffix in (*TABLES, *LINES)]
    found = [path for path in there if path.is_file()]
    return found[0] if len(found) == 1 else folder


def _table(path: Path, delimiter: str) -> Found:
    rows = list(islice(table(path, delimiter=delimiter), SEEN))
    if not rows:
        raise CorpusError(f"{path}: no row follows the names of the columns: add one a clip")
    names = {name.lower().replace(" ", "_").replace("-", "_"): name for name in rows[0]}
    columns: dict[str, Any] = {}
    for column in Columns.model_fields:
        if column != "attributes":
            known = [*BY_NAME.of(column), *CALLED.get(column, "").split()]
            taken = list(dict.fromkeys(names[name] for name in known if name in names))
            if taken:
                columns[column] = taken if column == "captions" and len(taken) > 1 else taken[0]
    if "id" not in columns and "audio" in columns:
        columns["id"] = columns["audio"]
    if "id" not in columns:
        raise InputError(f"{path}: no column tells the clips apart: add one called id; there are: {', '.join(rows[0])}")
    if not {"captions", "labels", "transcript"} & columns.keys():
        raise InputError(
            f"{path}: no column is known to describe a clip: call one captions, labels or transcript; "
            f"there are: {', '.join(rows[0])}"
        )
    options: dict[str, Any] = {"columns": columns}
    if "labels" in columns and (parted := _separator([row.maybe(columns["labels"]) or "" for row in rows])):
        options["separator"] = parted
    fields = {name: ", ".join(c) if isinstance(c, list) else c for name, c in columns.items()}
    used = {c for value in columns.values() for c in (value if isinstance(value, list) else [value])}
    return Found("csv", path, options, fields, tuple(name for name in rows[0] if name not in used))


def _separator(cells: Collection[str]) -> str | None:
    """Return what parts several labels in a cell; of commas only those before no space: "male speech, man speaking" is one."""
    marks = {";": ";", "|": r"\|", ",": r",\S"}
    return next((mark for mark, looks in marks.items() if any(re.search(looks, cell) for cell in cells)), None)


def _lines(path: Path) -> Found:
    rows = list(islice(json_rows(path), SEEN))
    if not rows:
        raise CorpusError(f"{path}: the file is empty: add one JSON object a clip")
    names = list(dict.fromkeys(name for row in rows for name in row))
    if "audio_filepath" in names:
        return Found("nemo", path, fields={"audio": "audio_filepath", "transcript": "text"})
    known = JSON_FIELDS | (VOICE if "transcript" in names else set())
    unused = tuple(name for name in names if name not in known)
    if not {"caption", "captions", "label", "labels", "events", "transcript", "speech", "attributes"} & set(names):
        raise InputError(
            f"{path}: no field is known to describe a clip: call one caption, labels or transcript; "
            f"there are: {', '.join(names)}"
        )
    options = {"ignore": list(unused)} if unused else {}
    return Found("jsonl", path, options, {name: name for name in names if name in known}, unused)


def _count(found: Found) -> None:
    seen: set[str] = set()
    for place, clip in map(located, CORPORA.bind(found.reader, found.options)(found.path)):
        where = f"{place or found.path}: clip {clip.id!r}"
        found.clips += 1
        found.audio += clip.audio is not None
        found.licences = found.licences or clip.license is not None
        for what, wrong in (("bare", not clip.described), ("lost", _lost(clip)), ("twice", clip.id in seen)):
            if wrong:
                setattr(found, what, getattr(found, what) + 1)
                found.first.setdefault(what, where)
        seen.add(clip.id)


def _lost(clip: AudioClip) -> bool:
    return isinstance(clip.audio, str) and not is_uri(clip.audio) and not Path(clip.audio).is_file()


def remarks(found: Found) -> Iterator[str]:
    """Yield what the user should know, a sentence each; what stops a run comes first."""
    if found.bare:
        yield (
            f"{found.bare:,} of {found.clips:,} clips say nothing of what is heard, the first {found.first['bare']}: "
            "describe or remove them, or no run starts"
        )
    if found.twice:
        yield f"{found.twice:,} clips have an id that another has, the first {found.first['twice']}: make each unique"
    if not found.audio:
        yield "no clip has audio: samples are made all the same, and a trainer will need it"
    elif found.lost:
        yield f"{found.lost:,} of {found.audio:,} audio files are missing, the first {found.first['lost']}: such clips are skipped"
    if found.unused:
        yield f"not used: {', '.join(map(_quoted, found.unused))}"
    if not found.licences:
        yield "no clip has a licence, so no audio will be in what is published: tell each its `license`"


def _quoted(name: str) -> str:
    return name if name.isidentifier() else repr(name)  # nothing in a name ends the comment that it is put into


def named(corpus: Path) -> str:
    """Return what a recipe for this corpus may be called."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", corpus.resolve().name.split(".")[0]).strip("-_") or "clips"


def draft(found: Found, out: Path) -> str:
    """Return a recipe for what was found, to be the file `out`, with a comment on all that one may want to change."""
    corpus: dict[str, Any] = {"reader": found.reader, "path": os.fspath(found.path)}
    corpus |= {"options": found.options} if found.options else {}
    if found.audio:
        corpus["audio"] = "skip" if found.lost else "require"
    written = yaml.safe_dump([corpus], sort_keys=False, allow_unicode=True, width=10**6).rstrip()
    fields = ", ".join(f"{name}: {_quoted(column)}" for name, column in found.fields.items())
    said = "".join(f"# Note: {' '.join(line.split())}\n" for line in remarks(found))
    return f"""\
# {found.clips:,} clips; taken as {fields}
{said}# Look at it: balsa show {out}    Make samples: balsa synthesize {out}    Try a few: --limit 5
corpora:
{re.sub("^", "  ", written, flags=re.MULTILINE)}
tasks: {{positive: 1, negative: 1, combined: 0.5}}  # samples a clip; also existence, and over several clips difference, joint_caption
negatives: {{guided: 1.0}}         # share in which the library chooses what is denied; in the rest the backbone does, if able
backbone: local                  # embedded, 135M parameters: proves the pipeline. For data to train on, your ALLM's own:
# backbone: hosted_vllm/meta-llama/Llama-3.1-8B-Instruct
# api_base: http://127.0.0.1:8000/v1
parameters: {{temperature: 0.5, max_tokens: 100}}
draws: 3                         # how often a request is asked until a response passes the checks
# limits: {{max_requests: 1000}}   # or max_tokens, max_cost; retries count
# publish: {{test_fraction: 0.05}} # share of the recordings that is held out
seed: 0
"""
