"""Any dataset repo of the Hugging Face Hub, or a local folder of one: streamed, and `columns` says which column holds what.

Source: https://huggingface.co/datasets
Licence: the repo's own, see its card; without a column for it a clip's licence is unknown.
Layout: whatever `datasets.load_dataset` opens (Parquet, audio folders, json lines, csv), or what `save_to_disk` wrote.
    Class columns give their classes' names. Audio is handed on as it is stored, never decoded.
Example: ``{"id": "c1", "audio": {"bytes": b"RIFF…", "path": "c1.wav"}, "caption": "A dog barks.", "label": 3}``
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from balsa_data.corpora._columns import BY_NAME, Columns
from balsa_data.corpora._files import Row, beside, listing
from balsa_data.errors import CorpusError, nearest
from balsa_data.schemas import AudioClip

LICENSE = None
REDISTRIBUTABLE = False


def read(
    path: Path,
    *,
    split: str = "train",
    config: str | None = None,
    revision: str | None = None,
    columns: Columns = BY_NAME,
    separator: str | None = None,
) -> Iterator[AudioClip]:
    """Yield a clip a row; a table without an id column gives the row's number in its split as id.

    Args:
        path: The repo's id (``owner/name``) or a local folder.
        split: The split.
        config: The configuration, where the repo has several.
        revision: The commit or tag; name one, so that the same rows come again.
        columns: Which column holds what.
        separator: What parts several labels in one text cell; None takes the cell as one label.

    Raises:
        CorpusError: The dataset cannot be opened, has no such split or column, or a row is wrong.
    """
    place = f"{path} ({split})"
    number = 0
    try:
        rows = _open(path, split, config, revision)
        columns.refuse_missing(list(rows.features), place)
        named = {name: _names(feature) for name, feature in rows.features.items()}
        # As Arrow, audio comes as it is stored; as Python objects it would be decoded, which needs torchcodec and time.
        for batch in rows.with_format("arrow").iter(batch_size=16):
            for values in batch.to_pylist():
                row = Row(((name, named[name](value)) for name, value in values.items()), f"{place}, row {number}")
                clip_id = row.maybe(columns.id) or f"{split}-{number}"
                yield columns.clip(row, id=clip_id, audio=_audio(row.get(columns.audio), path), separator=separator)
                number += 1
    except (ImportError, OSError, RuntimeError, ValueError) as error:  # what `datasets` and Arrow raise
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise CorpusError(f"{place}, row {number}: datasets cannot read it ({reason})") from None


def _open(path: Path, split: str, config: str | None, revision: str | None) -> Any:
    """Return a split as a stream of rows whose features are known."""
    import datasets  # takes a second, which a user of another reader need not wait

    if path.is_absolute() or len(path.parts) > 2 or path.exists():
        listing(path)  # a folder, or refused here: what is none is never looked for on the Hub
    if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
        saved = datasets.load_from_disk(str(path))
        if isinstance(saved, datasets.DatasetDict):
            if split not in saved:
                raise CorpusError(f"{path}: no split {split!r}{nearest(split, saved)}")
            saved = saved[split]
        return saved.to_iterable_dataset()
    rows = datasets.load_dataset(str(path), config, split=split, revision=revision, streaming=True)
    return rows if rows.features is not None else rows._resolve_features()  # of a csv or json repo; not public


def _names(feature: Any) -> Callable[[Any], Any]:
    """Return what turns a cell's class numbers into names, in lists too; the cell itself where it has none."""
    inner = getattr(feature, "feature", feature[0] if isinstance(feature, list) else None)
    if inner is not None and not isinstance(inner, dict):
        of = _names(inner)
        return lambda cell: [of(part) for part in cell] if cell is not None else None
    if (name := getattr(feature, "int2str", None)) is None:
        return lambda cell: cell
    return lambda cell: None if cell is None or cell < 0 else name(cell)


def _audio(cell: Any, path: Path) -> str | bytes | None:
    """Return an undecoded audio cell's bytes, or else its path."""
    if isinstance(cell, dict):
        if (data := cell.get("bytes")) is not None:
            return bytes(data)
        cell = cell.get("path")
    return beside(path, cell) if isinstance(cell, str) else None
