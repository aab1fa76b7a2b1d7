"""Object-hallucination questions, in the columns of the field's benchmark: is this sound in the audio, yes or no?

From one-clip samples: sounds the response was to affirm ask for Yes, sounds it was to deny for No, with the strategy that
chose them (random, popular, adversarial). A clip gives as many of each; a sound is asked of a clip once. Columns and
questions: kuan2jiu99/audio-hallucination (Interspeech 2024); its questions as reported by third parties.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import PurePosixPath

from balsa_data.exports import Format, Output, Row

FORMAT = Format(
    usage="Each line is a question; audio_index names a file in audio/. Score answers as entry_id,audio_index,label,response.",
    clips=1,
)
QUESTIONS = (
    "Is there a sound of {} in the audio?",
    "Does the audio contain the sound of {}?",
    "Have you noticed the sound of {}?",
    "Can you hear the sound of {}?",
    "Can you detect the sound of {}?",
)


def export(rows: Iterable[Row], out: Output) -> None:
    """Write ``<split>-<sampling>.jsonl``."""
    clips: dict[tuple[str, str], tuple[dict[str, None], dict[str, dict[str, None]]]] = {}
    for row in rows:
        present, by_strategy = clips.setdefault((row.split, row.clips[0].path), ({}, {}))
        present.update(dict.fromkeys(row.present))
        if row.strategy is not None:
            by_strategy.setdefault(row.strategy, {}).update(dict.fromkeys(row.absent))
    for (split, path), (present, by_strategy) in clips.items():
        denied = {sound for absent in by_strategy.values() for sound in absent}
        heard = [sound for sound in present if sound not in denied]  # what is claimed both ways is not asked
        for strategy, absent in by_strategy.items():
            unheard = [sound for sound in absent if sound not in present]
            for yes, no in zip(heard, unheard, strict=False):
                for sound, is_heard in ((yes, True), (no, False)):
                    _ask(out, f"{split}-{strategy}.jsonl", path, sound, is_heard, strategy)


def _ask(out: Output, file: str, path: str, sound: str, is_heard: bool, strategy: str) -> None:
    index = PurePosixPath(path).stem
    digest = hashlib.blake2b(f"{index}\0{sound}".encode(), digest_size=4).digest()
    record = {
        "entry_id": out.files.get(file, 0),
        "audio_index": index,
        "prompt_text": QUESTIONS[int.from_bytes(digest) % len(QUESTIONS)].format(sound),
        "object": sound,
        "attribute": "positive" if is_heard else "negative",
        "label": "Yes" if is_heard else "No",
        "sampling": strategy,
    }
    out.add(file, record)
