"""What every export shares: published rows made ready for a format, their audio written once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from balsa_data.audio import decode, file_name, join, read, wav
from balsa_data.dataset import load_rows
from balsa_data.errors import InputError, MissingExtra
from balsa_data.exports._output import Output
from balsa_data.preference import Rejected, false_claims
from balsa_data.rows import AudioFile, SampleSource, local_audio, row
from balsa_data.splits import split

if TYPE_CHECKING:
    from balsa_data.audio import Samples

__all__ = ["Clip", "Format", "Preparation", "Rejected", "Row"]

REMOTE = frozenset(
    {"gs", "hf", "http", "https", "s3"}
)  # where a published row may refer to; never a file of this machine
BYTES_PER_TOKEN = 4  # of text, about; the true count takes the trainer's tokenizer


@dataclass(frozen=True, kw_only=True)
class Format:
    """What a format can hold and what its trainer does to it.

    Attributes:
        usage: How the trainer is pointed at the folder, in one or two sentences.
        clips: How many clips a sample may have at most; None for any number.
        joins: Whether clips are put together on request though the format holds several.
        reserved: Texts that the loader takes for the place of an audio; samples that hold one cannot be told apart.
        limit: The trainer's setting that cuts a long sample without a word, and `tokens` its default.
        response_only: Whether only the response counts for it.
        tokens_per_clip: What a clip takes of it, and `tokens_per_second` what its length adds.
        seconds: What of a clip the encoder hears, or of all clips of a sample where they are `concatenated`.
        preference: Whether `export` takes ``preference``.
        packed: Whether the audio goes into archives.
    """

    usage: str
    clips: int | None = None
    joins: bool = False
    reserved: tuple[str, ...] = ()
    limit: str = ""
    tokens: int | None = None
    response_only: bool = False
    tokens_per_clip: int = 0
    tokens_per_second: float = 0.0
    seconds: float | None = None
    concatenated: bool = False
    preference: bool = False
    packed: bool = False


@dataclass(frozen=True)
class Clip:
    """A clip's audio as written.

    Attributes:
        path: Relative to the export's folder, with forward slashes.
        seconds: Its length.
        text: What is said in it; a space where nothing is.
    """

    id: str
    path: str
    seconds: float
    text: str


@dataclass(frozen=True)
class Row:
    """One sample, ready to be written; `rejected` is filled where preference pairs are asked for."""

    id: str
    split: str
    task: str
    dataset: str | None
    prompt: str
    response: str
    clips: tuple[Clip, ...]
    present: tuple[str, ...]
    absent: tuple[str, ...]
    strategy: str | None
    rejected: tuple[Rejected, ...] = ()


class Preparation:
    """Makes rows ready for one format.

    Attributes:
        left_out: Samples left out, by why.
        written: Audio files, and their `seconds` together.
    """

    def __init__(
        self,
        format_: Format,
        output: Output,
        rate: int,
        silence: float | None,
        preference: bool,
        audio_root: Path | None,
    ) -> None:
        self._format, self._output, self._rate, self._silence = format_, output, rate, silence
        self._preference, self._root = preference, audio_root
        self.left_out: Counter[str] = Counter()
        self.written = 0
        self.seconds = 0.0
        self._clips: dict[tuple[str, str], Clip] = {}
        self._own = False  # a run's own paths are taken as they are, a dataset's are not
        self._unread = ""
        self._long = self._longest = self._beyond = 0

    def rows(self, source: SampleSource | Path | str, revision: str | None) -> Iterator[Row]:
        """Yield what can be written, in the source's order."""
        for where, published, rejected in self._published(source, revision):
            if why := self._unfit(published, rejected):
                self.left_out[why] += 1
                continue
            try:
                clips = self._audio(published)
            except MissingExtra:
                raise
            except InputError as error:
                self._unread = self._unread or str(error)
                self.left_out["whose audio cannot be read"] += 1
                continue
            prepared = Row(
                id=published["id"],
                split=where,
                task=published["task"],
                dataset=published["dataset"],
                prompt=published["prompt"],
                response=published["response"],
                clips=clips,
                present=tuple(published["present"]),
                absent=tuple(published["absent"]),
                strategy=published["provenance"]["strategy"],
                rejected=rejected,
            )
            self._measure(prepared)
            yield prepared

    def warnings(self, name: str) -> Iterator[str]:
        """Yield what the user should know, in sentences."""
        if self._unread:
            yield self._unread
        if self._long:
            yield (
                f"{self._long} samples are longer than {name}'s {self._format.limit} of {self._format.tokens} tokens and would"
                f" lose the end of the response without a word: set it to {self._longest} or more"
                f" (estimated at {BYTES_PER_TOKEN} bytes a token)"
            )
        if self._beyond:
            yield f"{self._beyond} samples have audio beyond the {self._format.seconds:g} seconds that {name} hears"

    def _published(
        self, source: SampleSource | Path | str, revision: str | None
    ) -> Iterator[tuple[str, Mapping[str, Any], tuple[Rejected, ...]]]:
        if isinstance(source, Path | str):
            yield from ((where, published, ()) for where, published in load_rows(source, revision=revision))
            return
        test_fraction = float((source.recipe.get("publish") or {}).get("test_fraction") or 0.0)
        self._own = True
        for sample in source.samples:
            rejected = tuple(false_claims(sample)) if self._preference else ()
            if self._preference and not rejected:
                continue
            where = split(sample.clips, test_fraction)
            if where is None:
                self.left_out["with clips of both train and test"] += 1
            else:
                yield where, row(sample, partial(local_audio, source.folder)), rejected

    def _unfit(self, published: Mapping[str, Any], rejected: Sequence[Rejected]) -> str | None:
        texts = [published["prompt"], published["response"], *(r.response for r in rejected)]
        for token in self._format.reserved:
            if any(token in text for text in texts):
                return f"with the placeholder {token} in a text"
        most = self._format.clips
        if most is not None and len(published["audios"]) > most and self._silence is None:
            return "with several clips, where the format takes one"
        if not published["audios"] or not all(_given(audio) for audio in published["audios"]):
            return "without audio"
        return None

    def _audio(self, published: Mapping[str, Any]) -> tuple[Clip, ...]:
        heard = published["messages"][-1]["audios"]
        found = [
            (id_, audio, said["text"])
            for id_, audio, said in zip(published["clip_ids"], published["audios"], heard, strict=True)
        ]
        most = 1 if self._format.joins and self._silence is not None else self._format.clips
        if most is None or len(found) <= most:
            return tuple(self._single(*one) for one in found)
        return (self._joined(found),)

    def _single(self, id_: str, audio: AudioFile, text: str) -> Clip:
        key = id_, _identity(audio)
        if key not in self._clips:
            data = self._read(audio)
            samples = decode(data, self._rate, f"the audio of clip {id_!r}")
            self._clips[key] = self._write(id_, data, samples)
        return replace(self._clips[key], text=text)

    def _joined(self, found: Sequence[tuple[str, AudioFile, str]]) -> Clip:
        id_ = "+".join(one[0] for one in found)
        key = id_, "+".join(_identity(audio) for _, audio, _ in found)
        if key not in self._clips:
            parts = [self._read(audio) for _, audio, _ in found]
            pieces = [
                decode(data, self._rate, f"the audio of clip {one[0]!r}")
                for data, one in zip(parts, found, strict=True)
            ]
            whole = join(pieces, self._rate, self._silence or 0.0)
            self._clips[key] = self._write(id_, b"".join(hashlib.sha256(part).digest() for part in parts), whole)
        said = " ".join(text for _, _, text in found if text.strip())
        return replace(self._clips[key], text=said or " ")

    def _read(self, audio: AudioFile) -> bytes:
        data, path = audio["bytes"], str(audio["path"])
        if isinstance(data, bytes):
            return read(data)
        if self._own or path.partition("://")[0] in REMOTE:
            return read(path)
        if self._root is None:
            raise InputError(f"the dataset only refers to {path!r}: say where its recordings are (--audio-root)")
        if PurePath(path).is_absolute() or ".." in PurePath(path).parts:
            raise InputError(f"the audio path {path!r} leads out of {self._root}: mend the dataset")
        return read(str(self._root.absolute() / path))  # links in it are the user's own, as of a corpus kept elsewhere

    def _write(self, id_: str, data: bytes, samples: Samples) -> Clip:
        name = f"audio/{file_name(id_, data, '.wav')}"
        self._output.path(name).write_bytes(wav(samples, self._rate))
        seconds = len(samples) / self._rate
        self.written += 1
        self.seconds += seconds
        return Clip(id_, name, seconds, " ")

    def _measure(self, prepared: Row) -> None:
        format_ = self._format
        heard = sum(clip.seconds for clip in prepared.clips)
        at_once = heard if format_.concatenated else max(clip.seconds for clip in prepared.clips)
        if format_.seconds is not None and at_once > format_.seconds:
            self._beyond += 1
        if format_.tokens is None:
            return
        responses = [prepared.response, *(r.response for r in prepared.rejected)]
        text = max(len(response.encode()) for response in responses)
        text += 0 if format_.response_only else len(prepared.prompt.encode())
        text += sum(len(clip.text.encode()) for clip in prepared.clips if format_.tokens_per_clip)
        estimate = round(
            text / BYTES_PER_TOKEN + format_.tokens_per_clip * len(prepared.clips) + format_.tokens_per_second * heard
        )
        if estimate > format_.tokens:
            self._long += 1
            self._longest = max(self._longest, estimate)


def _given(audio: AudioFile | None) -> bool:
    return audio is not None and (audio["bytes"] is not None or audio["path"] is not None)


def _identity(audio: AudioFile) -> str:
    data = audio["bytes"]
    return hashlib.sha256(data).hexdigest() if isinstance(data, bytes) else str(audio["path"])
