"""ms-swift: JSONL with ``messages`` and ``audios``; one ``<audio>`` a clip, paths absolute (it knows no dataset root).

Preference pairs: ``rejected_response`` (DPO) and ``label`` (KTO). Source: ms-swift, ``swift/dataset`` and
``swift/template``, 4.6.0.
"""

from __future__ import annotations

from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row

FORMAT = Format(
    usage="Pass --dataset <this folder>/train.jsonl. The paths are absolute: export again after moving the folder.",
    reserved=("<audio>", "<image>", "<video>", "<bbox>", "<ref-object>", "<cot-process>", "<start-image>"),
    preference=True,
)


def export(rows: Iterable[Row], out: Output, *, preference: bool = False) -> None:
    """Write ``<split>.jsonl``; of pairs ``<split>_dpo.jsonl`` and ``<split>_kto.jsonl``."""
    for row in rows:
        user = {"role": "user", "content": "<audio>" * len(row.clips) + row.prompt}
        audios = [out.absolute(clip.path) for clip in row.clips]
        accepted = {"messages": [user, {"role": "assistant", "content": row.response}], "audios": audios}
        if not preference:
            out.add(f"{row.split}.jsonl", accepted)
            continue
        for rejected in row.rejected:
            pair = accepted | {"rejected_response": rejected.response, "reason": rejected.reason}
            out.add(f"{row.split}_dpo.jsonl", pair)
        out.add(f"{row.split}_kto.jsonl", accepted | {"label": True, "reason": ""})
        for rejected in row.rejected:
            messages = [user, {"role": "assistant", "content": rejected.response}]
            record = {"messages": messages, "audios": audios, "label": False, "reason": rejected.reason}
            out.add(f"{row.split}_kto.jsonl", record)
