"""SLAM-LLM: JSONL with ``key``, ``source``, ``target``; one clip a sample.

Its config sets one prompt for all; ours goes with each line, for datasets that read it. Source: X-LANCE/SLAM-LLM,
``examples/slam_aac``.
"""

from __future__ import annotations

from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row

FORMAT = Format(
    usage="Set train_data_path to train.jsonl. The paths are absolute: export again after moving the folder.",
    clips=1,
)


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``<split>.jsonl``."""
    for row in rows:
        (clip,) = row.clips
        record = {"key": row.id, "source": out.absolute(clip.path), "prompt": row.prompt, "target": row.response}
        out.add(f"{row.split}.jsonl", record)
