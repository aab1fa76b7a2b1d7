"""The demo runs on a bare machine, also where apt is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from balsa_data.demo import RECORDINGS, gather
from balsa_data.facts import heard
from balsa_data.schemas import AudioClip, SoundEvent
from balsa_data.taxonomy import default


def test_every_recording_is_labelled_with_a_sound_the_taxonomy_knows() -> None:
    assert len(RECORDINGS) >= 24
    for label in RECORDINGS.values():
        assert heard(AudioClip(id="c", events=[SoundEvent(label=label)])) <= set(default().sounds), label


def test_the_captions_for_where_there_is_no_apt_all_name_sounds() -> None:
    text = (files("balsa_data") / "recipes" / "demo-captions.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    assert len(rows) >= 24
    assert all(heard(AudioClip(id=row["id"], captions=[row["caption"]])) for row in rows)


def test_what_is_gathered_is_not_gathered_again(tmp_path: Path) -> None:
    (tmp_path / "clips.jsonl").write_text("{}\\n", encoding="utf-8")
    assert gather(tmp_path) == tmp_path / "clips.jsonl"


@pytest.mark.parts
def test_without_apt_it_says_how_to_use_ones_own_and_runs_on_captions(parts: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path), "BALSA_LOCAL_MODEL": str(next(parts.glob("smollm2/*.gguf")))}
    command = [sys.executable, "-m", "balsa_data.cli", "demo", "--limit", "5", "--out", str(tmp_path / "demo")]
    told = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=500)
    assert told.returncode == 0, told.stderr
    assert "run `balsa demo --clips FOLDER` on your own recordings" in told.stderr
    assert "planned" in told.stdout
    assert (tmp_path / "demo" / "dataset").is_dir()
