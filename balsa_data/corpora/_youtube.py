"""What corpora of YouTube segments share: AudioCaps, AudioSet, VGGSound. Their audio is not distributed."""

from __future__ import annotations

from pathlib import Path

from balsa_data.corpora._files import Row, beside
from balsa_data.errors import nearest

__all__ = ["audio_of", "segment"]


def segment(video: str, start: float) -> str:
    """Return AudioSet's id of a segment: the video's id and the start in milliseconds (``r1nicOVtvkQ_130000``)."""
    return f"{video}_{round(start * 1000)}"


def audio_of(row: Row, pattern: str, folder: Path) -> str:
    """Return where a row's audio is, after the user's pattern with columns in braces (``{youtube_id}.wav``).

    Raises:
        CorpusError: The pattern names a column that is not there.
    """
    try:
        return beside(folder, pattern.format_map({k: str(v).strip() for k, v in row.items()}))
    except KeyError as error:
        raise row.wrong(f"option 'audio' ({pattern}) names no column{nearest(str(error.args[0]), row)}") from None
    except (ValueError, AttributeError, IndexError) as error:
        raise row.wrong(f"option 'audio' ({pattern}) is no pattern ({error}): write columns in braces") from None
