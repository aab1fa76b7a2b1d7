"""Clips, samples and their kin are frozen, refuse what they don't know, and name the field that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from balsa_data import schemas
from balsa_data.schemas import AudioClip, Record, SoundEvent, SpeechSegment, Usage, problems

RECORDS = [c for c in vars(schemas).values() if isinstance(c, type) and issubclass(c, Record) and c is not Record]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.__name__)
def test_every_record_is_frozen_and_refuses_unknown_fields(record: type[Record]) -> None:
    assert record.model_config["frozen"]
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        record.model_validate({"no_such_field": 1})


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"id": "c", "duration": -1}, "duration"),
        ({"id": "c", "duration": 0}, "duration"),
        ({"id": "c", "duration": float("nan")}, "duration"),
        ({"id": " "}, "id"),
        ({"id": "c", "captions": ["A dog.", ""]}, "captions.1"),
        ({"id": "c", "events": [{"label": "dog", "onset": -0.1}]}, "events.0.onset"),
        ({"id": "c", "events": [{"label": "dog", "onset": 2, "offset": 1}]}, "events.0.offset"),
        ({"id": "c", "speech": [{"transcript": "Hi", "start": 2, "end": 1}]}, "speech.0.end"),
        ({"id": "c", "speech": [{"start": 1}]}, "speech.0.transcript"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, object], names: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AudioClip.model_validate(fields)
    assert problems(caught.value).startswith(f"{names}: ")


def test_audio_may_be_a_path_a_uri_or_bytes() -> None:
    assert AudioClip(id="c", audio=Path("a.wav")).audio == "a.wav"  # type: ignore[arg-type]  # converted on purpose
    assert AudioClip(id="c", audio="https://example.org/a.wav").audio == "https://example.org/a.wav"
    assert AudioClip(id="c", audio=b"RIFF").audio == b"RIFF"


texts = st.text(min_size=1, max_size=20).filter(lambda t: t.strip())
clips = st.builds(
    AudioClip,
    id=texts,
    captions=st.lists(texts, max_size=3),
    duration=st.none() | st.floats(0.01, 1e4),
    events=st.lists(
        st.builds(SoundEvent, label=texts, onset=st.floats(0, 5), offset=st.none() | st.floats(5, 9)), max_size=3
    ),
    speech=st.lists(st.builds(SpeechSegment, transcript=texts, gender=st.none() | texts), max_size=2),
    attributes=st.dictionaries(texts, texts, max_size=2),
)


@given(clips)
def test_a_clip_is_read_back_as_it_was_written(clip: AudioClip) -> None:
    assert AudioClip.model_validate_json(clip.model_dump_json(exclude_defaults=True)) == clip


usages = st.builds(Usage, requests=st.integers(0, 9), prompt_tokens=st.integers(0, 9), cost=st.none() | st.just(0.5))


@given(usages, usages)
def test_usage_adds_up_and_an_unknown_cost_stays_unknown(a: Usage, b: Usage) -> None:
    both = a + b
    assert both.requests == a.requests + b.requests
    assert both.prompt_tokens == a.prompt_tokens + b.prompt_tokens
    assert both.cost is None if None in (a.cost, b.cost) else both.cost == (a.cost or 0) + (b.cost or 0)
