"""How memory grows with a run, and how long a finished one takes to resume.

python benchmarks/scale.py [--requests 10000 200000] [--concurrency 256]

Each size is synthesized in a process of its own, whole (plan, calls to a local server that answers at once, journal with
fsync, checks, samples), then resumed by another. Columns: peak memory of the process, and of it with its judges; CPU a
request; seconds to resume; then the memory at every tenth of the largest run, from which a million is extrapolated.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from throughput import SOUNDS, serve


def clips(n: int) -> Iterator[Any]:
    from balsa_data import AudioClip, SoundEvent

    draw, sounds = random.Random(0), SOUNDS.split(",")
    for i in range(n):
        events = [SoundEvent(label=s) for s in draw.sample(sounds, 2)]
        yield AudioClip(id=f"c{i}", events=events)


def synthesized(folder: str, concurrency: int, base: str) -> Any:
    from balsa_data import Recipe, synthesize

    recipe = Recipe.make(
        corpora={"reader": "jsonl", "path": f"{folder}/clips.jsonl"}, tasks=("positive", "negative"), draws=1,
        backbone="hosted_vllm/bench", api_base=base, parameters={"api_key": "k", "max_tokens": 100},
    )  # fmt: skip
    return synthesize(recipe, out=Path(folder) / "run", concurrency=concurrency, progress=False)


def resident(pid: int | str = "self") -> float:
    """MB of memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def judges() -> float:
    """MB that this process' judges hold; what the system tells of ended ones is what this one held when it began them."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return sum(resident(int(pid)) for pid in children)


def run(folder: str, n: int, concurrency: int, base: str, pipe: Any) -> None:
    from balsa_data import Run

    curve: list[tuple[int, float]] = []
    held = [0.0]

    def watch() -> None:
        while not (Path(folder) / "run" / "journal.db").exists():
            time.sleep(0.1)
        found = Run(Path(folder) / "run")
        while True:
            time.sleep(1)
            with suppress(OSError):  # one that is just ending
                held.append(judges())
            done = sum(k for *_, k in found.counts())
            if done >= n * (len(curve) + 1) // 10:
                curve.append((done, resident()))

    threading.Thread(target=watch, daemon=True).start()
    started = time.perf_counter()
    made = synthesized(folder, concurrency, base)
    seconds = time.perf_counter() - started
    assert made.planned == n == len(made.samples) + len(made.rejections)
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    pipe.send((seconds, sum(u.ru_utime + u.ru_stime for u in uses), uses[0].ru_maxrss / 1024, max(held), curve))


def resume(folder: str, n: int, concurrency: int, base: str, pipe: Any) -> None:
    import balsa_data.synthesis  # noqa: F401 (its import is not the run's time)

    started = time.perf_counter()
    assert synthesized(folder, concurrency, base).planned == n
    pipe.send(time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, nargs="+", default=[10_000, 200_000])
    parser.add_argument("--concurrency", type=int, default=256)
    args = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=serve, args=(0.0, theirs), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{ours.recv()}/v1"
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'requests':>9}{'req/s':>8}{'ms CPU':>8}{'MB':>7}{'+judge':>8}{'resume s':>10}")
    curve: list[tuple[int, float]] = []
    for n in args.requests:
        with tempfile.TemporaryDirectory() as folder:
            told = []
            lines = (clip.model_dump_json(exclude_defaults=True) + "\n" for clip in clips(n // 2))
            with (Path(folder) / "clips.jsonl").open("w") as file:
                file.writelines(lines)
            for what in (run, resume):
                process = spawn.Process(target=what, args=(folder, n, args.concurrency, base, theirs))
                process.start()
                while not ours.poll(1):
                    if process.exitcode is not None:
                        sys.exit(f"{n} requests: the process that should {what.__name__} them failed")
                told.append(ours.recv())
                process.join()
        (seconds, cpu, own, judge, curve), again = told
        print(
            f"{n:>9}{n / seconds:>8.0f}{1000 * cpu / n:>8.2f}{own:>7.0f}{own + judge:>8.0f}{again:>10.2f}", flush=True
        )
    print("memory by requests done: " + ", ".join(f"{done:,}: {mb:.0f} MB" for done, mb in curve))
    if len(curve) > 1:
        (first, low), (last, high) = curve[len(curve) // 2], curve[-1]
        print(f"at this slope a million: {high + (high - low) / (last - first) * (10**6 - last):.0f} MB")
    server.terminate()


if __name__ == "__main__":
    main()
