"""What is heard (BALSa, P_pos)."""

from __future__ import annotations

from balsa_data.tasks import Draft, Draw

CLIPS = (1, 1)


def draft(draw: Draw) -> Draft:
    """Ask for what is heard; the seed description says it, so there is nothing to decide."""
    return Draft(present=tuple(sorted(draw.heard[0])))
