"""How several clips differ (BALSa-MA), open or guided."""

from __future__ import annotations

from balsa_data.tasks import Draft, Draw

CLIPS = (2, 4)
APART = True


def draft(draw: Draw) -> Draft:
    """Ask what sets them apart: what each clip has and no other, or, where one has nothing of its own, all that each has."""

    def tell() -> list[frozenset[str]]:
        heard, stated = draw.heard, draw.stated()
        alone = [draw.kinship.alone(h, *heard[:i], *heard[i + 1 :]) & stated[i] for i, h in enumerate(heard)]
        return alone if all(alone) else stated

    return draw.about_several(tell)
