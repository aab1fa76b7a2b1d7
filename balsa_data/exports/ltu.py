"""LTU, LTU-AS and GAMA: a JSON list of alpaca records with ``audio_id``; one clip a sample, 16 kHz.

Their collator takes every field away by name and stops at one that is missing or unknown, and hears 1024 frames of 10 ms.
Source: YuanGongND/ltu and Sreyan88/GAMA, ``finetune.py`` and ``DataCollatorForSeq2Seq`` of the transformers beside it.
"""

from __future__ import annotations

from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row
from balsa_data.exports._output import JSON_LIST

FORMAT = Format(
    usage="Pass --data_path <this folder>/train.json (and --val_set_size 0 below 2,000 samples). The paths are absolute: export"
    " again after moving the folder.",
    clips=1,
    limit="cutoff_len",
    tokens=256,
    seconds=10.24,
)


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``<split>.json``."""
    for row in rows:
        (clip,) = row.clips
        record = {
            "instruction": row.prompt,
            "input": "",
            "audio_id": out.absolute(clip.path),
            "dataset": row.dataset or "balsa",
            "task": row.task,
            "output": row.response,
        }
        out.add(f"{row.split}.json", record, JSON_LIST)
