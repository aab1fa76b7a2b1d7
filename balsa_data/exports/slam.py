"""SLAM-LLM: for its loader of many tasks, which takes a prompt with each line; one clip a sample, 16 kHz.

``multitask.jsonl`` has ``key``, ``path``, ``target``, ``task`` and what fills the task's prompt; ``prompts.jsonl`` the prompt of
each task, here ``{}``. Source: X-LANCE/SLAM-LLM, ``src/slam_llm/datasets/speech_dataset_large.py`` (MultiTaskDataset). Its
loaders of ``key``, ``source`` and ``target`` (``audio_dataset.py``, of SLAM-AAC) read these lines too, but give them all the one
prompt of their config: "Describe the audio" would be answered by what is not heard.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row

FORMAT = Format(
    usage="Use dataset.file speech_dataset_large.py with train_scp_file_path <this folder>/train, multitask_prompt_path <this"
    " folder>/prompts.jsonl and append_info_tasks [balsa]; SLAM-AAC's loader would give all samples one prompt. The paths"
    " are absolute: export again after moving the folder.",
    clips=1,
    seconds=30.0,
)
TASK = "balsa"


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``<split>/multitask.jsonl`` and ``prompts.jsonl``."""
    for row in rows:
        (clip,) = row.clips
        path = out.absolute(clip.path)
        record = {"key": row.id, "path": path, "source": path, "target": row.response, "task": TASK, TASK: row.prompt}
        out.add(f"{row.split}/multitask.jsonl", record)
    out.text("prompts.jsonl", json.dumps({"task": TASK, "prompt": "{}"}) + "\n")
