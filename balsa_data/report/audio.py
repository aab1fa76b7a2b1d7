"""One recording, made small enough to travel inside the page."""

from __future__ import annotations

import io
from base64 import b64encode
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from balsa_data.audio import local_path, located

__all__ = ["Recording", "inline"]

_RATE = 24_000  # Hz; MP3 at this rate plays in every browser
_LONGEST = 20  # seconds of a recording that are put into the page
_BARS = 120
_AS_IT_IS = 256 * 1024  # bytes of a file that may go in untouched where soundfile is not installed
_TYPES = {
    b"RIFF": "audio/wav",
    b"OggS": "audio/ogg",
    b"fLaC": "audio/flac",
    b"ID3": "audio/mpeg",
    b"\xff\xfb": "audio/mpeg",
}


@dataclass(frozen=True)
class Recording:
    """A recording as a page holds it.

    Attributes:
        uri: A data: URI.
        seconds: How much of it is there; None where it could not be measured.
        whole: Whether that is all of it.
        peaks: The waveform, loudest = 99; empty where it could not be read.
    """

    uri: str
    seconds: float | None = None
    whole: bool = True
    peaks: tuple[int, ...] = ()


def inline(audio: str | bytes | None, folder: Path) -> Recording | None:
    """Return a recording as mono MP3, its first 20 seconds; None where it cannot be read.

    Only files on this machine are read, and only what is audio goes into the page, whatever a clip's path says.

    Args:
        audio: A path (relative ones from here, from `folder` or from above it) or an audio file's bytes.
        folder: The run's folder.
    """
    content = audio if isinstance(audio, bytes) else _read(audio, folder) if audio else None
    if not content:
        return None
    try:
        import soundfile
        import soxr
    except ImportError:
        return _untouched(content)
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            wave = file.read(_LONGEST * file.samplerate, dtype="float32", always_2d=True).mean(axis=1)
            wave, whole = soxr.resample(wave, file.samplerate, _RATE), file.tell() >= file.frames
    except soundfile.LibsndfileError:
        return None
    if not len(wave):
        return None
    mp3 = io.BytesIO()
    soundfile.write(mp3, wave, _RATE, format="MP3", compression_level=0.7, bitrate_mode="VARIABLE")
    edges = [len(wave) * i // _BARS for i in range(_BARS + 1)]
    heights = [float(abs(wave[a:b]).max(initial=0)) for a, b in pairwise(edges)]
    top = max(heights) or 1
    return Recording(
        _uri("audio/mpeg", mp3.getvalue()), len(wave) / _RATE, whole, tuple(round(99 * h / top) for h in heights)
    )


def _read(path: str, folder: Path) -> bytes | None:
    try:
        for candidate in (local_path(located(path, folder)), folder / path):
            if candidate is not None and candidate.is_file():
                return candidate.read_bytes()
    except (OSError, ValueError):  # too long a name, a NUL in it, no permission
        pass
    return None


def _untouched(content: bytes) -> Recording | None:
    kind = next((mime for magic, mime in _TYPES.items() if content.startswith(magic)), None)
    return Recording(_uri(kind, content)) if kind and len(content) <= _AS_IT_IS else None


def _uri(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{b64encode(content).decode()}"
