"""TRL and transformers: JSONL of conversations with content parts, as ``processor.apply_chat_template`` takes them.

Load ``messages`` as Json (``Features({"messages": List(Json())})``): ordinary Arrow structs would give every part every
key, and Qwen2-Audio's template takes ``"audio": None`` for an audio. SFTTrainer itself drops audio: give it a collator
that calls the processor. Preference pairs: ``prompt, chosen, rejected`` (DPO), ``prompt, completion, label`` (KTO).
Source: TRL 1.16, dataset formats; transformers 5.23, ``processing_qwen2_audio.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from balsa_data.exports import Format, Output, Row

FORMAT = Format(
    usage=(
        "Load with load_dataset('json', features=Features({'messages': List(Json())})) and collate with the processor's"
        " apply_chat_template. The paths are absolute: export again after moving the folder."
    ),
    reserved=("<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>"),
    preference=True,
)


def export(rows: Iterable[Row], out: Output, *, preference: bool = False) -> None:
    """Write ``<split>.jsonl``; of pairs ``<split>_dpo.jsonl`` and ``<split>_kto.jsonl``."""
    for row in rows:
        audios = [{"type": "audio", "audio": out.absolute(clip.path)} for clip in row.clips]
        user = {"role": "user", "content": [*audios, {"type": "text", "text": row.prompt}]}
        if not preference:
            out.add(f"{row.split}.jsonl", {"messages": [user, _said(row.response)]})
            continue
        for rejected in row.rejected:
            pair = {"prompt": [user], "chosen": [_said(row.response)], "rejected": [_said(rejected.response)]}
            out.add(f"{row.split}_dpo.jsonl", pair | {"reason": rejected.reason})
        for response, label, reason in (
            (row.response, True, ""),
            *((r.response, False, r.reason) for r in row.rejected),
        ):
            record = {"prompt": [user], "completion": [_said(response)], "label": label, "reason": reason}
            out.add(f"{row.split}_kto.jsonl", record)


def _said(response: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": response}]}
