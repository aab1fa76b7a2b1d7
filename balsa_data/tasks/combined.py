"""What is heard and what is not (BALSa, P_comb), the absent sounds open or guided."""

from __future__ import annotations

from dataclasses import replace

from balsa_data.schemas import AudioClip
from balsa_data.tasks import Draft, Draw

CLIPS = (1, 1)


def draft(clips: tuple[AudioClip, ...], draw: Draw) -> Draft:
    """Ask for both; the absent sounds are chosen as for a negative, and open where no sound can be told beside them."""
    drafted, (present,) = draw.guided_or_open(clips), draw.stated(clips)
    return replace(drafted, present=tuple(sorted(present))) if drafted.guided and present else Draft()
