"""SALMONN: one JSON object with an ``annotation`` list; further clips go to ``expand_wav`` and are put behind the first.

The loader concatenates with 0.1 s of silence, does not resample, and cuts at 30 s; the model puts ``Q`` into its prompt for
the task ``QA`` and cuts the response at ``max_txt_len``. Source: bytedance/SALMONN, branch salmonn, ``dataset.py``
(SALMONNDataset), ``models/salmonn.py``, ``prompts/train_prompt.json``.
"""

from __future__ import annotations

from collections.abc import Iterable

from balsa_data.exports import Format, Output, Row
from balsa_data.exports._output import Frame

FORMAT = Format(
    usage="Set train_ann_path to train.json. The paths are absolute: export again after moving the folder.",
    reserved=("<SpeechHere>",),
    limit="max_txt_len",
    tokens=300,
    response_only=True,
    seconds=30.0,
    concatenated=True,
)
ANNOTATION = Frame('{"annotation": [\n', ",\n", "\n]}\n")


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``<split>.json``."""
    for row in rows:
        first, *others = (out.absolute(clip.path) for clip in row.clips)
        record = {"path": first} | ({"expand_wav": others} if others else {})
        out.add(f"{row.split}.json", record | {"text": row.response, "task": "QA", "Q": row.prompt}, ANNOTATION)
