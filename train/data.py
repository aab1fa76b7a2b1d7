"""From rows to examples.

A row that cannot be used is counted and named, and the next one of its task takes its place. Where training stands in
the data is one number, the draws made so far; going on from there gives the rows that would have come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from balsa_data.errors import InputError
from balsa_data.train.batch import Example
from balsa_data.train.chat import Chat
from balsa_data.train.encoder import Encoder, Sound
from balsa_data.train.rows import Row, backbone_of

__all__ = ["Reader", "backbone_id", "mismatch"]


@dataclass(frozen=True)
class Reader:
    """Turns rows into examples.

    Attributes:
        chat: The backbone's.
        encoder: Reads the audio.
        queries: Embeddings a window of audio.
        max_tokens: The longest example.
        audio_root: What relative audio paths start from.
        backbone: Whose responses to accept; None accepts all.
    """

    chat: Chat
    encoder: Encoder
    queries: int
    max_tokens: int
    audio_root: Path
    backbone: str | None = None

    def read(self, row: Row) -> Example:
        """Return a row as an example.

        Raises:
            InputError: It cannot be used; the message names the row.
        """
        name = f"row {row['id']}"
        try:
            return self._read(row, name)
        except InputError as error:
            raise InputError(str(error) if name in str(error) else f"{name}: {error}") from None

    def _read(self, row: Row, name: str) -> Example:
        for column in ("prompt", "response", "task"):
            if not isinstance(row[column], str) or not row[column].strip():
                raise InputError(f"{name} has no {column}")
        if not row["audios"]:
            raise InputError(f"{name} has no audio")
        sounds = tuple(self.sound(audio, f"clip {k} of {name}") for k, audio in enumerate(row["audios"], 1))
        response = self.chat.response(row["response"])
        ids = self.chat.request(row["prompt"], [self.embeddings(sound) for sound in sounds]) + response
        if len(ids) > self.max_tokens:
            raise InputError(f"{name} takes {len(ids)} tokens, more than max_tokens ({self.max_tokens})")
        text = row.get("seed_description") or "" if len(sounds) == 1 else ""
        return Example(str(row["id"]), row["task"], ids, len(response), sounds, text)

    def sound(self, audio: Any, what: str) -> Sound:
        """Read a clip as a row holds it: a path, or {"bytes", "path"}."""
        path = audio["path"] if isinstance(audio, Mapping) else audio
        data = audio.get("bytes") if isinstance(audio, Mapping) else None
        if data is None and not path:
            raise InputError(f"{what} comes without audio: give its dataset as a run or with embedded audio")
        return self.encoder.load(data if data is not None else self._located(str(path)), what)

    def embeddings(self, sound: Sound) -> int:
        """Return how many embeddings a clip becomes."""
        return self.queries * -(-sound.frames // self.encoder.window)

    def _located(self, path: str) -> str:
        return path if "://" in path else str(self.audio_root / path)

    def examples(
        self, draws: Iterator[Callable[[], Row]], left_out: dict[str, str], warn: Callable[[str], None]
    ) -> Iterator[tuple[int, Example]]:
        """Yield the usable rows, each with how many draws it took.

        Args:
            draws: What fetches each row.
            left_out: The rows that could not be used, with the reason; new ones are added.
            warn: Told of each new one.

        Raises:
            InputError: A response is another backbone's, or a hundred draws in a row cannot be used.
        """
        taken = 0
        for fetch in draws:
            row, taken = fetch(), taken + 1
            if self.backbone and (other := backbone_of(row)) and backbone_id(other) != backbone_id(self.backbone):
                raise InputError(mismatch(other, self.backbone))
            name = str(row["id"])
            try:
                if name not in left_out:
                    yield taken, self.read(row)
                    taken = 0
            except InputError as error:
                left_out[name] = str(error)
                warn(f"left out: {error}")
            if taken == 100:
                raise InputError(f"{taken} rows one after the other cannot be used; the last: {left_out[name]}")


def backbone_id(name: str) -> str:
    """Return what identifies a backbone among its names: without provider, owner, file ending and case.

    ``hosted_vllm/meta-llama/Llama-3.1-8B-Instruct`` and ``meta-llama/Llama-3.1-8B-Instruct`` are the same weights, and
    ``local`` is the embedded SmolLM2-135M-Instruct.
    """
    last = name.rstrip("/").rpartition("/")[2].casefold().partition(":")[0]
    return "smollm2-135m-instruct" if last == "local" else last.removesuffix(".gguf")


def mismatch(theirs: str, ours: str) -> str:
    """Say that a dataset's responses are another backbone's."""
    return (
        f"the responses are {theirs}'s but the model's backbone is {ours}, so they are not self-generated and training on "
        "them makes it forget: use that backbone (name it by backbone_name where it is a folder), or set any_backbone: true"
    )
