"""One caption that covers several clips (BALSa-MA), open or guided."""

from __future__ import annotations

from balsa_data.tasks import Draft, Draw

CLIPS = (2, 4)


def draft(draw: Draw) -> Draft:
    """Ask for what is heard in all of them together."""
    return draw.about_several(draw.stated)
