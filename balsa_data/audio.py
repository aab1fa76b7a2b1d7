"""Audio files: their bytes, their samples, and names that are safe for them.

Reading bytes and naming files needs nothing; decoding and writing need the extra ``audio`` (soundfile, soxr).
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from balsa_data.errors import InputError, MissingExtra

if TYPE_CHECKING:
    import numpy as np

    Samples = np.ndarray[Any, np.dtype[np.float32]]

__all__ = ["decode", "extension", "file_name", "join", "local_path", "located", "public_uri", "read", "slug", "wav"]

_MAGIC = ((b"RIFF", ".wav"), (b"fLaC", ".flac"), (b"OggS", ".ogg"), (b"ID3", ".mp3"), (b"\xff\xfb", ".mp3"))


def local_path(audio: str) -> Path | None:
    """Return the file a path or ``file:`` URI names; None for any other URI."""
    if audio.startswith("file:"):
        return Path(unquote(audio.removeprefix("file:").removeprefix("//")))
    return None if "://" in audio else Path(audio)


def located(audio: str, run: Path) -> str:
    """Return where an audio file of a run is: a relative path counts from here, else from above the run's folder.

    A recipe's paths are relative to where its run was made, which need not be where it is exported.

    Args:
        audio: A path or URI; URIs and absolute paths are returned as they are, as is what is not found.
        run: The run's folder.
    """
    path = local_path(audio)
    if path is None or path.is_absolute() or path.exists():
        return audio
    return next((str(base / path) for base in run.absolute().parents if (base / path).exists()), audio)


def public_uri(uri: str) -> str:
    """Return a URI without what may be secret in it: user, password, query and fragment."""
    scheme, _, rest = uri.partition("://")
    place, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"


def read(audio: str | bytes) -> bytes:
    """Return the bytes of an audio file given as path, URI or bytes.

    Raises:
        InputError: It cannot be read, or is empty.
    """
    if isinstance(audio, bytes):
        data = audio
    else:
        path = local_path(audio)
        try:
            if path is not None:
                data = path.read_bytes()
            else:
                import fsspec  # datasets brings it

                with fsspec.open(audio, "rb") as file:
                    data = file.read()
        except Exception as error:  # a remote file system raises what it likes
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise InputError(f"cannot read the audio file {_shown(audio)}: {reason}") from None
    if not data:
        raise InputError(f"the audio file {_shown(audio)} is empty: replace it, or leave the clip out")
    return data


def slug(text: str, length: int = 80) -> str:
    """Return ASCII letters, digits, ``-`` and ``_`` that remind of `text`; ``"x"`` when nothing of it remains."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-")[:length].rstrip("-") or "x"


def file_name(clip_id: str, data: bytes, extension: str) -> str:
    """Name a clip's audio file: safe on any file system whatever the id holds, and the same wherever it is made.

    The hash of the content makes it unique where ids are too long, differ in case alone or are not ASCII, and keeps it
    from being a reserved device name.

    Args:
        clip_id: The clip's id.
        data: The file's bytes.
        extension: With its dot.
    """
    tail = hashlib.sha256(clip_id.encode() + b"\0" + data).hexdigest()[:16]
    return f"{slug(clip_id)}-{tail}{extension}"


def extension(data: bytes, path: str | None = None) -> str:
    """Return an audio file's extension, from its content, else from its path; ``""`` when neither tells."""
    found = next((suffix for magic, suffix in _MAGIC if data.startswith(magic)), None)
    if found is None and path is not None:
        found = PurePosixPath(re.split(r"[?#]", path, maxsplit=1)[0] if "://" in path else path).suffix.lower()
    return found if found and re.fullmatch(r"\.[a-z0-9]{1,5}", found) else ""


def decode(data: bytes, rate: int, what: str) -> Samples:
    """Decode an audio file to mono float32 in [-1, 1) at `rate` Hz; channels are averaged.

    Args:
        data: The file's bytes.
        rate: In Hz.
        what: What it is called in messages.

    Returns:
        Shape (frames,).

    Raises:
        InputError: It is not audio that libsndfile reads, or holds no frame.
        MissingExtra: soundfile or soxr is not installed.
    """
    soundfile, soxr = _libraries()
    try:
        samples, source_rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise InputError(f"cannot decode {what} ({error.error_string.rstrip('.')}): give it as WAV or FLAC") from None
    if not len(samples):
        raise InputError(f"{what} holds no audio: replace it, or leave the clip out")
    mono = samples.mean(axis=1) if samples.shape[1] > 1 else samples[:, 0]
    resampled: Samples = mono if source_rate == rate else soxr.resample(mono, source_rate, rate)
    return resampled


def wav(samples: Samples, rate: int) -> bytes:
    """Return samples as a 16-bit WAV file; 16-bit audio that was not resampled comes out as it went in."""
    import numpy as np

    soundfile, _ = _libraries()
    integers = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
    buffer = io.BytesIO()
    soundfile.write(buffer, integers, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def join(parts: Sequence[Samples], rate: int, silence: float) -> Samples:
    """Put clips one after the other with `silence` seconds between them."""
    import numpy as np

    gap = np.zeros(round(silence * rate), dtype=np.float32)
    pieces = [piece for part in parts for piece in (gap, part)][1:]
    return np.concatenate(pieces)


def _libraries() -> tuple[Any, Any]:
    try:
        import soundfile
        import soxr
    except (ImportError, OSError):  # OSError: soundfile without libsndfile
        raise MissingExtra("soundfile and soxr", "audio", "decoding audio") from None
    return soundfile, soxr


def _shown(audio: str | bytes) -> str:
    if isinstance(audio, bytes):
        return "given as bytes"
    return os.fspath(PurePosixPath(audio)) if local_path(audio) is not None else public_uri(audio)
