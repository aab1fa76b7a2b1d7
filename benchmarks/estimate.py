"""How near `balsa estimate --calibrate N` would have come to what a finished run really took.

python benchmarks/estimate.py RUN [--calibrate 30 60 90]

For each N the requests are taken that a calibration would have asked (every so many of each task), from three starts; what
they took by the run's journal stands for the rest, and the sum is held against the journal's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


def main() -> None:
    from balsa_data import Recipe, Run
    from balsa_data.clipstore import ClipStore
    from balsa_data.estimate import KEYS, projected
    from balsa_data.planning import lay_out
    from balsa_data.prompting import Prompts

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--calibrate", type=int, nargs="+", default=[30, 60, 90])
    args = parser.parse_args()
    run = Run(args.run)
    recipe, usage = Recipe.make(**run.recipe), run.usage
    took = {o.id: o.provenance.usage for kind in (run.samples, run.rejections, run.failures) for o in kind}
    with tempfile.TemporaryDirectory() as folder:
        for file in args.run.glob("clips.db*"):
            shutil.copy(file, folder)
        plan = list(lay_out(recipe, ClipStore(Path(folder)), Prompts(recipe.prompts)))
    print(f"{len(plan)} requests planned; it took " + ", ".join(f"{getattr(usage, key):,} {key}" for key in KEYS))
    for n in (0, *args.calibrate):
        every = len(plan) // n if n else 0
        for start in {i * every // 3 for i in range(3)}:
            turns, asked = Counter[str](), {}
            for request in plan if n else ():
                if turns[request.task] % every == start:
                    asked[request.id] = took[request.id]
                turns[request.task] += 1
            tasks = projected(recipe, plan, asked)
            off = {key: sum(line[key] for line in tasks.values()) / getattr(usage, key) - 1 for key in KEYS}
            print(f"calibrated by {len(asked):>4}: " + ", ".join(f"{key} {x:+.1%}" for key, x in off.items()))


if __name__ == "__main__":
    main()
