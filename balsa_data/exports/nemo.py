"""NVIDIA NeMo SALM: multimodal conversation JSONL; each audio is a turn of its own, no placeholder in the text.

The loader does not resample, so `audio_rate` must be the model's. Source: NeMo 3.0,
``nemo/collections/common/data/lhotse/text_adapters.py`` (NeMoMultimodalConversationJsonlAdapter).
"""

from __future__ import annotations

from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row

FORMAT = Format(
    usage="Use an input_cfg entry of type multimodal_conversation with manifest_filepath <this folder>/train.jsonl.",
    reserved=("<|audioplaceholder|>",),
)


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``<split>.jsonl``."""
    for row in rows:
        audios = [
            {"from": "User", "type": "audio", "value": clip.path, "duration": clip.seconds, "offset": 0.0}
            for clip in row.clips
        ]
        said = [
            {"from": "User", "type": "text", "value": row.prompt},
            {"from": "Assistant", "type": "text", "value": row.response},
        ]
        out.add(f"{row.split}.jsonl", {"id": row.id, "conversations": audios + said, "custom": {"task": row.task}})
