"""Audio Flamingo 2 and 3, each in its own layout; several clips in version 3 only.

Version 2 reads one JSON object per dataset and lower-cases prompt and output itself (``audio_flamingo_2/data/data.py``,
AudioTextData). Version 3 reads a list of conversations: ``<sound>`` for one clip, ``<sound-1>``, ``<sound-2>`` for a list of
them (branch audio_flamingo_3, ``llava/data/dataset.py``, LazySupervisedDataset).
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row
from balsa_data.exports._output import JSON_LIST, Frame

FORMAT = Format(
    usage="Audio Flamingo 2: set dataset_file_root and data_root to this folder and blend the dataset af2-train. Audio"
    " Flamingo 3: add af3-train.json to llava/data/datasets_mixture.py; its paths are absolute: export again after moving"
    " the folder.",
    joins=True,
    reserved=("<audio>", "<sound", "<speech>", "<en><asr>", "<eng><asr>", "<|endofchunk|>"),
    limit="max_tokens (Audio Flamingo 2)",
    tokens=512,
)


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``af2-<split>.json`` and ``af3-<split>.json``."""
    several = 0
    for row in rows:
        if len(row.clips) == 1:
            _version_2(row, out)
        else:
            several += 1
        paths = [out.absolute(clip.path) for clip in row.clips]
        tags = ["<sound>"] if len(paths) == 1 else [f"<sound-{number}>" for number in range(1, len(paths) + 1)]
        turns = [
            {"from": "human", "value": "\n".join([*tags, row.prompt])},
            {"from": "gpt", "value": row.response},
        ]
        conversation = {
            "id": row.id,
            "sound": paths[0] if len(paths) == 1 else paths,
            "duration": sum(clip.seconds for clip in row.clips),  # batches are made by it; 10 s are assumed without
            "conversations": turns,
        }
        out.add(f"af3-{row.split}.json", conversation, JSON_LIST)
    if several:
        out.notes.append(f"{several} samples have several clips and are in Audio Flamingo 3's files only (or --join them)")


def _version_2(row: Row, out: Output) -> None:
    name = f"af2-{row.split}.json"
    (clip,) = row.clips
    record = {"name": clip.path.removeprefix("audio/"), "prompt": row.prompt, "output": row.response, "task": "AQA"}
    out.add(name, record, _frame(out, row.split), key=str(out.files.get(name, 0)))


def _frame(out: Output, split: str) -> Frame:
    head = {"dataset_path": str(out.folder), "split": split, "split_path": "audio/", "flamingo_task": "AQA"}
    return Frame(json.dumps(head).removesuffix("}") + ', "data": {\n', ",\n", '\n}, "total_num": %d}\n')
