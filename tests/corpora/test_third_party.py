"""A corpus of someone else's: the reader that CONTRIBUTING shows, in a package of its own, found by its entry point."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEADER = '''"""Toy: two recordings of nobody's.

Source: nowhere
Licence: CC0-1.0
Layout: ``train.csv`` and ``audio/``
Example: ``a.wav,dog_bark``
"""
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from balsa_data.corpora._files import pretty, table
from balsa_data.schemas import AudioClip

LICENSE = "CC0-1.0"
REDISTRIBUTABLE = True

'''
RUN = """
import json, sys
from balsa_data import synthesize
from balsa_data.corpora import CORPORA
from balsa_data.testing import ScriptedBackbone
run = synthesize(sys.argv[1], out=sys.argv[2], backbone=ScriptedBackbone(), progress=False)
print(json.dumps([
    "mine" in CORPORA.names(), run.planned, [(s.clips[0].id, s.clips[0].license, s.response) for s in run.samples]
]))
"""


def example() -> str:
    """The reader in CONTRIBUTING, "To add a corpus"."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    block = re.search(r"^ *```python\n(.*?)^ *```", text[text.index("## To add a corpus") :], re.DOTALL | re.MULTILINE)
    assert block
    return re.sub(r"^   ", "", block[1], flags=re.MULTILINE)


def test_the_example_of_contributing_is_a_corpus_by_its_entry_point_alone(tmp_path: Path) -> None:
    installed, corpus = tmp_path / "site", tmp_path / "toy"
    info = installed / "theirs-1.0.dist-info"
    info.mkdir(parents=True)
    corpus.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[balsa_data.corpora]\nmine = theirs_toy\n")
    (installed / "theirs_toy.py").write_text(HEADER + example())
    (corpus / "train.csv").write_text("file,label\na.wav,dog_bark\nb.wav,rain\n")
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(
        "corpora: {reader: mine, path: toy, options: {split: train}}\n"
        "tasks: {positive: 1}\nbackbone: local\n"  # another backbone is given below
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(installed)])}

    def ran(*command: str) -> str:
        told = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
        assert told.returncode == 0, told.stderr
        return told.stdout

    assert ran(sys.executable, "-c", RUN, str(recipe), str(tmp_path / "run")).splitlines()[-1] == (
        '[true, 2, [["a.wav", "CC0-1.0", "I can hear dog bark."], ["b.wav", "CC0-1.0", "I can hear rain."]]]'
    )
    assert "Sounds: dog bark" in ran(sys.executable, "-m", "balsa_data.cli", "show", "mine.yaml")
