"""Tables and documents: read as they are, or refused by line."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from balsa_data.corpora._files import Row, audio_of, grouped, pretty, table
from balsa_data.corpora._freesound import license_of
from balsa_data.corpora._json import json_items
from balsa_data.errors import CorpusError

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.tuples(CELLS, CELLS.map(lambda s: s + "."), CELLS), max_size=8))
def test_a_table_comes_back_as_it_was_written_with_the_lines_rows_start_at(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    file = tmp_path_factory.mktemp("table") / "t.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(["a", "b", "c"])
        writer.writerows(rows)
    read = list(table(file, ["a", "c"]))
    assert [tuple(row.values()) for row in read] == rows
    lines = file.read_bytes().split(b"\n")
    assert all(lines[int(row.place.rpartition(":")[2]) - 1].startswith(b'"') for row in read)


def test_a_row_is_told_by_the_line_it_starts_on(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text('a,b\n"one\ntwo",2\n\n# note\n3,4\n', "utf-8")
    assert [row.place.rpartition(":")[2] for row in table(file, comment="#")] == ["2", "6"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2,3\n", ":2: 3 fields, where there are 2 (a, b)"),
        ('a,b\n1,2\n3,"open\n5,6\n', ":3: the row that starts here cannot be read"),
        ("", ": the file is empty"),
        ("labels,b\n", ": no column 'label'; did you mean 'labels'?"),
    ],
)
def test_a_table_that_is_wrong_is_refused_by_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(CorpusError) as caught:
        list(table(file, ["label"] if "label" in says else []))
    assert f"{file}{says}" in str(caught.value)


def test_a_byte_order_mark_and_gzip_are_seen_through(tmp_path: Path) -> None:
    file = tmp_path / "t.csv.gz"
    file.write_bytes(gzip.compress("﻿a,b\n1,2\n".encode()))
    assert [dict(row) for row in table(file)] == [{"a": "1", "b": "2"}]
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(CorpusError, match="cannot be read"):
        list(table(file))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    members=st.dictionaries(
        st.text(max_size=5),
        st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=5)),
        max_size=6,
    ),
    indent=st.sampled_from([None, 0, 2]),
)
def test_a_document_read_item_by_item_is_the_document(
    tmp_path_factory: pytest.TempPathFactory, members: dict[str, dict[str, object]], indent: int | None
) -> None:
    file = tmp_path_factory.mktemp("json") / "d.json"
    file.write_text(json.dumps(members, indent=indent), "utf-8")
    assert {name: dict(row) for name, row in json_items(file)} == members
    file.write_text(json.dumps({"n": 1, "data": list(members.values()), "m": [{}]}, indent=indent), "utf-8")
    assert [dict(row) for _, row in json_items(file, "data")] == list(members.values())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", ":1: not valid JSON ('[', where '{' belongs)"),
        ('{"data": [{}, 3]}', ":1: a int, where an object belongs"),
        ('{"data": [{}]}\n{', ":2: not valid JSON ('{', where 'the end' belongs)"),
        ('{"dat": []}', ": no key 'data'; did you mean 'dat'?"),
        ('{"data": [\n{"a": 1}\n{"a": 2}]}', ":3: not valid JSON ('{', where ',' belongs)"),
    ],
)
def test_a_document_that_is_wrong_is_refused_by_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "d.json"
    file.write_text(text, "utf-8")
    with pytest.raises(CorpusError) as caught:
        list(json_items(file, "data"))
    assert str(caught.value) == f"{file}{says}"


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(keys=st.lists(st.sampled_from("abcd")))
def test_groups_are_whole_in_order_and_lose_nothing(keys: list[str]) -> None:
    rows = [Row([("key", key), ("number", n)], "") for n, key in enumerate(keys)]
    groups = list(grouped(lambda: iter(rows), lambda row: row["key"]))
    assert sorted(row["number"] for group in groups for row in group) == list(range(len(keys)))
    assert len(groups) == len(set(keys))
    assert all(len({row["key"] for row in group}) == 1 for group in groups)
    assert all(group == sorted(group, key=lambda row: row["number"]) for group in groups)


@pytest.mark.parametrize(
    ("label", "read"),
    [
        ("Children_playing", "children playing"),
        ("TV_on", "TV on"),
        ("Male speech, man speaking", "male speech, man speaking"),
        ("Music of Africa", "music of Africa"),
        ("A capella", "a capella"),
        ("dog", "dog"),
    ],
)
def test_labels_are_written_as_in_a_sentence(label: str, read: str) -> None:
    assert pretty(label) == read


@pytest.mark.parametrize(
    ("url", "spdx"),
    [
        ("http://creativecommons.org/licenses/by/3.0/", "CC-BY-3.0"),
        ("https://creativecommons.org/licenses/by-nc/4.0/", "CC-BY-NC-4.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://creativecommons.org/licenses/sampling+/1.0/", "http://creativecommons.org/licenses/sampling+/1.0/"),
        (None, None),
    ],
)
def test_licences_are_told_by_their_spdx_id(url: str | None, spdx: str | None) -> None:
    assert license_of(url) == spdx


def test_a_pattern_of_audio_names_its_columns() -> None:
    row = Row([("id", " x "), ("start", "7")], "t.csv:3")
    assert audio_of(row, "wav/{id}_{start:0>3}.wav", Path("corpus")) == "corpus/wav/x_007.wav"
    assert audio_of(row, "https://example.org/{id}", Path("corpus")) == "https://example.org/x"
    with pytest.raises(CorpusError, match=r"t.csv:3: option 'audio' \({strat}\) names no column; did you mean 'start'"):
        audio_of(row, "{strat}", Path())
    with pytest.raises(CorpusError, match="is no pattern"):
        audio_of(row, "{id", Path())
