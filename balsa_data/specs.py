"""The parts of a recipe: what a corpus, negatives, pairing, limits, publishing and a judge are told by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from balsa_data.schemas import Record, Text

__all__ = ["SECRET", "CorpusSpec", "JudgeSpec", "Limits", "NegativeSpec", "PairingSpec", "Prices", "PublishSpec"]

Share = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]
Clips = Annotated[int, Field(ge=2, le=4)]
SECRET = re.compile(r"key|secret|password|credential|header|auth|token(?!s)", re.IGNORECASE)
"""Names of parameters whose values are never written down."""


def _without_secrets(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if not SECRET.search(name)}


def several(value: Any) -> Any:
    """Return one value as a list of one, for a validator."""
    return (value,) if isinstance(value, str | Path | Mapping) else value


Addresses = Annotated[tuple[Text, ...], BeforeValidator(several)]
Parameters = Annotated[dict[str, Any], PlainSerializer(_without_secrets)]


class CorpusSpec(Record):
    """One corpus of a recipe.

    Attributes:
        reader: Which reader of `balsa_data.corpora` reads it.
        path: Its file or folder (a repository id for ``hub``).
        options: The reader's own options.
        audio: What is asked of the audio files: ``ignore`` them, ``require`` each, or ``skip`` clips that lack theirs.
        share: The share of its clips that is taken, spread evenly.
        limit: At most so many clips of it.
        dataset: What it is called in what is published; by default as its reader is, or, read as jsonl or csv, its file.
    """

    reader: Text
    path: Text
    options: dict[str, Any] = {}
    audio: Literal["ignore", "require", "skip"] = "ignore"
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    limit: Count | None = None
    dataset: Text | None = None


class NegativeSpec(Record):
    """How sounds to deny are chosen.

    Attributes:
        guided: Share of the negative and combined samples in which the library chooses them; in the others, as in the
            paper, the backbone does (BALSa, P_neg). And of the yes/no questions in which it is told how to begin.
        strategies: Shares of random, popular and adversarial choices (the field's names: object hallucination,
            Interspeech 2024) among guided ones and questions.
        count: How many are denied at a time, at least and at most.
        ceiling: An adversarial choice is refused when it occurs with a sound that is present in more than this share of
            that sound's clips: it is then likely there, unmentioned. At 0.05, of the picks over AudioCaps' captions an
            estimated 1.9% are heard all the same; at 0.3 it is 3.4%, at random 0.3% (benchmarks/ceiling.py, by what
            AudioSet's annotators heard beside the same sounds).
    """

    guided: Annotated[float, Field(ge=0, le=1)] = 0.5
    strategies: dict[Literal["random", "popular", "adversarial"], Share] = {
        "random": 1.0,
        "popular": 1.0,
        "adversarial": 1.0,
    }
    count: tuple[Count, Count] = (2, 3)
    ceiling: Annotated[float, Field(gt=0, le=1)] = 0.05

    @model_validator(mode="after")
    def _usable(self) -> NegativeSpec:
        if not sum(self.strategies.values()):
            raise ValueError("strategies: at least one share must be above 0")
        if self.count[0] > self.count[1]:
            raise ValueError("count: write the smaller number first")
        return self


class PairingSpec(Record):
    """How clips are put together for samples about several.

    Attributes:
        clips: How many go together, at least and at most.
        strategies: Shares of ``random`` groups, ``similar`` ones (they share a sound or what it is a kind of, and differ),
            ``contrasting`` ones (nothing of the sort in common) and ``mixed`` ones (speech with other sound). Where one
            finds no clip, a random one is taken.
        datasets: Shares of groups from ``any`` datasets, from ``within`` one, and ``across`` several.
        guided: Share of these samples in which the library tells the backbone what each clip has, or has alone.
    """

    clips: tuple[Clips, Clips] = (2, 2)
    strategies: dict[Literal["random", "similar", "contrasting", "mixed"], Share] = {
        "random": 1.0,
        "similar": 1.0,
        "contrasting": 1.0,
        "mixed": 1.0,
    }
    datasets: dict[Literal["any", "within", "across"], Share] = {"any": 1.0}
    guided: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _usable(self) -> PairingSpec:
        for name in ("strategies", "datasets"):
            if not sum(getattr(self, name).values()):
                raise ValueError(f"{name}: at least one share must be above 0")
        if self.clips[0] > self.clips[1]:
            raise ValueError("clips: write the smaller number first")
        return self


class Limits(Record):
    """Where a run stops by itself, retries counted, and how it asks.

    Attributes:
        max_cost: In US dollars.
        max_tokens: Sent and written.
        max_requests: Tries, of whatever outcome.
        requests_per_minute: What the provider allows.
        tokens_per_minute: What the provider allows.
        hedge_after: Seconds after which a request that has no answer yet is sent a second time, one in ten at most.
    """

    max_cost: Annotated[float, Field(gt=0)] | None = None
    max_tokens: Count | None = None
    max_requests: Count | None = None
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    hedge_after: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class Prices(Record):
    """US dollars for a million tokens, for models whose price litellm does not know."""

    input: Share
    output: Share


class PublishSpec(Record):
    """How the dataset is published.

    Attributes:
        audio: ``embed`` it, ``reference`` it by path and source id, or ``none``; by licence where not said.
        test_fraction: Share of the recordings that makes the test split.
        license: Of the dataset's text, as a Hub licence id.
        language: Of the text.
        notes: What the card says beside its counts, in Markdown: what was read by hand, what the data is not for.
    """

    audio: Literal["embed", "reference", "none"] | None = None
    test_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.0
    license: Text | None = None
    language: tuple[Text, ...] = ("en",)
    notes: Text | None = None


class JudgeSpec(Record):
    """A model that is asked where the rules cannot tell whether a response is true; see `balsa_data.opinion`.

    Attributes:
        backbone: Any litellm model string.
        api_base: Where it answers.
        parameters: What is sent with each request.
        prices: For models litellm has no price of.
    """

    backbone: Text
    api_base: Addresses = ()
    parameters: Parameters = {"temperature": 0, "max_tokens": 200}
    prices: Prices | None = None
