"""Published rows: a sample as the columns that DeSTA-AQA5M has, and ours beside them.

``id, dataset, seed_description, prompt, messages, response`` mean what they mean in DeSTA-AQA5M (2507.02768), and
`messages` has its layout, so DeSTA2.5's trainer reads these rows as they are. Ours are ``task, audios, clip_ids,
present, absent, provenance``. Every column has one Arrow type, also where all its values are null, and nothing inside
`messages` is null: a null there reaches other trainers' chat templates as a key that exists.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from balsa_data.audio import located
from balsa_data.redact import redact
from balsa_data.schemas import AudioClip, Failure, Rejection, Sample, Usage

__all__ = ["AUDIO_TOKEN", "COLUMNS", "SYSTEM", "AudioFile", "SampleSource", "Stream", "local_audio", "row"]

AUDIO_TOKEN = "<|AUDIO|>"  # DeSTA's audio locator
SYSTEM = "Focus on the audio clips and instructions."  # DeSTA's default

T_co = TypeVar("T_co", covariant=True)
AudioFile = Mapping[str, bytes | str | None]  # {"bytes", "path"}, as datasets.Audio stores it


class Stream(Protocol[T_co]):
    """What can be counted and read again and again, one item at a time."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T_co]: ...


class SampleSource(Protocol):
    """What a dataset is made from; a run is one."""

    @property
    def folder(self) -> Path:
        """The run's own."""
        ...

    @property
    def recipe(self) -> Mapping[str, Any]:
        """In full, as plain data."""
        ...

    @property
    def planned(self) -> int:
        """How many requests there were; each became a sample, a rejection or a failure."""
        ...

    @property
    def samples(self) -> Stream[Sample]:
        """In plan order."""
        ...

    @property
    def rejections(self) -> Stream[Rejection]:
        """In plan order."""
        ...

    @property
    def failures(self) -> Stream[Failure]:
        """In plan order."""
        ...

    @property
    def usage(self) -> Usage:
        """Of all requests."""
        ...


def _struct(**fields: pa.DataType) -> pa.StructType:
    return pa.struct(list(fields.items()))


_STRINGS = pa.list_(pa.string())
_TYPES: dict[str, pa.DataType] = {
    "id": pa.string(),
    "dataset": pa.string(),
    "seed_description": pa.string(),
    "prompt": pa.string(),
    "messages": pa.list_(
        _struct(role=pa.string(), content=pa.string(), audios=pa.list_(_struct(audio=pa.string(), text=pa.string())))
    ),
    "response": pa.string(),
    "task": pa.string(),
    "audios": pa.list_(_struct(bytes=pa.binary(), path=pa.string())),
    "clip_ids": _STRINGS,
    "present": _STRINGS,
    "absent": _STRINGS,
    "provenance": _struct(
        backbone=pa.string(),
        parameters=pa.string(),
        recipe=pa.string(),
        prompt_name=pa.string(),
        prompt_hash=pa.string(),
        library_version=pa.string(),
        seed=pa.int64(),
        request_id=pa.string(),
        guided=pa.bool_(),
        strategy=pa.string(),
        attempt=pa.int64(),
        judge=pa.string(),
        usage=_struct(requests=pa.int64(), prompt_tokens=pa.int64(), completion_tokens=pa.int64(), cost=pa.float64()),
    ),
}


def _feature(name: str, kind: pa.DataType) -> Any:
    """Say a type in `datasets`' own words, in the spelling that every version of it reads."""
    if name == "audios":
        return [{"_type": "Audio"}]
    if pa.types.is_list(kind):
        return [_feature("", kind.value_type)]
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.name, field.type) for field in kind}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind)), "_type": "Value"}


COLUMNS = pa.schema(
    list(_TYPES.items()),
    metadata={"huggingface": json.dumps({"info": {"features": {k: _feature(k, t) for k, t in _TYPES.items()}}})},
)


def row(sample: Sample, place: Callable[[AudioClip], AudioFile | None]) -> dict[str, Any]:
    """Return a sample as a published row.

    Args:
        sample: What to publish.
        place: Where a clip's audio is or what it holds; None for a clip that comes without.
    """
    audios = [place(clip) for clip in sample.clips]
    datasets = dict.fromkeys(clip.dataset for clip in sample.clips if clip.dataset)
    heard = [
        {
            "audio": str(audio["path"]) if audio and audio["path"] else clip.id,
            "text": " ".join(segment.transcript for segment in clip.speech) or " ",  # DeSTA: a space where none speaks
        }
        for clip, audio in zip(sample.clips, audios, strict=True)
    ]
    content = f"{AUDIO_TOKEN}\n" * len(heard) + sample.prompt
    provenance = sample.provenance.model_dump()
    parameters = redact(sample.provenance.parameters)
    return {
        "id": sample.id,
        "dataset": "+".join(datasets) or None,
        "seed_description": sample.seed_description,
        "prompt": sample.prompt,
        "messages": [
            {"role": "system", "content": SYSTEM, "audios": []},
            {"role": "user", "content": content, "audios": heard},
        ],
        "response": sample.response,
        "task": sample.task,
        "audios": audios,
        "clip_ids": [clip.id for clip in sample.clips],
        "present": list(sample.present),
        "absent": list(sample.absent),
        "provenance": provenance | {"parameters": json.dumps(parameters, sort_keys=True, ensure_ascii=False)},
    }


def local_audio(run: Path, clip: AudioClip) -> AudioFile | None:
    """Return the audio of a clip of the run in this folder, as it is on this machine."""
    if clip.audio is None:
        return None
    if isinstance(clip.audio, bytes):
        return {"bytes": clip.audio, "path": None}
    return {"bytes": None, "path": located(clip.audio, run)}
