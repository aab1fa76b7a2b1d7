"""Audio Flamingo 2 and 3: one clip a sample, each version in its own layout.

Version 2 reads one JSON object per dataset (``audio_flamingo_2/data/data.py``, AudioTextData) and lower-cases prompt and
output itself. Version 3 reads a list of conversations with ``<sound>`` in the first turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row
from balsa_data.exports._output import JSON_LIST, Frame

FORMAT = Format(
    usage="Audio Flamingo 2 reads af2-train.json, Audio Flamingo 3 af3-train.json. The paths are absolute: export again"
    " after moving the folder.",
    clips=1,
    reserved=("<audio>", "<sound>", "<speech>", "<|endofchunk|>"),
)


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``af2-<split>.json`` and ``af3-<split>.json``."""
    for row in rows:
        (clip,) = row.clips
        name = f"af2-{row.split}.json"
        record = {"name": clip.path.removeprefix("audio/"), "prompt": row.prompt, "output": row.response, "task": "AQA"}
        out.add(name, record, _frame(out, row.split), key=str(out.files.get(name, 0)))
        turns = [{"from": "human", "value": f"<sound>\n{row.prompt}"}, {"from": "gpt", "value": row.response}]
        conversation = {"id": row.id, "sound": out.absolute(clip.path), "conversations": turns}
        out.add(f"af3-{row.split}.json", conversation, JSON_LIST)


def _frame(out: Output, split: str) -> Frame:
    head = {"dataset_path": str(out.folder), "split": split, "split_path": "audio/", "flamingo_task": "AQA"}
    return Frame(json.dumps(head).removesuffix("}") + ', "data": {\n', ",\n", '\n}, "total_num": %d}\n')
