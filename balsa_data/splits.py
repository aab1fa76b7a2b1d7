"""Train and test by recording: the same recording falls on the same side in every dataset made with this library.

A recording's side follows from its name alone, so a run that grows, or two runs published side by side, never move a
recording from test to train, and a larger fraction keeps what a smaller one held out. A sample whose clips fall on
different sides belongs to neither split: in train it would show a test recording, in test a train one. Such samples are
left out and counted; connecting recordings into groups instead would, with random pairs, tie nearly all into one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from balsa_data.schemas import AudioClip

__all__ = ["side", "split"]


def side(recording: str, test_fraction: float) -> str:
    """Return ``"test"`` for about `test_fraction` of all recordings, else ``"train"``."""
    digest = hashlib.blake2b(recording.encode(), digest_size=8).digest()
    return "test" if int.from_bytes(digest) < test_fraction * 2**64 else "train"


def split(clips: Iterable[AudioClip], test_fraction: float) -> str | None:
    """Return the split of a sample over these clips; None when they fall on different sides."""
    sides = {side(clip.recording or clip.id, test_fraction) for clip in clips}
    return sides.pop() if len(sides) == 1 else None
