"""How corpora of YouTube segments name what they share: AudioCaps, AudioSet, VGGSound, WavCaps. None distributes audio."""

from __future__ import annotations

__all__ = ["recording", "segment"]


def segment(video: str, start: float) -> str:
    """Return AudioSet's id of a segment: the video's id and the start in milliseconds (``r1nicOVtvkQ_130000``)."""
    return f"{video}_{round(start * 1000)}"


def recording(video: str) -> str:
    """Return the name of a video as a recording, the same in every corpus."""
    return f"youtube:{video}"
