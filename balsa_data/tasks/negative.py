"""What is not heard (LISTEN; BALSa, P_neg), open or guided."""

from __future__ import annotations

from balsa_data.tasks import Draft, Draw

CLIPS = (1, 1)


def draft(draw: Draw) -> Draft:
    """Let the backbone choose what is absent (open), or choose it and have it put into words (guided)."""
    return draw.guided_or_open()
