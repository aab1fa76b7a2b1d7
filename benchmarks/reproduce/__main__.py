"""The paper's central claim on real recordings: negatives cure hallucinated sounds, and cost nothing else.

    BALSA_PARTS=… python benchmarks/reproduce --out runs/reproduce            # three seeds, five arms: 84 minutes on two cores
    BALSA_PARTS=… python benchmarks/reproduce --size small --out runs/small   # fewer recordings, arms and seeds: 9 minutes

It makes soundscapes, has the backbone write the data, trains every arm with every seed, asks them all, and prints one
table. Each step is kept: the same command again goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import table
from answers import ask
from arms import FIRST, SIZES, Place, Size, fit
from soundscapes import write

HERE = Path(__file__).parent
PARTS = ("sounds", "speech", "smollm2", "smollm2-hf", "whisper-tiny.en")


def make_data(size: Size, place: Place) -> None:
    """Make the soundscapes, and have the backbone write the samples about them."""
    from balsa_data import Recipe, synthesize

    corpus = place.out / "corpus"
    if not (corpus / "unseen" / "questions.jsonl").is_file():
        write(place.parts, corpus, train=size.train, test=size.test, unseen=size.unseen, seed=0)
    os.environ["BALSA_REPRODUCE"] = str(place.out)
    os.environ.setdefault("BALSA_LOCAL_MODEL", str(next((place.parts / "smollm2").glob("*.gguf"))))
    recipe = Recipe.load(HERE / "recipe.yaml", prompts=str(HERE / "prompts"))
    recipe = recipe.with_values(tasks={task: share for task, share in recipe.tasks.items() if task in size.tasks})
    run = synthesize(recipe, out=place.out / "run")
    print(f"{len(run.samples)} samples, {len(run.rejections)} rejections", flush=True)


def main() -> None:
    """Run the experiment, or the rest of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    parts = Path(os.environ.get("BALSA_PARTS", "")).resolve()
    if missing := [name for name in PARTS if not (parts / name).is_dir()]:
        sys.exit(f"BALSA_PARTS must name a folder of real parts (README, Tests); it lacks {', '.join(missing)}")
    size, place, began = SIZES[given.size], Place(parts, given.out.resolve()), time.time()
    make_data(size, place)
    seeds = range(size.seeds)
    trained: dict[tuple[str, int], Future[Path]] = {}
    with ProcessPoolExecutor(given.jobs, get_context("spawn")) as pool:
        shared = {pool.submit(fit, FIRST, seed, size, place): seed for seed in seeds}
        for first in as_completed(shared):
            first.result()
            for arm in reversed(size.arms):  # the slowest first
                trained[arm, shared[first]] = pool.submit(fit, arm, shared[first], size, place)
        asked = {key: pool.submit(ask, each.result(), size, place) for key, each in trained.items()}  # no core waits
        found = {key: json.loads(each.result().read_text("utf-8")) for key, each in asked.items()}
    answers = {arm: [found[arm, seed] for seed in seeds] for arm in size.arms}
    rows = [row for side in next(iter(found.values())) for row in table.figures(answers, side)]
    print(table.write(place.out, rows))
    print(f"{time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
