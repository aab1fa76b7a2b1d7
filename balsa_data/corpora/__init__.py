"""Corpora: a reader a file, from a corpus' own files to clips.

A reader is a module here with ``LICENSE`` (of the audio, for the card; an SPDX id where there is one; None where each
clip must say its own), ``REDISTRIBUTABLE`` (whether the audio may be embedded in a published dataset; where the reader says no, no clip's licence
says yes), and ``read(path, *, options) -> Iterator[AudioClip]``, which streams: it holds no more of a corpus than it must.
Its docstring opens with source, licence, layout and one example row. A wrong row raises `CorpusError` naming file, line and field.
Audio that is missing is not a reader's business: it yields the path where the file belongs, and `load` looks.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from math import floor
from pathlib import Path
from typing import Any, Literal

from balsa_data.corpora._files import is_uri, located
from balsa_data.corpora._seen import Seen
from balsa_data.errors import CorpusError, RecipeError
from balsa_data.licences import withheld
from balsa_data.registry import Registry
from balsa_data.schemas import AudioClip
from balsa_data.specs import CorpusSpec

__all__ = ["CORPORA", "Clips", "load", "load_all"]

CORPORA = Registry(package="balsa_data.corpora", function="read", kind="reader")


class Clips(Iterator[AudioClip]):
    """The clips of one corpus, as a stream that refuses what cannot become a sample.

    Attributes:
        taken: Clips handed out so far.
        skipped: Clips left out so far because their audio file is missing.
    """

    def __init__(
        self,
        reader: str,
        path: str | os.PathLike[str],
        options: Mapping[str, Any] | None,
        audio: Literal["ignore", "require", "skip"],
        dataset: str | None,
    ) -> None:
        self.taken = self.skipped = 0
        self._path = Path(path)
        self._read = CORPORA.bind(reader, options)
        self._audio = audio
        self._license = CORPORA.module(reader).LICENSE
        self._withheld = self._license is not None and not CORPORA.module(reader).REDISTRIBUTABLE
        # A reader for one corpus has a licence to tell and is called like it; the others are told by the file they read.
        named = reader if self._license else re.sub(r"\.(jsonl?|csv|tsv)(\.gz)?$", "", self._path.name)
        self._dataset = dataset or named or reader
        self._stream = self._checked()

    def __next__(self) -> AudioClip:
        return next(self._stream)

    def _checked(self) -> Iterator[AudioClip]:
        seen = Seen()
        missing = None
        for place, clip in map(located, self._read(self._path)):
            at = f"{place or self._path}: clip {clip.id!r}"
            if not clip.described:
                raise CorpusError(f"{at} has no caption, event, speech or attribute: describe it, or remove it")
            # 64 bits a clip instead of its id; a digest met twice is looked at again before anyone is accused.
            digest = int.from_bytes(blake2b(clip.id.encode(), digest_size=8).digest()) or 1
            if seen.add(digest) and (first := self._first(clip.id, self.taken + self.skipped)):
                raise CorpusError(f"{at} is there twice (first at {first}): give each clip an id of its own")
            if self._audio != "ignore" and (lack := _lacking(clip.audio)):
                if self._audio == "require":
                    raise CorpusError(f"{at} {lack}: put the file there, or take audio: skip or audio: ignore")
                self.skipped += 1
                missing = missing or f"{at} {lack}"
                continue
            self.taken += 1
            license_ = clip.license or self._license
            if license_ and self._withheld:  # the clip is all that whoever publishes it will see
                license_ = withheld(license_)
            yield clip.model_copy(update={"dataset": clip.dataset or self._dataset, "license": license_})
        if missing and not self.taken:
            raise CorpusError(
                f"{self._path}: none of the {self.skipped} clips has its audio, the first: {missing}: put the files there, or take audio: ignore"
            )
        if not self.taken:
            raise CorpusError(f"{self._path}: the corpus is empty: look whether the path and the options are right")

    def _first(self, id: str, before: int) -> str | None:  # noqa: A002 (the field's name)
        """Return where an id stood first among the clips before one, by reading again."""
        for number, (place, clip) in enumerate(map(located, self._read(self._path))):
            if number >= before:
                return None
            if clip.id == id:
                return place or f"clip {number + 1}"
        return None


def load(
    reader: str,
    path: str | os.PathLike[str],
    *,
    options: Mapping[str, Any] | None = None,
    audio: Literal["ignore", "require", "skip"] = "ignore",
    dataset: str | None = None,
) -> Clips:
    """Stream a corpus' clips; each has a dataset, a licence where one is known, something said of it, and an id of its own.

    Args:
        reader: The reader's name.
        path: The corpus: a file or folder, as the reader says.
        options: The reader's options.
        audio: What to do about a clip without an audio file: take it all the same, refuse the corpus, or skip and count
            it. A URI counts as there.
        dataset: The name of the corpus, where a clip has none of its own; by default the reader's, or for a reader of any
            corpus the file's.

    Raises:
        InputError: There is no such reader.
        RecipeError: An option is unknown or of the wrong type.
        CorpusError: (while it is read) The corpus is empty, or a file or row of it cannot be used.
    """
    return Clips(reader, path, options, audio, dataset)


def load_all(specs: Sequence[CorpusSpec]) -> Iterator[AudioClip]:
    """Stream the clips of a recipe's corpora, one after the other; of several, each id is led by its corpus' name.

    Raises:
        RecipeError: There are no corpora.
        CorpusError: As `load`.
    """
    if not specs:
        raise RecipeError("the recipe has no corpora: write some, or hand clips to synthesize()")
    for spec in specs:
        clips = load(spec.reader, spec.path, options=spec.options, audio=spec.audio, dataset=spec.dataset)
        chosen = (c for i, c in enumerate(clips) if floor((i + 1) * spec.share) > floor(i * spec.share))
        for clip in islice(chosen, spec.limit):
            yield clip.model_copy(update={"id": f"{clip.dataset}/{clip.id}"}) if len(specs) > 1 else clip
        if clips.skipped:
            warnings.warn(f"{spec.path}: {clips.skipped} clips were skipped, their audio is missing", stacklevel=2)


def _lacking(audio: str | bytes | None) -> str | None:
    """Say what a clip lacks that should have audio; None where all is well."""
    if audio is None or audio == b"":
        return "has no audio"
    if isinstance(audio, bytes) or is_uri(audio) or Path(audio).is_file():
        return None
    return f"has no audio file at {audio}"
