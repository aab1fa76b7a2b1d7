"""What every export format keeps, found by being there: a new one is tested by existing."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile
from sources import Source, clip, demo, provenance, sample, tone

from balsa_data.dataset import build
from balsa_data.errors import InputError
from balsa_data.exports import EXPORTS, export, formats
from balsa_data.rows import COLUMNS

EVERY = pytest.mark.parametrize("name", formats())
PREFERENCE = pytest.mark.parametrize(
    "name", [n for n in formats() if EXPORTS.module(n.replace("-", "_")).FORMAT.preference]
)
NO_RESPONSES = {"hallucination-eval"}  # questions about the recordings
HOSTILE_IDS = (
    "../../etc/x",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "x" * 300,
    "🐕",
    "a b\n",
    "CON",
    ".",
    "..",
    "%2e%2e",
    "Ä",
    "ä",
    "$HOME",
)
HOSTILE_TEXTS = (
    "<audio>",
    "<|AUDIO|>",
    "<sound>",
    "<SpeechHere>",
    "</s>",
    '"}\n{"',
    "\u2028",
    "<image>",
    "{{x}}",
    "%d %s {0}",
)


def declared(name: str) -> Any:
    return EXPORTS.module(name.replace("-", "_")).FORMAT


def opened(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, with what is in its archives."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix == ".tar":
            with tarfile.open(path) as archive:
                for member in archive:
                    yield member.name, archive.extractfile(member).read()  # type: ignore[union-attr]  # all are files


def records(folder: Path) -> Iterator[Any]:
    for name, content in opened(folder):
        if name.endswith(".jsonl"):
            yield from (json.loads(line) for line in content.split(b"\n") if line)
        elif name.endswith(".json"):
            yield json.loads(content)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(item)


def audio(folder: Path) -> dict[str, bytes]:
    return {name: content for name, content in opened(folder) if name.endswith(".wav")}


def tree(folder: Path) -> dict[str, str]:
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def pairs(tmp_path: Path) -> Source:
    """A one-clip and a two-clip sample."""
    one, two = clip("one", tone(0.5)), clip("two", tone(0.75, 8000, 300, 2))
    made = provenance("s", strategy="random")
    first = sample("s1", [one], response=" One.\n", present=("dog",), absent=("cat",), provenance=made)
    return Source(tmp_path, [first, sample("s2", [one, two], "difference", "Compare.", "Two.", provenance=made)])


@EVERY
def test_a_format_says_how_it_is_used(name: str) -> None:
    assert declared(name).usage.endswith(".")
    assert (declared(name).tokens is None) == (not declared(name).limit)


@EVERY
def test_responses_are_word_for_word_and_prompts_are_there(name: str, tmp_path: Path) -> None:
    run = demo(tmp_path / "run")
    export(run, name, tmp_path / "out")
    found = Counter(text for record in records(tmp_path / "out") for text in strings(record))
    fitting = [s for s in run.samples if declared(name).clips is None or len(s.clips) <= declared(name).clips]
    for made in fitting if name not in NO_RESPONSES else ():
        assert found[made.response] >= sum(s.response == made.response for s in fitting)
        assert any(text.endswith(made.prompt) for text in found)


@EVERY
def test_every_sample_is_written_or_left_out_with_a_reason(name: str, tmp_path: Path) -> None:
    run = demo(tmp_path / "run")
    run.recipe["publish"] = {"test_fraction": 0.3}
    report = export(run, name, tmp_path / "out")
    if name not in NO_RESPONSES:
        written = sum(n for file, n in report.files.items() if "af2" not in file)  # one trainer's second version
        assert written + sum(report.left_out.values()) == len(run.samples)
    assert all(why.startswith(("with", "without", "whose")) for why in report.left_out)


@EVERY
def test_train_and_test_are_apart(name: str, tmp_path: Path) -> None:
    run = demo(tmp_path / "run")
    run.recipe["publish"] = {"test_fraction": 0.3}
    report = export(run, name, tmp_path / "out")
    assert {"train", "test"} == {part for file in report.files for part in ("train", "test") if part in file}


@EVERY
def test_audio_is_written_once_a_clip_as_16_khz_mono(name: str, tmp_path: Path) -> None:
    report = export(demo(tmp_path / "run"), name, tmp_path / "out")
    found = audio(tmp_path / "out")
    assert len(set(found.values())) == report.clips == 8
    if not declared(name).packed:
        assert len(found) == 8
    for content in found.values():
        info = soundfile.info(io.BytesIO(content))
        assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
    lengths = sorted(soundfile.info(io.BytesIO(c)).duration for c in set(found.values()))
    assert lengths == pytest.approx([0.4 + 0.1 * n for n in range(8)], abs=0.001)


@EVERY
def test_another_rate_can_be_asked_for(name: str, tmp_path: Path) -> None:
    export(demo(tmp_path / "run"), name, tmp_path / "out", audio_rate=24000)
    assert {soundfile.info(io.BytesIO(c)).samplerate for c in audio(tmp_path / "out").values()} == {24000}


@EVERY
def test_every_audio_that_is_named_is_there(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(demo(tmp_path / "run"), name, out)
    named = [text for record in records(out) for text in strings(record) if text.endswith(".wav")]
    for text in named:
        path = out / text if (out / text).exists() else out / "audio" / text
        assert path.is_file()
        assert out in path.resolve().parents
    assert named or declared(name).packed or name == "hallucination-eval"


@EVERY
def test_two_clips_are_two_in_order_or_left_out_or_joined(name: str, tmp_path: Path) -> None:
    run = pairs(tmp_path / "run")
    report = export(run, name, tmp_path / "out")
    if declared(name).clips is None:
        assert not report.left_out
        named = [
            Path(text).stem[:3] for record in records(tmp_path / "out") for text in strings(record) if ".wav" in text
        ]
        assert declared(name).packed or named[-3:] == ["one", "one", "two"]  # after another version of the trainer's
        return
    assert report.left_out == {"with several clips, where the format takes one": 1}
    joined = export(run, name, tmp_path / "joined", join=0.25)
    assert not joined.left_out
    assert joined.seconds == pytest.approx(0.5 + (0.5 + 0.25 + 0.75), abs=0.001)


@EVERY
def test_hostile_ids_stay_in_the_folder_and_apart(name: str, tmp_path: Path) -> None:
    made = provenance("s", strategy="random")
    samples = [
        sample(
            f"../{i}", [clip(id_, tone(0.1, 16000, 200 + 10 * i))], present=("dog",), absent=("cat",), provenance=made
        )
        for i, id_ in enumerate(HOSTILE_IDS)
    ]
    (tmp_path / "deep/er").mkdir(parents=True)
    before = tree(tmp_path)
    report = export(Source(tmp_path / "run", samples), name, tmp_path / "deep/er/out")
    out = str(tmp_path / "deep/er/out")
    assert report.clips == len(HOSTILE_IDS)
    assert not [path for path in tree(tmp_path) if path not in before and not path.startswith(out)]
    assert len(set(audio(Path(out)).values())) == len(HOSTILE_IDS)
    names = [Path(path).name for path in tree(Path(out))]
    assert len({n.lower() for n in names}) == len(names)
    assert all(n.isascii() and len(n) < 128 and n == n.strip(". ") for n in names)


@EVERY
def test_text_that_its_loader_takes_for_a_placeholder_is_left_out_and_any_other_is_kept(
    name: str, tmp_path: Path
) -> None:
    made = provenance("s", strategy="random")
    samples = [sample("ok", present=("dog",), absent=("cat",), provenance=made)]
    for i, text in enumerate(HOSTILE_TEXTS):
        samples.append(sample(f"r{i}", response=f"It says {text}.", present=("dog",), absent=("cat",), provenance=made))
        samples.append(sample(f"p{i}", prompt=f"What is {text}?", present=("dog",), absent=("cat",), provenance=made))
    report = export(Source(tmp_path / "run", samples), name, tmp_path / "out")
    reserved = [text for text in HOSTILE_TEXTS if any(token in text for token in declared(name).reserved)]
    assert sum(report.left_out.values()) == 2 * len(reserved)
    assert all("placeholder" in why for why in report.left_out)
    found = {text for record in records(tmp_path / "out") for text in strings(record)}
    if name not in NO_RESPONSES:
        assert {f"It says {text}." for text in HOSTILE_TEXTS if text not in reserved} <= found
    assert not [text for text in found if any(f"says {r}" in text for r in reserved)]


@EVERY
def test_the_same_samples_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    run = demo(tmp_path / "run")
    export(run, name, tmp_path / "out")
    first = tree(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "before")
    export(run, name, tmp_path / "out")
    assert tree(tmp_path / "out") == first


@EVERY
def test_a_published_dataset_exports_as_its_run_does(name: str, tmp_path: Path) -> None:
    run = demo(tmp_path / "run")
    run.recipe["publish"] = {"test_fraction": 0.3}
    build(run, tmp_path / "ds")
    found = []
    for source in (run, tmp_path / "ds", str(tmp_path / "ds")):
        report = export(source, name, tmp_path / "out")
        texts = Counter(text for record in records(tmp_path / "out") for text in strings(record))
        found.append((texts, {hashlib.sha256(c).hexdigest() for c in audio(tmp_path / "out").values()}, report.files))
        (tmp_path / "out").rename(tmp_path / f"out-{len(found)}")
    assert found[0] == found[1] == found[2]


@EVERY
def test_a_folder_with_something_in_it_is_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("x")
    with pytest.raises(InputError, match="not an empty folder"):
        export(demo(tmp_path / "run"), name, tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


@EVERY
def test_audio_that_cannot_be_read_costs_its_samples_only(name: str, tmp_path: Path) -> None:
    run = demo(tmp_path / "run")
    Path(str(run.samples[7].clips[0].audio)).unlink()
    Path(str(run.samples[6].clips[0].audio)).write_bytes(b"not audio")
    report = export(run, name, tmp_path / "out")
    assert report.left_out["whose audio cannot be read"] == 2
    assert any("clip-6" in warning for warning in report.warnings)
    assert not list(tmp_path.glob("*.partial"))


@EVERY
def test_nothing_to_write_is_an_error_that_says_why(name: str, tmp_path: Path) -> None:
    silent = clip().model_copy(update={"audio": None})
    with pytest.raises(InputError, match=r"there is no sample to write as .*: 1 without audio"):
        export(Source(tmp_path, [sample("a", [silent])]), name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@EVERY
def test_preference_pairs_are_written_or_refused(name: str, tmp_path: Path) -> None:
    run = demo(tmp_path / "run")
    if not declared(name).preference:
        with pytest.raises(InputError, match="preference pairs can be written as llamafactory, swift, trl, not as"):
            export(run, name, tmp_path / "out", preference=True)
        return
    report = export(run, name, tmp_path / "out", preference=True)
    assert report.files == {"train_dpo.jsonl": 2, "train_kto.jsonl": 4}
    pairs = [json.loads(line) for line in (tmp_path / "out/train_dpo.jsonl").read_text().splitlines()]
    for pair in pairs:
        texts = list(strings(pair))
        assert "There is no dog. Ünïcode: 狗 🐕" in texts  # accepted
        assert "A dog is heard." in texts  # refused for a false claim
        assert pair["reason"] == "contradicted"
        assert not {"", "A park."} & set(texts)  # refused for being empty, or for guessing: no false claim
    labels = [json.loads(line)["label"] for line in (tmp_path / "out/train_kto.jsonl").read_text().splitlines()]
    assert labels == [True, False, True, False]


@PREFERENCE
def test_preference_pairs_need_the_run(name: str, tmp_path: Path) -> None:
    build(demo(tmp_path / "run"), tmp_path / "ds")
    with pytest.raises(InputError, match="need the run itself"):
        export(tmp_path / "ds", name, tmp_path / "out", preference=True)


def test_an_unknown_format_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'llamafactory'"):
        export(demo(tmp_path / "run"), "llama-factory", tmp_path / "out")


def test_a_dataset_that_only_refers_to_its_audio_takes_it_from_where_it_is(tmp_path: Path) -> None:
    build(demo(tmp_path / "run"), tmp_path / "ds", audio="reference")
    with pytest.raises(InputError, match=r"15 whose audio cannot be read; the dataset only refers to 'take 0.flac'"):
        export(tmp_path / "ds", "desta", tmp_path / "out")
    report = export(tmp_path / "ds", "desta", tmp_path / "out", audio_root=tmp_path / "run/audio")
    assert report.files == {"train.jsonl": 15}


@pytest.mark.parametrize("path", ["../../secret.wav", "/secret.wav", "file:///secret.wav"])
def test_a_dataset_cannot_refer_to_files_outside_the_audio_root(path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(tone())
    (tmp_path / "run/audio").mkdir(parents=True)
    build(Source(tmp_path, [sample()]), tmp_path / "ds", audio="none")
    (shard,) = (tmp_path / "ds").rglob("*.parquet")
    forged = pq.read_table(shard).to_pylist()
    forged[0]["audios"] = [
        {"bytes": None, "path": path.replace("/secret", f"{tmp_path}/secret") if path[0] != "." else path}
    ]
    pq.write_table(pa.Table.from_pylist(forged, COLUMNS), shard)
    with pytest.raises(InputError, match="1 whose audio cannot be read"):
        export(tmp_path / "ds", "desta", tmp_path / "out", audio_root=tmp_path / "run/audio")


@pytest.mark.parametrize(
    ("name", "words", "warned"), [("desta", 300, True), ("desta", 30, False), ("ltu", 300, True), ("nemo", 9000, False)]
)
def test_a_response_that_a_trainer_would_cut_is_warned_of(name: str, words: int, warned: bool, tmp_path: Path) -> None:
    report = export(Source(tmp_path, [sample(response="word " * words)]), name, tmp_path / "out")
    assert bool(report.warnings) == warned
    if warned:
        assert f"1 samples are longer than {name}'s {declared(name).limit}" in report.warnings[0]


def test_audio_beyond_what_an_encoder_hears_is_warned_of(tmp_path: Path) -> None:
    halves = [clip("a", tone(20, 8000)), clip("b", tone(20, 8000, 300))]
    run = Source(tmp_path, [sample("s", halves, "difference")])
    assert export(run, "desta", tmp_path / "desta").warnings == ()  # 30 s a clip
    assert "beyond the 30 seconds" in export(run, "salmonn", tmp_path / "salmonn").warnings[0]  # 30 s together


def test_recordings_are_found_from_anywhere_though_the_recipe_named_them_from_where_the_run_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project/sounds").mkdir(parents=True)
    (tmp_path / "project/sounds/a.wav").write_bytes(tone())
    run = Source(tmp_path / "project/runs/one", [sample(clips=[clip("a", "sounds/a.wav")])])
    monkeypatch.chdir(tmp_path)
    assert export(run, "desta", tmp_path / "out").clips == 1
    assert build(run, tmp_path / "ds", audio="embed").total == 1


def test_references_into_several_corpora_are_led_by_their_names(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.wav").write_bytes(tone(hertz=200 if name == "one" else 400))
    clips = [clip(f"{name}/a", str(tmp_path / name / "a.wav"), dataset=name) for name in ("one", "two")]
    build(Source(tmp_path / "run", [sample("s", clips, "difference")]), tmp_path / "ds", audio="reference")
    report = export(tmp_path / "ds", "desta", tmp_path / "out", audio_root=tmp_path)
    assert len(set(audio(tmp_path / "out").values())) == report.clips == 2
    (tmp_path / "root").mkdir()
    for name in ("one", "two"):  # a corpus elsewhere is linked
        (tmp_path / "root" / name).symlink_to(tmp_path / name)
    assert export(tmp_path / "ds", "desta", tmp_path / "linked", audio_root=tmp_path / "root").clips == 2


def test_a_folder_that_is_no_dataset_is_refused_though_datasets_would_find_parquet_in_it(tmp_path: Path) -> None:
    build(demo(tmp_path / "run"), tmp_path / "run/dataset")
    with pytest.raises(InputError, match=r"neither a run \(no journal.db\) nor a dataset folder \(no balsa.json\)"):
        export(tmp_path / "run", "desta", tmp_path / "out")


@pytest.mark.parts
@pytest.mark.skipif("BALSA_PARTS" not in os.environ, reason="BALSA_PARTS names no folder of real parts")
@EVERY
def test_real_recordings_are_published_and_exported(name: str, tmp_path: Path) -> None:
    folder = Path(os.environ["BALSA_PARTS"]) / "sounds"
    known = [json.loads(line) for line in (folder / "clips.jsonl").read_text("utf-8").splitlines()]
    chosen = [k for k in known if k["audio"].endswith(".ogg")][:4] + [k for k in known if k["audio"].endswith(".flac")][
        :4
    ]
    made = provenance("s", strategy="random")
    clips = [clip(k["id"], str(folder / k["audio"])) for k in chosen]
    samples = [
        sample(c.id, [c], response=f"A {k['label']}.", present=(k["label"],), absent=("siren",), provenance=made)
        for c, k in zip(clips, chosen, strict=True)
    ]
    samples.append(sample("pair", [clips[0], clips[-1]], "difference", response="They differ."))
    build(Source(tmp_path / "run", samples), tmp_path / "ds")
    report = export(tmp_path / "ds", name, tmp_path / "out")
    assert report.clips == 8
    assert report.seconds > 1
    assert sum(report.left_out.values()) == (0 if declared(name).clips is None else 1)
