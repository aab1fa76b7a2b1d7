"""WebDataset: tar shards; a sample is ``KEY.json`` and its clips ``KEY.0.wav``, ``KEY.1.wav``.

Keys hold no dot, which is where WebDataset splits a name. The same samples give the same bytes: no times, no owners.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row

FORMAT = Format(
    usage='webdataset.WebDataset("train-{000000..N}.tar") yields dicts with json, 0.wav, 1.wav.',
    packed=True,
)
SHARD_BYTES = 500 * 2**20


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``<split>-000000.tar`` and on."""
    shards: dict[str, tuple[str, tarfile.TarFile]] = {}
    made: Counter[str] = Counter()
    written: Counter[str] = Counter()
    for row in rows:
        if row.split not in shards or shards[row.split][1].offset >= SHARD_BYTES:
            if row.split in shards:
                shards[row.split][1].close()
            name = f"{row.split}-{made[row.split]:06d}.tar"
            archive = tarfile.open(fileobj=out.open(name), mode="w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115 - rolled
            shards[row.split] = name, archive
            made[row.split] += 1
        name, shard = shards[row.split]
        key = f"{written[row.split]:09d}"
        written[row.split] += 1
        text = {
            "id": row.id,
            "task": row.task,
            "dataset": row.dataset,
            "prompt": row.prompt,
            "response": row.response,
            "clip_ids": [clip.id for clip in row.clips],
            "present": row.present,
            "absent": row.absent,
        }
        _member(shard, f"{key}.json", json.dumps(text).encode())
        for index, clip in enumerate(row.clips):
            _member(shard, f"{key}.{index}.wav", out.path(clip.path).read_bytes())
        out.count(name)
    for _, shard in shards.values():
        shard.close()


def _member(shard: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    shard.addfile(info, io.BytesIO(content))
