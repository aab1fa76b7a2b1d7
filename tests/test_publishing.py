"""The whole way, as a user goes it with the commands: a run, the Hub, the dataset by its name, every trainer's format, the report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from datasets import load_dataset
from hub_server import WRITE, Hub
from sources import tone
from test_synthesis import clips, moody

from balsa_data import Run, synthesize
from balsa_data.exports import formats
from balsa_data.preference import false_claims
from balsa_data.splits import split
from balsa_data.testing import ScriptedBackbone, truthful

COUNT = """
import datasets
loaded = datasets.load_dataset("me/mine")
print({split: rows.num_rows for split, rows in loaded.items()}, sorted(datasets.get_dataset_config_names("me/mine")))
"""
EACH = """
import sys
from balsa_data.cli import app
source, out, *formats = sys.argv[1:]
for name in formats:
    app(["export", source, "--format", name, "--out", f"{out}/{name}", "--join", "0.1", "--json"], standalone_mode=False)
"""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with recordings and a finished run over them, whose paths are relative to it."""
    monkeypatch.chdir(tmp_path)
    Path("sounds").mkdir()
    heard = []
    for number, clip in enumerate(clips(8)):
        audio = f"sounds/{clip.id}.wav"
        Path(audio).write_bytes(tone(0.3, hertz=200 + 40 * number))
        heard.append(clip.model_copy(update={"audio": audio, "license": "CC0-1.0", "dataset": "tones"}))
    tasks = {"positive": 1.0, "negative": 1.0, "difference": 0.5}
    backbone = ScriptedBackbone(moody)
    synthesize(heard, tasks=tasks, backbone=backbone, out="runs/mine", progress=False, publish={"test_fraction": 0.2})
    return tmp_path


def python(*arguments: object, cwd: Path, hub: Hub | None = None, token: str | None = WRITE) -> tuple[int, str, str]:
    root = Path(__file__).parents[1]
    environment = {k: v for k, v in os.environ.items() if k not in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")}
    environment |= {
        "PYTHONPATH": str(root),
        "HF_HOME": str(cwd / ".hf"),
        "HF_ENDPOINT": hub.url if hub else "http://127.0.0.1:9",
    }
    environment |= {"HF_TOKEN": token} if token else {}
    command = [sys.executable, *map(str, arguments)]
    ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    return ended.returncode, ended.stdout, ended.stderr


def balsa(*arguments: object, cwd: Path, hub: Hub | None = None, token: str | None = WRITE) -> tuple[int, str, str]:
    return python("-m", "balsa_data.cli", *arguments, cwd=cwd, hub=hub, token=token)


def test_from_a_run_to_the_hub_to_every_format(project: Path, hub: Hub) -> None:
    run = Run(project / "runs/mine")
    code, said, complaint = balsa("publish", "runs/mine", "me/mine", cwd=project, hub=hub)
    assert (code, complaint) == (0, "")  # no bars where nobody watches
    assert "audio: embed" in said
    assert "private" in said
    repository = hub.repositories["datasets", "me/mine"]
    assert repository.private
    published = json.loads(repository.commits[repository.branches["main"]]["balsa.json"].content)
    total = sum(count for splits in published["samples"].values() for count in splits.values())
    assert total + sum(published["left_out"].values()) == len(run.samples)

    code, said, _ = python("-c", COUNT, cwd=project, hub=hub)
    counts, configs = said.strip().split("} ")
    assert sum(json.loads(counts.replace("'", '"') + "}").values()) == total
    assert configs == str(["default", *sorted(published["samples"])])

    (project / "elsewhere").mkdir()
    for source, where in (("me/mine", project), (str(project / "runs/mine"), project / "elsewhere")):
        code, said, complaint = python("-c", EACH, source, "out", *formats(), cwd=where, hub=hub)
        assert code == 0, complaint
        made = {line["format"]: line for line in map(json.loads, said.splitlines())}
        assert set(made) == set(formats())
        for name in set(formats()) - {"hallucination-eval", "flamingo"}:
            assert sum(made[name]["files"].values()) == total, name


def test_pairs_and_an_evaluation_set_are_configs_beside_the_samples(project: Path) -> None:
    """Questions are asked about the recordings that the recipe holds out, and no config mixes what it holds."""
    rows = "".join(
        json.dumps({"id": clip.id, "audio": f"sounds/{clip.id}.wav", "labels": [e.label for e in clip.events]}) + "\n"
        for clip in clips(8)
    )
    Path("clips.jsonl").write_text(rows)
    Path("held.yaml").write_text("corpora: {reader: jsonl, path: clips.jsonl}\npublish: {test_fraction: 0.6}\n")
    code, said, complaint = balsa("evalset", "held.yaml", "--out", "eval", "--json", cwd=project)
    assert (code, complaint) == (0, "")
    held_out = [clip for clip in clips(8) if split([clip], 0.6) == "test"]
    assert 0 < json.loads(said)["of_clips"] == len(held_out) < 8

    backbone = ScriptedBackbone(lambda messages, seed: "I can hear bagpipes." if seed % 2 else truthful(messages))
    synthesize(clips(8), tasks="positive", backbone=backbone, out="runs/lies", progress=False)
    build = ["publish", "runs/lies", "me/mine", "--dry-run", "--folder", "out", "--preference", "--evalset"]
    code, said, complaint = balsa(*build, "eval", cwd=project, token=None)
    assert (code, complaint) == (0, "")
    run, made = Run("runs/lies"), json.loads(Path("out/balsa.json").read_text())
    pairs = [r for s in run.samples for r in false_claims(s)]
    assert sum(made["others"]["preference"].values()) == len(pairs) > 0
    assert set(made["others"]["hallucination_eval"]) == {path.stem for path in Path("eval").glob("*.parquet")}
    assert {path.suffix for path in Path("out/hallucination_eval").iterdir()} == {".parquet", ".csv"}  # no recording
    assert load_dataset("out", cache_dir="cache")["train"].num_rows == len(run.samples)
    preference = load_dataset("out", "preference", cache_dir="cache")
    assert {r["rejected"] for r in preference["train"].remove_columns("audios")} == {"I can hear bagpipes."}
    code, _, complaint = balsa(*build, "sounds", cwd=project, token=None)
    assert (code, "sounds is not an evaluation set" in complaint) == (2, True)


def test_what_stands_in_the_way_is_one_sentence_and_says_what_to_do(project: Path, hub: Hub) -> None:
    hub.create("models", "me/taken")
    for arguments, token, says in (
        (("publish", "runs/mine", "me/mine"), None, "run 'hf auth login' or set HF_TOKEN"),
        (("publish", "runs/mine", "me/taken"), WRITE, "me/taken is a model on the Hub"),
        (
            ("publish", "runs/mine", "me/mine", "--template", "mine.jinja"),
            WRITE,
            "cannot read the card template mine.jinja",
        ),
        (("export", "runs", "--format", "desta", "--out", "out"), WRITE, "runs is neither a run"),
        (("export", "me/nothing", "--format", "desta", "--out", "out"), WRITE, "cannot load me/nothing"),
    ):
        code, said, complaint = balsa(*arguments, cwd=project, hub=hub, token=token)
        assert (code, said) == (2, ""), arguments
        assert complaint.startswith("balsa: ")
        assert complaint.count("\n") == 1
        assert says in complaint
    code, _, complaint = balsa("publish", "runs/mine", "me/mine", cwd=project)  # nobody listens there
    assert code == 1
    assert "run the same command again, what arrived is kept" in complaint
    assert complaint.count("\n") == 1


def test_audio_that_is_not_ours_to_give_is_told_and_a_template_of_ones_own_is_taken(project: Path, hub: Hub) -> None:
    unknown = [clip.model_copy(update={"license": None, "dataset": "tones"}) for clip in clips(2)]
    for clip in unknown:
        Path(f"sounds/{clip.id}.wav").write_bytes(tone())
    heard = [clip.model_copy(update={"audio": f"sounds/{clip.id}.wav"}) for clip in unknown]
    backbone = ScriptedBackbone(lambda messages, seed: truthful(messages))
    synthesize(heard, tasks="positive", backbone=backbone, out="runs/unknown", progress=False)
    Path("mine.jinja").write_text("---\n{{ metadata }}\n---\n\nOf {{ summary.clips }} clips.\n")
    code, said, _ = balsa(
        "publish", "runs/unknown", "me/x", "--dry-run", "--template", "mine.jinja", cwd=project, token=None
    )
    assert code == 0
    assert "referred to, not embedded, for its licences (unknown): --audio embed if you may pass it on" in said
    assert "would upload" in said
    assert "Of 2 clips." in Path("runs/unknown/dataset/README.md").read_text()
    assert not hub.log
