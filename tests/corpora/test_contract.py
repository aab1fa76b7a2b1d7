"""What every reader keeps to, on a small corpus in the layout of its own (see conftest)."""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from balsa_data.corpora import CORPORA, load
from balsa_data.errors import CorpusError
from balsa_data.schemas import AudioClip

FIXTURES = Path(__file__).parent / "fixtures"
CASES = {p.name: json.loads((p / "case.json").read_text("utf-8")) for p in sorted(FIXTURES.iterdir())}
LATIN = "clotho_metadata_development.csv"  # published in ISO-8859-1, where every byte is a letter


def each(*kinds: str) -> list[Any]:
    """Return (reader, file, line that corrupts it) for every file of these kinds."""
    return [
        pytest.param(reader, name, line, id=f"{reader}-{name}")
        for reader, says in CASES.items()
        for kind in kinds
        for name, line in says.get(kind, {}).items()
    ]


def test_every_reader_has_a_fixture_and_every_fixture_a_reader() -> None:
    assert sorted(CASES) == CORPORA.names()


def test_reads_clips_that_say_something_and_have_ids_of_their_own(case: Any) -> None:
    clips = list(case.load())
    assert len(clips) >= 2
    assert all(clip.described and clip.dataset for clip in clips)
    assert len({clip.id for clip in clips}) == len(clips)


def test_reads_the_same_twice(case: Any) -> None:
    assert list(case.load()) == list(case.load())


def test_golden_first_clip(case: Any) -> None:
    clip = next(case.load())
    assert (
        json.loads(clip.model_dump_json(exclude_defaults=True).replace(str(case.root), "{root}")) == case.says["first"]
    )


def test_a_clip_is_a_plain_record(case: Any) -> None:
    clip = next(case.load())
    assert AudioClip.model_validate_json(clip.model_dump_json()) == clip
    assert set(vars(clip)) == set(AudioClip.model_fields)


@pytest.mark.parametrize(
    "reader", [name for name, says in CASES.items() if "audio" in says["first"] and "audio" not in says]
)
def test_audio_that_is_missing_is_refused_or_skipped_and_counted(corpus: Callable[[str], Any], reader: str) -> None:
    case = corpus(reader)
    with pytest.raises(CorpusError, match="has no audio file at"):
        next(case.load(audio="require"))
    clips = case.load(audio="skip")
    with pytest.raises(CorpusError, match=r"none of the \d clips has its audio"):
        next(clips)
    assert clips.skipped == len(list(case.load()))


@pytest.mark.parametrize("name", CORPORA.names())
def test_says_where_it_is_from_and_what_may_be_done_with_it(name: str) -> None:
    module = CORPORA.module(name)
    assert module.LICENSE is None or module.LICENSE.strip()
    assert isinstance(module.REDISTRIBUTABLE, bool)
    assert module.LICENSE or not module.REDISTRIBUTABLE
    for section in ("Source: ", "Licence: ", "Layout: ", "Example: "):
        assert re.search(f"^{section}", module.__doc__ or "", re.MULTILINE), f"{name} lacks {section!r}"
    assert get_type_hints(module.read)["path"] is Path
    for parameter in inspect.signature(module.read).parameters:
        assert f"        {parameter}: " in (module.read.__doc__ or ""), f"{name}: {parameter} is not documented"


@pytest.mark.parametrize(("reader", "name", "line"), each("tables"))
def test_a_table_that_is_missing_or_empty_is_named(
    corpus: Callable[[str], Any], reader: str, name: str, line: str
) -> None:
    case = corpus(reader)
    (case.root / name).write_bytes(b"")
    assert case.refusal()
    (case.root / name).unlink()
    assert f"{name}: no such file" in case.refusal()


@pytest.mark.parametrize(("reader", "name", "line"), [c for c in each("tables", "pieces") if LATIN not in c.id])
def test_a_line_that_is_not_utf_8_is_named(corpus: Callable[[str], Any], reader: str, name: str, line: str) -> None:
    case = corpus(reader)
    file = case.root / name
    count = len(file.read_bytes().splitlines())
    with file.open("ab") as out:
        out.write(b"caf\xe9\n")
    assert f"{name}:{count + 1}: byte 4 of the line is not UTF-8" in case.refusal()


@pytest.mark.parametrize(("reader", "name", "line"), [c for c in each("tables", "pieces") if c.values[2]])
def test_a_corrupt_line_is_named(corpus: Callable[[str], Any], reader: str, name: str, line: str) -> None:
    case = corpus(reader)
    file = case.root / name
    whole = file.read_bytes()
    if line == "cut":
        file.write_bytes(whole[: len(whole) // 2])
        assert re.search(rf"^{re.escape(name)}:\d+: not valid JSON", case.refusal())
    else:
        file.write_bytes(whole + line.encode() + b"\n")
        assert case.refusal().startswith(f"{name}:{len(whole.splitlines()) + 1}: ")


@pytest.mark.parametrize("reader", [name for name, says in CASES.items() if says.get("column")])
def test_a_missing_column_is_named(corpus: Callable[[str], Any], reader: str) -> None:
    case = corpus(reader)
    column = case.says["column"]
    for file in case.root.rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes().replace(column.encode(), b"other"))
    assert f"no column {column!r}" in case.refusal()


@pytest.mark.parametrize(("reader", "name", "line"), each("tables", "pieces"))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_a_file_is_more_than_a_refusal(
    corpus: Callable[[str], Any], tmp_path: Path, reader: str, name: str, line: str, data: st.DataObject
) -> None:
    shutil.rmtree(tmp_path / "corpus", ignore_errors=True)
    case = corpus(reader)
    file = case.root / name
    text = file.read_bytes().decode("iso-8859-1")
    start, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 12))
    damage = data.draw(st.sampled_from(["null", "[]", "{}", "-1", "NaN", "1e999", '""', "x", "\t", "\n", "\0", "[3]"]))
    file.write_bytes((text[:start] + damage + text[start + length :]).encode("iso-8859-1"))
    with contextlib.suppress(CorpusError):
        list(case.load())


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    row=st.dictionaries(
        st.sampled_from(
            [
                *sorted(AudioClip.model_fields),
                "audio_filepath",
                "text",
                "offset",
                "speaker",
                "gender",
                "sources",
                "recording_id",
                "supervisions",
                "start",
                "custom",
                "caption",
                "label",
                "transcript",
            ]
        ),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "type", "x"]), inner),
            max_leaves=4,
        ),
        max_size=8,
    ),
    reader=st.sampled_from(["jsonl", "nemo", "lhotse"]),
)
def test_no_json_is_more_than_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, row: dict[str, Any], reader: str
) -> None:
    file = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    file.write_text(json.dumps(row) + "\n", "utf-8")
    with contextlib.suppress(CorpusError):
        list(load(reader, file))
