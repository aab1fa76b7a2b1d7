"""The demo: real recordings, a real model, no network but the package mirrors.

The recordings are of Debian's package ``tuxpaint-stamps-default`` (GPL-2.0; each has its copyright file): animals,
instruments, tools, one sound each. Only what can be told from a file's name is said of it. None of them is in this
repository or in what is published from the demo.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from balsa_data.errors import CorpusError
from balsa_data.run import Run

__all__ = ["gather", "run_demo"]

PACKAGE = "tuxpaint-stamps-default"
INSIDE = "usr/share/tuxpaint/stamps"
RECORDINGS = {
    "animals/amphibians/frog": "frog croaking", "animals/birds/crow": "crow cawing", "animals/birds/cuckoo": "cuckoo calling",
    "animals/birds/duck": "duck quacking", "animals/birds/owl": "owl hooting", "animals/birds/rooster": "rooster crowing",
    "animals/birds/seagull": "seagull calling", "animals/birds/turkey": "turkey gobbling", "animals/insects/bee": "bee buzzing",
    "animals/insects/mosquito": "mosquito buzzing", "animals/mammals/aquatic/whale": "whale singing",
    "animals/mammals/bovines/cow": "cow mooing", "animals/mammals/bovines/goat": "goat bleating",
    "animals/mammals/bovines/sheep": "sheep bleating", "animals/mammals/cats/lion": "lion roaring",
    "animals/mammals/dogs/dog": "dog barking", "animals/mammals/elephant": "elephant trumpeting",
    "animals/mammals/equines/donkey": "donkey braying", "animals/mammals/equines/horse": "horse neighing",
    "animals/mammals/pig": "pig oinking", "hobbies/music/percussion/drumkit": "drum kit", "hobbies/music/string/cello": "cello",
    "hobbies/music/string/violin": "violin", "hobbies/music/wind/bassoon": "bassoon",
    "household/Washing-machine": "washing machine", "household/toilet": "toilet flushing", "household/tools/hammer": "hammering",
    "household/tools/saw": "sawing", "household/vacuum_cleaner": "vacuum cleaner", "seasonal/newyears/fireworks": "fireworks",
}  # fmt: skip


def gather(folder: Path) -> Path:
    """Fetch the recordings and write what is known of them; without root, and once.

    Returns:
        A JSONL file of clips.

    Raises:
        CorpusError: apt cannot fetch the package; the message says how to use recordings of one's own.
    """
    listing = folder / "clips.jsonl"
    if listing.exists():
        return listing
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        stamps = _unpacked(Path(scratch)) / INSIDE
        rows = []
        for name, label in RECORDINGS.items():
            source = next(stamps.glob(f"{name}.[ow][ga][gv]"), None)
            if source is not None:
                target = folder / (name.replace("/", "-") + source.suffix)
                shutil.copy(source, target)
                rows.append({"id": target.stem, "audio": target.name, "label": label, "license": "GPL-2.0"})
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (Path(scratch) / "clips.jsonl").write_text(text, encoding="utf-8")
        (Path(scratch) / "clips.jsonl").rename(listing)  # last, so that half a gathering is not taken for a whole one
    return listing


def _unpacked(scratch: Path) -> Path:
    own = [f"-oDir::State::Lists={scratch}/lists", f"-oDir::Cache={scratch}/cache"]
    for index in ("lists/partial", "cache/archives/partial"):
        (scratch / index).mkdir(parents=True)
    download = ["apt-get", "download", "-q", PACKAGE]
    for commands in ([download], [["apt-get", "update", "-q", *own], [*download[:2], *own, *download[2:]]]):
        try:
            for command in commands:
                subprocess.run(command, cwd=scratch, check=True, capture_output=True, timeout=240)
            deb = next(scratch.glob("*.deb"))
            subprocess.run(["dpkg-deb", "-x", str(deb), str(scratch / "unpacked")], check=True, capture_output=True)
            return scratch / "unpacked"
        except (OSError, subprocess.SubprocessError, StopIteration):
            continue  # a fresh machine has no package lists yet: the second way makes its own
    raise CorpusError(
        f"apt could not fetch {PACKAGE} here: run `balsa demo --clips FOLDER` on your own recordings, each with a .txt beside it "
        "that says what is heard"
    )


def run_demo(out: Path, clips: Path | None = None, limit: int | None = None) -> Run:
    """Make samples of real recordings with the embedded backbone, and show them."""
    from balsa_data.dataset import build
    from balsa_data.summary import summary_table
    from balsa_data.synthesis import synthesize

    if clips is not None:
        corpus = {"reader": "folder", "path": str(clips)}
    else:
        try:
            corpus = {"reader": "jsonl", "path": str(gather(out / "recordings"))}
        except CorpusError as error:
            print(f"{error}; meanwhile, on captions without audio:", file=sys.stderr)
            corpus = {"reader": "jsonl", "path": str(files("balsa_data") / "recipes" / "demo-captions.jsonl")}
    run = synthesize("demo", out=out / "run", corpora=[{**corpus, "limit": limit}])
    summary_table(run, read=3)
    if not run.samples:
        print("\nno response passed the checks, so there is no dataset: the model is small; take more recordings")
        return run
    build(run, out / "dataset", audio="reference")
    print(f"\ndataset: {out / 'dataset'}  (datasets.load_dataset({str(out / 'dataset')!r}) opens it)")
    return run
