"""Temporal order (ICASSP 2025): of two sounds in a clip, which is surely over before the other begins."""

from __future__ import annotations

from balsa_data.facts import akin, heard, narrowest
from balsa_data.schemas import AudioClip
from balsa_data.taxonomy import Taxonomy

__all__ = ["MARGIN", "order"]

MARGIN = 0.5  # seconds between two sounds whose order is asked: annotators' times are no better


def order(clip: AudioClip, taxonomy: Taxonomy) -> list[tuple[str, str]]:
    """Return the pairs of sounds of a clip of which the first is surely over before the second begins.

    Each is a class of the taxonomy, not a broad one; they are unrelated and not to be confused, and so with whatever
    else is heard: no other event that could be taken for one of them lies elsewhere.
    """
    single = [AudioClip(id=clip.id, events=(e,)) for e in clip.events]
    single += [AudioClip(id=clip.id, speech=(s,)) for s in clip.speech]
    times = [(e.onset, e.offset) for e in clip.events] + [(s.start, s.end) for s in clip.speech]
    timed = [
        (sound, start, end)
        for one, (start, end) in zip(single, times, strict=True)
        for sound in narrowest(heard(one, taxonomy=taxonomy), taxonomy)
    ]
    known = taxonomy.sounds

    def alike(a: str, b: str) -> bool:
        return akin(a, b, taxonomy) or (a in known and b in known[a].confusables)

    spans: dict[str, tuple[float, float]] = {}
    for sound in sorted({s for s, _, _ in timed if s in known and not known[s].generic}):
        of_it = [(start, end) for other, start, end in timed if alike(sound, other)]
        whole = [(start, end) for start, end in of_it if start is not None and end is not None]
        if len(whole) == len(of_it):
            spans[sound] = min(s for s, _ in whole), max(e for _, e in whole)
    return [
        (a, b)
        for a, (_, end) in spans.items()
        for b, (start, _) in spans.items()
        if end + MARGIN <= start and not alike(a, b)
    ]
