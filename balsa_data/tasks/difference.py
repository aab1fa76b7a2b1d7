"""How several clips differ (BALSa-MA), open or guided."""

from __future__ import annotations

from balsa_data.schemas import AudioClip
from balsa_data.tasks import Draft, Draw

CLIPS = (2, 4)
APART = True


def draft(clips: tuple[AudioClip, ...], draw: Draw) -> Draft:
    """Ask what sets them apart; for each clip, what it has and no other."""
    heard = draw.heard
    return draw.about_several(draw.kinship.alone(h, *heard[:i], *heard[i + 1 :]) for i, h in enumerate(heard))
