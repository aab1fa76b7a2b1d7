"""Each format's records, letter for letter, for a one-clip and a two-clip sample."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import soundfile
from sources import Source, clip, provenance, refused, sample, tone

from balsa_data.exports import export
from balsa_data.schemas import SpeechSegment

PROMPT, RESPONSE = "Describe the audio.", "  A steady tone.\n"
COMPARE, DIFFERENCE = "Explain the difference between the two audio clips.", "The first is lower."


@pytest.fixture
def run(tmp_path: Path) -> Source:
    low = clip("low", tone(0.5, 16000, 200), dataset="esc50")
    high = clip("high", tone(0.25, 16000, 800), dataset="esc50", speech=(SpeechSegment(transcript="Hello."),))
    made = provenance("s1", strategy="popular", guided=True)
    one = sample("s1", [low], "negative", PROMPT, RESPONSE, present=("tone",), absent=("dog", "cat"), provenance=made)
    one = one.model_copy(update={"earlier": (refused("A dog.", "absence", "contradicted"),)})
    return Source(tmp_path / "run", [one, sample("s2", [low, high], "difference", COMPARE, DIFFERENCE)])


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def names(out: Path) -> tuple[str, str]:
    high, low = sorted(path.name for path in (out / "audio").iterdir())
    return low, high


def test_desta(run: Source, out: Path) -> None:
    export(run, "desta", out)
    low, high = names(out)
    system = {"role": "system", "content": "Focus on the audio clips and instructions."}
    audios = [{"audio": f"audio/{low}", "text": " "}, {"audio": f"audio/{high}", "text": "Hello."}]
    assert lines(out / "train.jsonl") == [
        {
            "id": "s1",
            "messages": [system, {"role": "user", "content": f"<|AUDIO|>\n{PROMPT}", "audios": audios[:1]}],
            "response": RESPONSE,
        },
        {
            "id": "s2",
            "messages": [system, {"role": "user", "content": f"<|AUDIO|>\n<|AUDIO|>\n{COMPARE}", "audios": audios}],
            "response": DIFFERENCE,
        },
    ]


def test_llamafactory(run: Source, out: Path) -> None:
    export(run, "llamafactory", out)
    low, high = names(out)
    assert lines(out / "train.jsonl") == [
        {
            "messages": [{"role": "user", "content": f"<audio>{PROMPT}"}, {"role": "assistant", "content": RESPONSE}],
            "audios": [f"audio/{low}"],
        },
        {
            "messages": [
                {"role": "user", "content": f"<audio><audio>{COMPARE}"},
                {"role": "assistant", "content": DIFFERENCE},
            ],
            "audios": [f"audio/{low}", f"audio/{high}"],
        },
    ]
    info = json.loads((out / "dataset_info.json").read_text())["balsa_train"]
    assert (info["file_name"], info["formatting"]) == ("train.jsonl", "sharegpt")
    assert info["columns"] == {"messages": "messages", "audios": "audios"}


def test_llamafactory_pairs(run: Source, out: Path) -> None:
    export(run, "llamafactory", out, preference=True)
    (pair,) = lines(out / "train_dpo.jsonl")
    assert pair["messages"] == [{"role": "user", "content": f"<audio>{PROMPT}"}]
    assert pair["chosen"] == {"role": "assistant", "content": RESPONSE}
    assert pair["rejected"] == {"role": "assistant", "content": "A dog."}
    info = json.loads((out / "dataset_info.json").read_text())
    assert info["balsa_train_dpo"]["ranking"] is True
    assert info["balsa_train_dpo"]["columns"]["rejected"] == "rejected"
    assert info["balsa_train_kto"]["columns"]["kto_tag"] == "label"


def test_swift(run: Source, out: Path) -> None:
    export(run, "swift", out)
    low, high = names(out)
    assert lines(out / "train.jsonl")[1] == {
        "messages": [
            {"role": "user", "content": f"<audio><audio>{COMPARE}"},
            {"role": "assistant", "content": DIFFERENCE},
        ],
        "audios": [str(out / "audio" / low), str(out / "audio" / high)],
    }


def test_swift_pairs(run: Source, out: Path) -> None:
    export(run, "swift", out, preference=True)
    (pair,) = lines(out / "train_dpo.jsonl")
    assert pair["messages"][-1]["content"] == RESPONSE
    assert pair["rejected_response"] == "A dog."
    assert [r["label"] for r in lines(out / "train_kto.jsonl")] == [True, False]


def test_trl(run: Source, out: Path) -> None:
    export(run, "trl", out)
    low, high = names(out)
    audios = [{"type": "audio", "audio": str(out / "audio" / name)} for name in (low, high)]
    assert lines(out / "train.jsonl")[1] == {
        "messages": [
            {"role": "user", "content": [*audios, {"type": "text", "text": COMPARE}]},
            {"role": "assistant", "content": [{"type": "text", "text": DIFFERENCE}]},
        ]
    }


def test_trl_pairs(run: Source, out: Path) -> None:
    export(run, "trl", out, preference=True)
    (pair,) = lines(out / "train_dpo.jsonl")
    assert [turn["role"] for key in ("prompt", "chosen", "rejected") for turn in pair[key]] == [
        "user",
        "assistant",
        "assistant",
    ]
    assert pair["rejected"][0]["content"] == [{"type": "text", "text": "A dog."}]
    assert [(r["completion"][0]["content"][0]["text"], r["label"]) for r in lines(out / "train_kto.jsonl")] == [
        (RESPONSE, True),
        ("A dog.", False),
    ]


def test_nemo(run: Source, out: Path) -> None:
    export(run, "nemo", out)
    low, high = names(out)
    assert lines(out / "train.jsonl")[1] == {
        "id": "s2",
        "conversations": [
            {"from": "User", "type": "audio", "value": f"audio/{low}", "duration": 0.5, "offset": 0.0},
            {"from": "User", "type": "audio", "value": f"audio/{high}", "duration": 0.25, "offset": 0.0},
            {"from": "User", "type": "text", "value": COMPARE},
            {"from": "Assistant", "type": "text", "value": DIFFERENCE},
        ],
        "custom": {"task": "difference"},
    }


def test_salmonn(run: Source, out: Path) -> None:
    export(run, "salmonn", out)
    low, high = (str(out / "audio" / name) for name in names(out))
    assert json.loads((out / "train.json").read_text()) == {
        "annotation": [
            {"path": low, "text": RESPONSE, "task": "QA", "Q": PROMPT},
            {"path": low, "expand_wav": [high], "text": DIFFERENCE, "task": "QA", "Q": COMPARE},
        ]
    }


def test_ltu(run: Source, out: Path) -> None:
    export(run, "ltu", out)
    (low,) = (out / "audio").iterdir()
    assert json.loads((out / "train.json").read_text()) == [
        {
            "instruction": PROMPT,
            "input": "",
            "audio_id": str(low),
            "dataset": "esc50",
            "task": "negative",
            "output": RESPONSE,
        }
    ]


def test_flamingo(run: Source, out: Path) -> None:
    report = export(run, "flamingo", out)
    low, high = (out / "audio" / name for name in names(out))
    assert json.loads((out / "af2-train.json").read_text()) == {
        "dataset_path": str(out),
        "split": "train",
        "split_path": "audio/",
        "flamingo_task": "AQA",
        "data": {"0": {"name": low.name, "prompt": PROMPT, "output": RESPONSE, "task": "AQA"}},
        "total_num": 1,
    }
    assert report.warnings[0].startswith("1 samples have several clips")
    one = [{"from": "human", "value": f"<sound>\n{PROMPT}"}, {"from": "gpt", "value": RESPONSE}]
    two = [{"from": "human", "value": f"<sound-1>\n<sound-2>\n{COMPARE}"}, {"from": "gpt", "value": DIFFERENCE}]
    assert json.loads((out / "af3-train.json").read_text()) == [
        {"id": "s1", "sound": str(low), "duration": 0.5, "conversations": one},
        {"id": "s2", "sound": [str(low), str(high)], "duration": 0.75, "conversations": two},
    ]


def test_flamingo_2_takes_clips_that_are_joined(run: Source, out: Path) -> None:
    export(run, "flamingo", out, join=0.5)
    names = [item["name"] for item in json.loads((out / "af2-train.json").read_text())["data"].values()]
    assert [soundfile.info(out / "audio" / name).duration for name in names] == [0.5, 1.25]
    assert all(isinstance(record["sound"], str) for record in json.loads((out / "af3-train.json").read_text()))


def test_slam(run: Source, out: Path) -> None:
    export(run, "slam", out)
    (low,) = (out / "audio").iterdir()
    common = {"key": "s1", "path": str(low), "source": str(low), "target": RESPONSE}
    assert lines(out / "train/multitask.jsonl") == [common | {"task": "balsa", "balsa": PROMPT}]
    assert lines(out / "prompts.jsonl") == [{"task": "balsa", "prompt": "{}"}]


def test_webdataset(run: Source, out: Path) -> None:
    export(run, "webdataset", out)
    with tarfile.open(out / "train-000000.tar") as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]  # files
    assert list(members) == [
        "000000000.json",
        "000000000.0.wav",
        "000000001.json",
        "000000001.0.wav",
        "000000001.1.wav",
    ]
    assert json.loads(members["000000001.json"])["response"] == DIFFERENCE
    assert soundfile.info(io.BytesIO(members["000000001.1.wav"])).duration == 0.25
    assert [path.name for path in out.iterdir()] == ["train-000000.tar"]


def test_webdataset_rolls_its_shards(run: Source, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("balsa_data.exports.webdataset.SHARD_BYTES", 1)
    assert export(run, "webdataset", out).files == {"train-000000.tar": 1, "train-000001.tar": 1}


def test_hallucination_eval(run: Source, out: Path) -> None:
    export(run, "hallucination-eval", out)
    yes, no = lines(out / "train-popular.jsonl")  # as many of each: the second absent sound is not asked
    (low,) = (out / "audio").iterdir()
    assert yes | {"prompt_text": ""} == {
        "entry_id": 0,
        "audio_index": low.stem,
        "prompt_text": "",
        "object": "tone",
        "attribute": "positive",
        "label": "Yes",
        "sampling": "popular",
    }
    assert (no["entry_id"], no["object"], no["attribute"], no["label"]) == (1, "dog", "negative", "No")
    assert "dog" in no["prompt_text"]


def test_hallucination_eval_never_asks_what_is_claimed_both_ways(tmp_path: Path, out: Path) -> None:
    made = provenance("s", strategy="random")
    same = clip("c")
    run = Source(
        tmp_path,
        [
            sample("a", [same], present=("dog", "bell"), absent=("cat", "rain"), provenance=made),
            sample("b", [same], present=("cat",), absent=("dog", "wind"), provenance=made),
        ],
    )
    export(run, "hallucination-eval", out)
    asked = [(q["object"], q["label"]) for q in lines(out / "train-random.jsonl")]
    assert asked == [("bell", "Yes"), ("rain", "No")]


# What the loaders rely on beyond their fields, as found by running them over an export of a real run.


def test_ltu_has_just_the_fields_that_its_collator_takes_away(run: Source, out: Path) -> None:
    export(run, "ltu", out, join=0.5)
    for record in json.loads((out / "train.json").read_text()):
        assert set(record) == {"instruction", "input", "audio_id", "dataset", "task", "output"}
        assert all(isinstance(value, str) for value in record.values())


def test_flamingo_2_counts_its_data_from_0_and_joins_its_paths(run: Source, out: Path) -> None:
    export(run, "flamingo", out, join=0.5)
    read = json.loads((out / "af2-train.json").read_text())
    assert list(read["data"]) == [str(i) for i in range(read["total_num"])]  # it looks up str(i % total_num)
    assert all((out / read["split_path"] / item["name"]).is_file() for item in read["data"].values())


def test_flamingo_3_has_a_tag_for_each_of_its_sounds(run: Source, out: Path) -> None:
    export(run, "flamingo", out)
    for record in json.loads((out / "af3-train.json").read_text()):
        asked, several = record["conversations"][0]["value"], isinstance(record["sound"], list)
        tags = [f"<sound-{i + 1}>" for i in range(len(record["sound"]))] if several else ["<sound>"]
        assert asked.split("\n")[: len(tags)] == tags
        assert asked.count("<sound") == len(tags)


@pytest.mark.parametrize("style", ["{}", "USER: {}\n ASSISTANT:"])
@pytest.mark.parametrize("prompt", [PROMPT, "Braces {} and {0} are {text}."])
def test_slam_fills_its_prompt_twice_and_it_stays_as_it_is(style: str, prompt: str, tmp_path: Path) -> None:
    export(Source(tmp_path, [sample(prompt=prompt)]), "slam", tmp_path / "out")
    (line,) = lines(tmp_path / "out/train/multitask.jsonl")
    (known,) = lines(tmp_path / "out/prompts.jsonl")
    assert known["task"] == line["task"]
    assert style.format(known["prompt"]).format(line[line["task"]]) == style.replace("{}", prompt)


def test_nemo_tells_each_clips_true_length(run: Source, out: Path) -> None:
    export(run, "nemo", out)
    turns = [t for line in lines(out / "train.jsonl") for t in line["conversations"] if t["type"] == "audio"]
    assert [t["duration"] for t in turns] == [soundfile.info(out / t["value"]).duration for t in turns]
