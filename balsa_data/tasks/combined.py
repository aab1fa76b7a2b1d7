"""What is heard and what is not (BALSa, P_comb), the absent sounds open or guided."""

from __future__ import annotations

from balsa_data.tasks import Draft, Draw

CLIPS = (1, 1)


def draft(draw: Draw) -> Draft:
    """Ask for both; the absent sounds are chosen as for a negative, and open where no sound can be told beside them."""
    if not (drafted := draw.guided_or_open()).guided:
        return drafted
    (present,) = draw.stated()
    return drafted._replace(present=tuple(sorted(present))) if present else Draft()
