"""A run becomes a dataset folder: complete, verified, the same every time, and safe to show to others."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sources import Source, clip, demo, provenance, refused, sample, tone

from balsa_data import shards
from balsa_data.audio import decode, file_name, join, slug, wav
from balsa_data.dataset import MANIFEST, build, load_rows, to_dataset, verify
from balsa_data.errors import DatasetError, InputError
from balsa_data.licences import hub_id, redistributable, withheld
from balsa_data.redact import HIDDEN, redact
from balsa_data.rows import COLUMNS
from balsa_data.schemas import Sample, SpeechSegment
from balsa_data.splits import side, split

DESTA = {"id", "dataset", "seed_description", "prompt", "messages", "response"}


@pytest.fixture
def run(tmp_path: Path) -> Source:
    return demo(tmp_path / "run")


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for _, row in load_rows(folder)]


def card(folder: Path) -> tuple[dict[str, Any], str]:
    _, front, text = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    return yaml.safe_load(front), text


def test_every_sample_is_in_it_word_for_word_with_its_audio_byte_for_byte(run: Source, tmp_path: Path) -> None:
    build(run, tmp_path / "ds")
    published = {row["id"]: row for row in rows(tmp_path / "ds")}
    assert len(published) == len(run.samples)
    for made in run.samples:
        row = published[made.id]
        assert row["response"] == made.response
        assert row["prompt"] == made.prompt
        assert row["clip_ids"] == [c.id for c in made.clips]
        assert [a["bytes"] for a in row["audios"]] == [Path(str(c.audio)).read_bytes() for c in made.clips]
        assert row["provenance"]["request_id"] == made.id
        assert json.loads(row["provenance"]["parameters"]) == made.provenance.parameters


def test_columns_are_destas_and_ours_and_messages_are_as_its_loader_reads_them(run: Source, tmp_path: Path) -> None:
    build(run, tmp_path / "ds")
    for row in rows(tmp_path / "ds"):
        assert set(row) == DESTA | {"task", "audios", "clip_ids", "present", "absent", "provenance"}
        system, user = row["messages"]
        assert (system["role"], user["role"]) == ("system", "user")
        assert system["audios"] == []
        assert user["content"].count("<|AUDIO|>") == len(user["audios"]) == len(row["clip_ids"])
        assert user["content"].endswith(f"\n{row['prompt']}")
        assert all(isinstance(a["text"], str) and a["text"] for a in user["audios"])  # null breaks DeSTA's tokenizer
    said = next(r for r in rows(tmp_path / "ds") if r["clip_ids"] == ["clip-1"])["messages"][1]["audios"][0]["text"]
    assert said == "Good boy. Sit!"


def test_there_is_one_config_a_task_and_default_for_all(run: Source, tmp_path: Path) -> None:
    build(run, tmp_path / "ds")
    counts = Counter(s.task for s in run.samples)
    for task, count in counts.items():
        loaded = datasets.load_dataset(str(tmp_path / "ds"), task, split="train", cache_dir=str(tmp_path / "cache"))
        assert len(loaded) == count
        assert set(loaded["task"]) == {task}
    everything = datasets.load_dataset(str(tmp_path / "ds"), cache_dir=str(tmp_path / "cache"))
    assert len(everything["train"]) == counts.total()
    assert everything["train"].features["audios"] == datasets.List(datasets.Audio())


def test_streamed_and_undecoded_audio_is_bytes_and_path(run: Source, tmp_path: Path) -> None:
    build(run, tmp_path / "ds")
    streamed = datasets.load_dataset(str(tmp_path / "ds"), split="train", streaming=True).decode(False)
    loaded = datasets.load_dataset(str(tmp_path / "ds"), split="train", cache_dir=str(tmp_path / "cache"))
    kept = loaded.cast_column("audios", [datasets.Audio(decode=False)])  # as the card says
    for one, other in zip(streamed, kept, strict=True):
        assert one == other
        assert all(decode(a["bytes"], 16000, "it").size and a["path"].endswith(".flac") for a in one["audios"])


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = demo(tmp_path / "a" / "run"), demo(tmp_path / "b" / "run")
    build(one, tmp_path / "a" / "ds")
    build(other, tmp_path / "b" / "ds")
    build(other, tmp_path / "b" / "ds")  # again, over the first
    assert files(tmp_path / "a" / "ds") == files(tmp_path / "b" / "ds")


def test_a_column_that_is_all_null_keeps_its_type(tmp_path: Path) -> None:
    bare = sample(clips=[clip(dataset=None, license=None)], provenance=provenance("s1", strategy=None))
    build(Source(tmp_path, [bare]), tmp_path / "bare", audio="none")
    build(demo(tmp_path / "run"), tmp_path / "full")
    schemas = [pq.read_schema(next((tmp_path / name / "data/positive").glob("*.parquet"))) for name in ("bare", "full")]
    assert schemas[0].equals(schemas[1], check_metadata=True)
    assert schemas[0].remove_metadata().equals(COLUMNS.remove_metadata())
    (row,) = rows(tmp_path / "bare")
    assert row["dataset"] is None
    assert row["audios"] == [None]


def test_many_shards_load_as_one(run: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(run, tmp_path / "one")
    monkeypatch.setattr(shards, "GROUP_ROWS", 2)  # constants, so that a test needs no gigabytes
    monkeypatch.setattr(shards, "SHARD_BYTES", 1)
    build(run, tmp_path / "many")
    names = sorted(path.name for path in (tmp_path / "many/data/positive").iterdir())
    assert names == [f"train-{i:05d}-of-00004.parquet" for i in range(4)]
    assert rows(tmp_path / "one") == rows(tmp_path / "many")


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=3, unique=True), max_size=40), st.floats(0, 0.99))
def test_no_recording_is_in_train_and_test(pairs: list[list[int]], fraction: float) -> None:
    # two clips a recording; a sample is in neither split only when its recordings fall on both sides
    found: dict[str, set[str]] = {"train": set(), "test": set()}
    for pair in pairs:
        clips = [clip(f"c{n}", b"x", recording=f"r{n // 2}") for n in pair]
        where = split(clips, fraction)
        if where is None:
            assert len({side(str(c.recording), fraction) for c in clips}) == 2
        else:
            found[where] |= {str(c.recording) for c in clips}
    assert not found["train"] & found["test"]


@given(st.text(min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_fraction_keeps_what_a_smaller_held_out(recording: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert side(recording, small) == "train" or side(recording, large) == "test"


def test_the_fraction_is_about_what_was_asked_for() -> None:
    held = sum(side(f"recording {n}", 0.1) == "test" for n in range(10_000))
    assert 900 < held < 1100


def test_samples_over_both_sides_are_left_out_and_counted(run: Source, tmp_path: Path) -> None:
    run.recipe["publish"] = {"test_fraction": 0.3}
    manifest = build(run, tmp_path / "ds")
    straddling = [s for s in run.samples if split(s.clips, 0.3) is None]
    assert straddling, "the demo has one"
    assert manifest.left_out == {"difference": len(straddling)}
    assert manifest.total + len(straddling) == len(run.samples)
    assert f"{len(straddling)} of difference" in card(tmp_path / "ds")[1]
    heard = {
        where: {c for w, row in load_rows(tmp_path / "ds") if w == where for c in row["clip_ids"]}
        for where in ("train", "test")
    }
    assert heard["train"]
    assert heard["test"]
    assert not heard["train"] & heard["test"]


@pytest.mark.parametrize(
    ("licences", "chosen", "becomes"),
    [
        (("CC-BY-4.0", "CC0-1.0"), None, "embed"),
        (("CC-BY-4.0", None), None, "reference"),
        (("CC-BY-ND-4.0",), None, "reference"),
        (("as is, see the copyright file",), None, "reference"),
        (("CC-BY-4.0", None), "embed", "embed"),
        (("CC-BY-4.0",), "none", "none"),
        ((withheld("CC0-1.0"), "CC0-1.0"), None, "reference"),
        ((withheld("CC0-1.0"),), "embed", "embed"),
    ],
)
def test_audio_is_embedded_when_every_licence_allows_it_or_the_user_says_so(
    licences: tuple[str | None, ...], chosen: Any, becomes: str, tmp_path: Path
) -> None:
    made = [sample(f"s{i}", [clip(f"c{i}", license=licence)]) for i, licence in enumerate(licences)]
    run = Source(tmp_path, made, recipe={"name": "demo", "publish": {"audio": chosen}})
    manifest = build(run, tmp_path / "ds")
    assert manifest.audio == becomes
    assert bool(manifest.withheld) == (becomes == "reference" and chosen is None)  # and it says for whose sake
    assert any(a and a["bytes"] for row in rows(tmp_path / "ds") for a in row["audios"]) == (becomes == "embed")


def test_an_argument_wins_over_the_recipe(run: Source, tmp_path: Path) -> None:
    run.recipe["publish"] = {"audio": "embed"}
    assert build(run, tmp_path / "ds", audio="none").audio == "none"


def test_references_are_relative_and_without_credentials(tmp_path: Path) -> None:
    for name in ("dev/a.wav", "eval/x/b.wav"):
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(tone())
    clips = [
        clip("a", str(tmp_path / "corpus/dev/a.wav")),
        clip("b", str(tmp_path / "corpus/eval/x/b.wav")),
        clip("c", "https://user:pass@example.org/c.wav?token=abc#now"),
        clip("d", b"RIFF"),
    ]
    build(Source(tmp_path / "run", [sample(c.id, [c]) for c in clips]), tmp_path / "ds", audio="reference")
    paths = {row["id"]: row["audios"][0] and row["audios"][0]["path"] for row in rows(tmp_path / "ds")}
    assert paths == {"a": "dev/a.wav", "b": "eval/x/b.wav", "c": "https://example.org/c.wav", "d": None}


def test_nothing_of_this_machine_and_no_secret_is_published(
    run: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_PROVIDER_API_KEY", "correct-horse-battery")
    secrets = {
        "api_key": "very-secret",
        "headers": {"Authorization": "Bearer abc"},
        "note": "the key is correct-horse-battery",
    }
    run.recipe |= {
        "api_base": "https://me:hunter2@example.org/v1",
        "prompts": str(tmp_path / "prompts"),
        "parameters": secrets,
    }
    parameters = {"api_key": "very-secret", "extra": "sk-0123456789abcdef0123", "max_tokens": 9}
    run.samples = [s.model_copy(update={"provenance": provenance(s.id, parameters=parameters)}) for s in run.samples]
    build(run, tmp_path / "ds", audio="reference")
    everything = (tmp_path / "ds/README.md").read_text("utf-8") + json.dumps(rows(tmp_path / "ds"))
    for hidden in ("very-secret", "Bearer abc", "correct-horse", "hunter2", "sk-0123", str(tmp_path)):
        assert hidden not in everything
    assert '\\"max_tokens\\": 9' in everything


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_redacting_twice_is_redacting_once(data: Any) -> None:
    assert redact(redact(data)) == redact(data)


def test_numbers_are_no_secrets_but_keys_are() -> None:
    said = redact({"max_tokens": 5, "openai_api_key": "x", "tokens": ["a"], "monkey": "b", "seed": 1, "password": None})
    assert said == {
        "max_tokens": 5,
        "openai_api_key": HIDDEN,
        "tokens": HIDDEN,
        "monkey": "b",
        "seed": 1,
        "password": None,
    }


def test_the_card_says_what_the_hub_reads(run: Source, tmp_path: Path) -> None:
    run.recipe["publish"] = {"language": ["en"], "test_fraction": 0.3}
    build(run, tmp_path / "ds", repo_id="me/demo")
    metadata, text = card(tmp_path / "ds")
    assert metadata["license"] == "cc-by-4.0"
    assert metadata["size_categories"] == ["n<1K"]
    assert metadata["source_datasets"] == ["extended|demo"]
    assert [c["config_name"] for c in metadata["configs"]] == ["default", "difference", "negative", "positive"]
    assert 'load_dataset("me/demo")' in text
    for said in ("hosted\\_vllm", "0123abcd", "absence", "contradicted", "2505.20166", "test_fraction: 0.3"):
        assert said in text
    shown = [s for s in run.samples if s.id in ("pos-0", "neg-0")]
    assert all(f"\n{s.response}\n" in text for s in shown)


@pytest.mark.parametrize(
    ("licences", "chosen", "said"),
    [
        (("CC-BY-4.0",), None, {"license": "cc-by-4.0"}),
        (("CC-BY-4.0", "MIT"), None, {"license": "other", "license_name": "several-by-recording"}),
        ((None,), None, {"license": "unknown"}),
        (("CC-BY-4.0",), "Apache-2.0", {"license": "apache-2.0"}),
        (("CC-BY-4.0",), "My Terms", {"license": "other", "license_name": "my-terms"}),
    ],
)
def test_licences_are_gathered_into_the_card(
    licences: tuple[str | None, ...], chosen: str | None, said: dict[str, str], tmp_path: Path
) -> None:
    made = [sample(f"s{i}", [clip(f"c{i}", license=licence)]) for i, licence in enumerate(licences)]
    build(Source(tmp_path, made, recipe={"name": "demo", "publish": {"license": chosen}}), tmp_path / "ds")
    metadata, text = card(tmp_path / "ds")
    assert {key: value for key, value in metadata.items() if key.startswith("license")} == said
    assert all((licence or "unknown") in text for licence in licences)


HOSTILE = "<script>alert(1)</script> | [x](javascript:y) ``` ```` ![](http://evil/p.png) {{ 7*7 }} --- \n# title\n---\n"


def test_text_from_metadata_is_never_markup(tmp_path: Path) -> None:
    made = sample(
        clips=[clip(HOSTILE, dataset=HOSTILE, license=HOSTILE)],
        prompt=HOSTILE,
        response=HOSTILE,
        present=(HOSTILE,),
        earlier=(refused(HOSTILE, "absence", HOSTILE),),
    )
    build(Source(tmp_path, [made], recipe={"name": "demo", "description": HOSTILE}), tmp_path / "ds", audio="embed")
    metadata, text = card(tmp_path / "ds")
    assert [c["config_name"] for c in metadata["configs"]] == ["default", "positive"]
    found = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    tokens = found + [child for token in found for child in token.children or ()]
    headings = [found[i + 1].content for i, token in enumerate(found) if token.type == "heading_open"]
    markup = [token.content for token in tokens if token.type in ("html_block", "html_inline")]
    assert headings == [
        "demo",
        "What is in it",
        "Sounds affirmed",
        "Columns",
        "How it was made",
        "One of each task",
        "positive",
        "Known limits",
        "Citation",
    ]
    assert "".join(markup).replace("\n", "") == "<details><summary>The recipe in full</summary></details>"
    assert not [token for token in tokens if token.type in ("link_open", "image", "hr")]
    assert "49" not in text
    (row,) = rows(tmp_path / "ds")
    assert row["response"] == HOSTILE
    assert "/" not in row["audios"][0]["path"]


def test_a_card_of_an_unfinished_run_says_so(tmp_path: Path) -> None:
    run = Source(tmp_path, [sample()])
    build(run, tmp_path / "whole")
    assert "have no outcome yet" not in card(tmp_path / "whole")[1]

    class Unfinished(Source):
        planned = 5

    build(Unfinished(tmp_path, [sample()]), tmp_path / "part")
    assert "4 have no outcome yet: the run was published before it was finished." in card(tmp_path / "part")[1]


def test_the_card_can_be_the_users_own(run: Source, tmp_path: Path) -> None:
    (tmp_path / "mine.jinja").write_text(
        "---\n{{ metadata }}\n---\n{{ name }}: {{ summary.total }} of {{ summary.clips }}"
    )
    build(run, tmp_path / "ds", template=tmp_path / "mine.jinja")
    assert card(tmp_path / "ds")[1] == f"demo: {len(run.samples)} of 8"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ nothing }}", "'nothing' is undefined"),
        ("# {{ name }}", "must begin with the lines"),
        ("---\nlicense: [\n---\n", "its metadata is not YAML"),
        ("{% if %}", ":1: "),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        (None, "No such"),
    ],
)
def test_a_bad_card_template_is_one_sentence(run: Source, tmp_path: Path, text: str | None, says: str) -> None:
    template = tmp_path / "mine.jinja"
    if text is not None:
        template.write_text(text)
    with pytest.raises(InputError, match=says):
        build(run, tmp_path / "ds", template=template)
    assert not (tmp_path / "ds").exists()


def test_what_does_not_load_as_it_was_written_is_refused(run: Source, tmp_path: Path) -> None:
    build(run, tmp_path / "ds")
    shard = next((tmp_path / "ds/data/negative").glob("*.parquet"))
    table = pq.read_table(shard)
    pq.write_table(table.slice(1), shard)
    with pytest.raises(DatasetError, match="does not load as it was written"):
        verify(tmp_path / "ds")
    changed = table.set_column(
        table.schema.get_field_index("response"), "response", [["There is no cat."] * len(table)]
    )
    pq.write_table(changed, shard)
    with pytest.raises(DatasetError, match="does not load as it was written"):
        verify(tmp_path / "ds")


def test_a_folder_that_holds_something_else_is_left_alone(run: Source, tmp_path: Path) -> None:
    (tmp_path / "ds").mkdir()
    (tmp_path / "ds/thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="not a dataset folder"):
        build(run, tmp_path / "ds")
    assert (tmp_path / "ds/thesis.tex").exists()


def test_a_failed_build_leaves_the_earlier_folder(run: Source, tmp_path: Path) -> None:
    build(run, tmp_path / "ds")
    before = files(tmp_path / "ds")
    Path(str(run.samples[2].clips[0].audio)).unlink()
    with pytest.raises(InputError, match=r"cannot read the audio file .*take 2.flac: No such file"):
        build(run, tmp_path / "ds")
    assert files(tmp_path / "ds") == before
    assert not (tmp_path / "ds.partial").exists()


def test_clips_without_audio_cannot_be_embedded(tmp_path: Path) -> None:
    silent = clip().model_copy(update={"audio": None})
    run = Source(tmp_path, [sample("a", [silent]), sample("b", [clip("c2")])])
    with pytest.raises(InputError, match="1 of 2 clips have none"):
        build(run, tmp_path / "ds", audio="embed")
    assert build(run, tmp_path / "ds").audio == "reference"


def test_what_is_no_dataset_of_ours_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot load .*nowhere as a dataset") as raised:
        next(load_rows(tmp_path / "nowhere"))
    assert "\n" not in str(raised.value)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/train.jsonl").write_text('{"id": "1", "text": "x"}\n')
    with pytest.raises(InputError, match="other is neither a run"):
        next(load_rows(tmp_path / "other"))
    (tmp_path / "other" / MANIFEST).write_text("{}")
    (tmp_path / "other/train.jsonl").unlink()
    pq.write_table(pa.table({"id": ["1"], "text": ["x"]}), tmp_path / "other/train.parquet")
    with pytest.raises(InputError, match="was not made by balsa-data: it has no column 'dataset'"):
        next(load_rows(tmp_path / "other"))


def test_an_empty_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no sample to publish"):
        build(Source(tmp_path), tmp_path / "ds")


def test_a_run_of_which_nothing_can_be_split_is_refused(tmp_path: Path) -> None:
    kept, held = (next(n for n in map(str, range(99)) if side(n, 0.3) == where) for where in ("train", "test"))
    run = Source(tmp_path, [sample("a", [clip(kept), clip(held)])])
    run.recipe["publish"] = {"test_fraction": 0.3}
    with pytest.raises(InputError, match=r"every sample .* both train and test: lower .*test_fraction, which is 0.3"):
        build(run, tmp_path / "ds")


def test_to_dataset_holds_every_sample_and_its_audio_column(run: Source) -> None:
    run.recipe["publish"] = {"test_fraction": 0.3}
    made = to_dataset(run)
    assert made["response"] == [s.response for s in run.samples]
    assert made.features["audios"] == datasets.List(datasets.Audio())
    plain = to_dataset(run).cast_column("audios", [datasets.Audio(decode=False)])
    for row, one in zip(plain, run.samples, strict=True):
        assert [a["path"] for a in row["audios"]] == [c.audio for c in one.clips]
        assert all(Path(a["path"]).exists() for a in row["audios"])


def test_a_run_may_be_opened_by_two_at_once(run: Source) -> None:
    """As the processes of a training run do."""
    samples, opened = run.samples, list[datasets.Dataset]()

    def while_another_opens_it() -> Iterator[Sample]:
        opened.append(to_dataset(Source(run.folder, samples)))
        yield from samples

    run.samples = while_another_opens_it()  # type: ignore[assignment]
    assert to_dataset(run)["id"] == opened[0]["id"] == [s.id for s in samples]


def test_the_manifest_counts_what_is_there(run: Source, tmp_path: Path) -> None:
    manifest = build(run, tmp_path / "ds")
    assert json.loads((tmp_path / "ds" / MANIFEST).read_text())["samples"] == manifest.samples
    assert manifest.samples == {"difference": {"train": 3}, "negative": {"train": 4}, "positive": {"train": 8}}


@given(st.text(), st.text(), st.binary(max_size=8))
def test_file_names_are_safe_and_tell_clips_apart(one: str, other: str, data: bytes) -> None:
    name = file_name(one, data, ".wav")
    assert name == Path(name).name
    assert len(name) < 128
    assert name.isascii()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
    assert slug(one) not in ("", ".", "..")
    assert (file_name(other, data, ".wav").lower() == name.lower()) == (one == other)


def test_audio_that_needs_no_resampling_comes_out_as_it_went_in() -> None:
    first = wav(decode(tone(rate=16000), 16000, "it"), 16000)
    assert first == wav(decode(first, 16000, "it"), 16000)


def test_joined_clips_have_silence_between() -> None:
    piece = decode(tone(0.5, 16000), 16000, "it")
    joined = join([piece, piece], 16000, 0.25)
    assert len(joined) == 2 * len(piece) + 4000
    assert not joined[len(piece) : len(piece) + 4000].any()


@pytest.mark.parametrize(
    ("licence", "free", "hub"),
    [
        ("CC-BY-4.0", True, "cc-by-4.0"),
        ("cc by 4.0", True, "cc-by-4.0"),
        ("https://creativecommons.org/licenses/by-nc/3.0/", True, "cc-by-nc-3.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", True, "cc0-1.0"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/", False, "cc-by-nc-nd-4.0"),
        ("http://creativecommons.org/licenses/sampling+/1.0/", False, None),
        ("ODC-By-1.0", True, "odc-by"),
        ("all rights reserved", False, None),
    ],
)
def test_licences_are_known_by_their_spdx_id_or_address(licence: str, free: bool, hub: str | None) -> None:
    assert redistributable(licence) is free
    assert hub_id(licence) == hub
    assert not redistributable(None)


def test_speech_is_told_apart_from_no_speech(tmp_path: Path) -> None:
    made = sample(clips=[clip("a", speech=(SpeechSegment(transcript="Hi."),)), clip("b")], task="difference")
    build(replace(Source(tmp_path), samples=[made]), tmp_path / "ds")
    (row,) = rows(tmp_path / "ds")
    assert [a["text"] for a in row["messages"][1]["audios"]] == ["Hi.", " "]


def test_the_card_says_what_was_read_by_hand_and_what_a_small_backbones_data_is_for(tmp_path: Path) -> None:
    recipe = {"name": "demo", "publish": {"notes": "Of 200 samples read by hand, **3** were wrong."}}
    local = provenance("s1", backbone="local")
    build(Source(tmp_path / "run", [sample(provenance=local)], recipe=recipe), tmp_path / "ds")
    card = (tmp_path / "ds" / "README.md").read_text("utf-8")
    assert "Of 200 samples read by hand, **3** were wrong." in card
    assert "not for training a model that is to be used" in card
    build(Source(tmp_path / "run", [sample()]), tmp_path / "other")
    assert "135M" not in (tmp_path / "other" / "README.md").read_text("utf-8")


def test_folders_of_one_name_and_a_folder_made_anew_are_not_taken_for_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """datasets remembers what it loaded by folder name, config and version."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    one, other = (
        Source(tmp_path / "one", [sample("a", [clip("a")])]),
        Source(tmp_path / "other", [sample("b", [clip("b")])]),
    )

    def loaded(folder: Path) -> list[str]:
        return list(datasets.load_dataset(str(folder), split="train")["id"])

    build(one, tmp_path / "one" / "dataset")
    build(other, tmp_path / "other" / "dataset")
    assert loaded(tmp_path / "one" / "dataset") != loaded(tmp_path / "other" / "dataset")
    before = loaded(tmp_path / "one" / "dataset")
    build(other, tmp_path / "one" / "dataset")
    assert loaded(tmp_path / "one" / "dataset") == loaded(tmp_path / "other" / "dataset") != before
