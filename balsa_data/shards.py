"""Parquet shards: rows written in bounded memory, a row group at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["Shards", "batches"]

SHARD_BYTES = 200 * 2**20  # readers buffer a whole shard; an upload that was cut sends at most this much twice
GROUP_BYTES = 16 * 2**20  # of rows a row group: what each open shard holds in memory
GROUP_ROWS = 1000


class Shards:
    """Parquet files by task and split, rolled at SHARD_BYTES and named once their number is known.

    Args:
        folder: Gets ``<task>/<split>-00000-of-00001.parquet``.
        columns: Of the rows.
    """

    def __init__(self, folder: Path, columns: pa.Schema) -> None:
        self._folder, self._columns = folder, columns
        self._open: dict[tuple[str, str], _Shard] = {}

    def add(self, where: str, published: dict[str, Any], folder: str | None = None) -> None:
        """Write one row of the split `where`, into the folder of its task or the one that is given."""
        key = folder or published["task"], where
        if key not in self._open:
            self._open[key] = _Shard(self._folder / key[0], where, self._columns)
        self._open[key].add(published)

    def close(self) -> None:
        """Write what is held and give the files their names."""
        for shard in self._open.values():
            shard.close()


class _Shard:
    def __init__(self, folder: Path, name: str, columns: pa.Schema) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name, self._columns = folder, name, columns
        self._rows: list[dict[str, Any]] = []
        self._size = self._count = 0
        self._file: BinaryIO | None = None
        self._writer: pq.ParquetWriter | None = None

    def add(self, published: dict[str, Any]) -> None:
        self._rows.append(published)
        self._size += _size(published)
        if self._size >= GROUP_BYTES or len(self._rows) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._writer is None or self._file is None:
            self._file = (self._folder / f"{self._name}.{self._count}").open("wb")
            # content-defined chunks let the Hub's storage keep what did not change between two versions
            self._writer = pq.ParquetWriter(
                self._file,
                self._columns,
                compression="zstd",
                use_dictionary=["dataset", "task"],
                use_content_defined_chunking=True,
            )
            self._count += 1
        self._writer.write_table(pa.Table.from_pylist(self._rows, self._columns))
        self._rows, self._size = [], 0
        if self._file.tell() >= SHARD_BYTES:
            self._roll()

    def _roll(self) -> None:
        if self._writer is not None and self._file is not None:
            self._writer.close()
            self._file.close()
        self._writer = self._file = None

    def close(self) -> None:
        if self._rows:
            self._flush()
        self._roll()
        for index in range(self._count):
            whole = f"{self._name}-{index:05d}-of-{self._count:05d}.parquet"
            (self._folder / f"{self._name}.{index}").replace(self._folder / whole)


def _size(published: Mapping[str, Any]) -> int:
    audio = sum(len(item["bytes"]) for item in published["audios"] if item and item["bytes"])
    text = sum(len(published.get(name) or "") for name in ("response", "chosen", "rejected"))
    return audio + 3 * text + 2 * len(published["seed_description"]) + 1000


def batches(rows: Iterable[dict[str, Any]], columns: pa.Schema) -> Iterator[pa.Table]:
    """Yield rows as tables of a row group's size."""
    batch: list[dict[str, Any]] = []
    size = 0
    for published in rows:
        batch.append(published)
        size += _size(published)
        if size >= GROUP_BYTES or len(batch) >= GROUP_ROWS:
            yield pa.Table.from_pylist(batch, columns)
            batch, size = [], 0
    if batch:
        yield pa.Table.from_pylist(batch, columns)
