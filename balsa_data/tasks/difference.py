"""How several clips differ (BALSa-MA), open or guided."""

from __future__ import annotations

from balsa_data.facts import narrowest
from balsa_data.schemas import AudioClip
from balsa_data.tasks import Draft, Draw

CLIPS = (2, 4)
APART = True


def draft(clips: tuple[AudioClip, ...], draw: Draw) -> Draft:
    """Ask what sets them apart: what each clip has and no other, or, where one has nothing of its own, all that each has."""
    heard = draw.heard
    alone = [draw.kinship.alone(h, *heard[:i], *heard[i + 1 :]) for i, h in enumerate(heard)]
    return draw.about_several(alone if all(alone) else map(narrowest, heard))
