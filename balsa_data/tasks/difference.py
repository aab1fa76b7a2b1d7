"""How several clips differ (BALSa-MA), open or guided."""

from __future__ import annotations

from balsa_data.schemas import AudioClip
from balsa_data.tasks import Draft, Draw

CLIPS = (2, 4)
APART = True


def draft(clips: tuple[AudioClip, ...], draw: Draw) -> Draft:
    """Ask what sets them apart: what each clip has and no other, or, where one has nothing of its own, all that each has."""
    heard, stated = draw.heard, draw.stated(clips)
    alone = [
        s & draw.kinship.alone(h, *heard[:i], *heard[i + 1 :])
        for i, (s, h) in enumerate(zip(stated, heard, strict=True))
    ]
    return draw.about_several(alone if all(alone) else stated)
