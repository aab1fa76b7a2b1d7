"""LLaMA-Factory: sharegpt JSONL with its ``dataset_info.json``; one ``<audio>`` a clip in the user's turn.

Preference pairs: ``ranking`` (DPO) and ``kto_tag`` (KTO) datasets. Source: LLaMA-Factory, ``llamafactory/data``
(``parser.py``, ``converter.py``, ``mm_plugin.py``), 0.9.5.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from balsa_data.exports import Format, Output, Row

FORMAT = Format(
    usage="Set dataset_dir to this folder and dataset to a name in its dataset_info.json, e.g. balsa_train.",
    reserved=("<audio>", "<image>", "<video>"),
    limit="cutoff_len",
    tokens=2048,
    tokens_per_second=25.0,
    preference=True,
)
TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}


def export(rows: Iterable[Row], out: Output, *, preference: bool = False) -> None:
    """Write ``<split>.jsonl`` (of pairs ``<split>_dpo.jsonl`` and ``<split>_kto.jsonl``) and ``dataset_info.json``."""
    for row in rows:
        user = {"role": "user", "content": "<audio>" * len(row.clips) + row.prompt}
        audios = [clip.path for clip in row.clips]
        if not preference:
            out.add(f"{row.split}.jsonl", {"messages": [user, _said(row.response)], "audios": audios})
            continue
        for rejected in row.rejected:
            pair = {"chosen": _said(row.response), "rejected": _said(rejected.response), "reason": rejected.reason}
            out.add(f"{row.split}_dpo.jsonl", {"messages": [user], **pair, "audios": audios})
        for response, label, reason in (
            (row.response, True, ""),
            *((r.response, False, r.reason) for r in row.rejected),
        ):
            record = {"messages": [user, _said(response)], "label": label, "reason": reason, "audios": audios}
            out.add(f"{row.split}_kto.jsonl", record)
    out.text("dataset_info.json", json.dumps({_name(file): _entry(file) for file in out.files}, indent=2) + "\n")


def _said(response: str) -> dict[str, str]:
    return {"role": "assistant", "content": response}


def _name(file: str) -> str:
    return f"balsa_{file.removesuffix('.jsonl')}"


def _entry(file: str) -> dict[str, Any]:
    columns = {"messages": "messages", "audios": "audios"}
    entry = {"file_name": file, "formatting": "sharegpt", "columns": columns, "tags": TAGS}
    if file.endswith("_dpo.jsonl"):
        return entry | {"ranking": True, "columns": columns | {"chosen": "chosen", "rejected": "rejected"}}
    return entry | {"columns": columns | {"kto_tag": "label"}} if file.endswith("_kto.jsonl") else entry
