"""DeSTA2.5-Audio: JSONL with ``messages`` and ``response``, as its BaseAudioTextDataset reads it.

An audio's ``text`` is what is said in it and never null. The target is the response and the end token; there is no
assistant turn. Source: kehanlu/DeSTA2.5-Audio, ``desta/trainer/data/simple_dataset.py``.
"""

from __future__ import annotations

from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row
from balsa_data.rows import AUDIO_TOKEN, SYSTEM

FORMAT = Format(
    usage="Set data_root to this folder and manifest_filepaths to its train.jsonl in DeSTA's dataset config.",
    reserved=(AUDIO_TOKEN,),
    limit="max_seq_length",
    tokens=300,
    tokens_per_clip=65,
    seconds=30.0,
)


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``<split>.jsonl``."""
    for row in rows:
        audios = [{"audio": clip.path, "text": clip.text} for clip in row.clips]
        user = {"role": "user", "content": f"{AUDIO_TOKEN}\n" * len(audios) + row.prompt, "audios": audios}
        messages = [{"role": "system", "content": SYSTEM}, user]
        out.add(f"{row.split}.jsonl", {"id": row.id, "messages": messages, "response": row.response})
