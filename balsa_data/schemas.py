"""The nouns of the library: clips go in; samples, rejections and failures come out.

Everything is frozen and refuses unknown fields, so that what was written once can be read back as it was.
"""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

__all__ = [
    "NO_USAGE",
    "Attempt",
    "AudioClip",
    "Failure",
    "Provenance",
    "Rejection",
    "Sample",
    "SoundEvent",
    "SpeechSegment",
    "Usage",
    "Verdict",
    "problems",
]

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Audio = Annotated[str | bytes | None, BeforeValidator(lambda v: os.fspath(v) if isinstance(v, os.PathLike) else v)]


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _not_before(end: float | None, start: float | None) -> float | None:
    if start is not None and end is not None and end < start:
        raise ValueError(f"{end:g} lies before {start:g}")
    return end


class SoundEvent(Record):
    """One sound that is heard in a clip, with its time in seconds from the start where that is known."""

    label: Text
    onset: Seconds | None = None
    offset: Seconds | None = None

    @field_validator("offset")  # of a model, a validator would be called also where nothing is timed
    @classmethod
    def _in_order(cls, offset: float | None, info: ValidationInfo) -> float | None:
        return _not_before(offset, info.data.get("onset"))


class SpeechSegment(Record):
    """What one speaker says, with its time in seconds and what is known of the voice.

    `attributes` holds what has no field of its own; its keys are shown to the backbone as they stand.
    """

    transcript: Text
    start: Seconds | None = None
    end: Seconds | None = None
    speaker: Text | None = None
    gender: Text | None = None
    age: Text | None = None
    emotion: Text | None = None
    accent: Text | None = None
    language: Text | None = None
    attributes: dict[Text, Text] = Field(default_factory=dict)  # a {} here is copied deeply, a clip at a time

    @field_validator("end")
    @classmethod
    def _in_order(cls, end: float | None, info: ValidationInfo) -> float | None:
        return _not_before(end, info.data.get("start"))


class AudioClip(Record):
    """One recording and what is known of it.

    Attributes:
        id: Unique within a corpus.
        audio: A path, a URI or the bytes of an audio file; None where only the metadata is at hand.
        duration: Length in seconds.
        captions: What is heard, in sentences; several by different annotators are one clip's, not several clips'.
        events: The sounds heard, timed or not.
        speech: What is said, and how.
        attributes: What else is known and audible (a music clip's genre, an instrument's family).
        dataset: The corpus it is from.
        license: Of the audio, as an SPDX id where there is one; None where unknown, which is taken as "not ours to give".
        recording: The recording it was cut from, where several clips share one; splits and pairs never mix such clips.
    """

    id: Text
    audio: Audio = None
    duration: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    captions: tuple[Text, ...] = ()
    events: tuple[SoundEvent, ...] = ()
    speech: tuple[SpeechSegment, ...] = ()
    attributes: dict[Text, Text] = Field(default_factory=dict)  # a {} here is copied deeply, a clip at a time
    dataset: Text | None = None
    license: Text | None = None
    recording: Text | None = None

    @property
    def described(self) -> bool:
        """Whether anything is known of what is heard."""
        return bool(self.captions or self.events or self.speech or self.attributes)


class Verdict(Record):
    """What one check says of one response.

    Attributes:
        ok: Whether the response passed.
        check: The check's name.
        reason: Why not, as a short name to count by; None when it passed.
        detail: The same in one sentence.
        span: Where in the response, as (start, end) characters.
        doubt: Whether the rules cannot tell, so that a judge may (a recipe's ``judge``).
    """

    ok: bool
    check: str
    reason: str | None = None
    detail: str | None = None
    span: tuple[int, int] | None = None
    doubt: bool = False


class Usage(Record):
    """What was asked of a backbone and what it took; sums with ``+``.

    Attributes:
        requests: Calls made, retries included.
        prompt_tokens: Tokens sent.
        completion_tokens: Tokens written.
        cost: In US dollars; None where the model's price is not known.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = 0.0

    def __add__(self, other: Usage) -> Usage:
        if other is NO_USAGE or self is NO_USAGE:
            return self if other is NO_USAGE else other
        return Usage(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost=None if self.cost is None or other.cost is None else self.cost + other.cost,
        )


NO_USAGE = Usage()


class Attempt(Record):
    """A response that was not accepted, kept with what was wrong with it."""

    response: str
    finish_reason: str | None = None
    verdicts: tuple[Verdict, ...] = ()


class Provenance(Record):
    """How a sample came to be, so that it can be made again.

    Attributes:
        backbone: The litellm model string, and `parameters` what was sent with each request.
        recipe: The recipe's name.
        prompt_name: The template the request was rendered with, and `prompt_hash` of template and pool as they stood.
        guided: Whether the library chose the sounds to deny (else the backbone did).
        strategy: How they were chosen (random, popular or adversarial), or how several clips were put together (random,
            similar, contrasting or mixed; with the datasets where those were asked for: ``random/within``).
        attempt: Which draw was accepted or last, counted from 0.
        judge: The model that decided where the checks could not tell; None where they could.
        usage: Of this request, all attempts and retries included.
    """

    backbone: str
    parameters: dict[str, Any] = {}
    recipe: str
    prompt_name: str
    prompt_hash: str
    library_version: str
    seed: int
    request_id: str
    guided: bool = False
    strategy: str | None = None
    attempt: int = 0
    judge: str | None = None
    usage: Usage = NO_USAGE


class _Outcome(Record):
    """What sample, rejection and failure share: the request they answer."""

    id: str
    task: str
    clips: tuple[AudioClip, ...]
    prompt: str
    seed_description: str
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    provenance: Provenance


class Sample(_Outcome):
    """Clips, a prompt and the backbone's verbatim response, which passed every check.

    `prompt` is what the ALLM is trained with (any guidance the backbone was given is not in it); `present` and `absent`
    are the sounds the response says are heard and are not, by the taxonomy; `earlier` are the draws that failed before.
    """

    outcome: Literal["sample"] = "sample"
    response: str
    earlier: tuple[Attempt, ...] = ()


class Rejection(_Outcome):
    """A request whose every response failed a check; all are kept with their reasons."""

    outcome: Literal["rejection"] = "rejection"
    attempts: Annotated[tuple[Attempt, ...], Field(min_length=1)]

    @property
    def reason(self) -> str:
        """The first reason against the last response, to count by."""
        return next(v.reason or v.check for v in self.attempts[-1].verdicts if not v.ok)


class Failure(_Outcome):
    """A request the backbone gave no answer to, and why."""

    outcome: Literal["failure"] = "failure"
    reason: str
    detail: str
    attempts: tuple[Attempt, ...] = ()


def problems(error: ValidationError) -> str:
    """Say what pydantic found wrong as one line, each problem with its field."""
    return "; ".join(
        f"{'.'.join(map(str, e['loc'])) or 'record'}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()
    )
