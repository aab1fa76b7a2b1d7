"""Backbones that misbehave and a process that is killed, at length: what the tests show in small.

python benchmarks/faults.py [--requests 20000] [--alone 1000] [--kills 50] [--cut 1] [--hedge-after S]

Each fault of tests/faults.py alone, then all of them together, each at 5% of the requests; then a run that is killed
(SIGKILL) at random moments and continued each time. Shown of each: how many requests were asked and how many of them
went wrong, what became of the plan, and whether the samples are those of an undisturbed run. Requests that got no
answer in six tries are asked again (`retry_failures`), which is counted. Last, the journal as a crash leaves it, cut after
every `cut` bytes: it opens with what was written whole before the cut, or says that it is damaged.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parent)]
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from faults import FAULTS, FaultyServer  # noqa: E402
from throughput import SOUNDS, answer_to  # noqa: E402

KEY = "sk-secret-0123456789"


def reply(messages: list[dict[str, str]], seed: int | None) -> str:
    return "" if (seed or 0) % 11 == 0 else answer_to(messages)  # some draws fail, so that there are second ones


def make(out: Path, url: str, n: int, *, again: bool = False, hedge_after: float | None = None) -> Any:
    from balsa_data import AudioClip, SoundEvent, synthesize

    draw = random.Random(0)
    clips = [
        AudioClip(id=f"c{i}", events=[SoundEvent(label=s) for s in draw.sample(SOUNDS.split(","), 2)])
        for i in range(n)
    ]  # fmt: skip
    return synthesize(
        clips, tasks="positive", backbone="hosted_vllm/t", api_base=url, out=out, concurrency=256, draws=2,
        parameters={"api_key": KEY, "timeout": 3.0}, progress=False, retry_failures=again,
        limits={"hedge_after": hedge_after},
    )  # fmt: skip


def outcome(run: Any) -> list[Any]:
    return [o.model_dump(exclude={"provenance": {"usage"}}) for kind in (run.samples, run.rejections) for o in kind]


def disturbed(
    folder: Path, shares: Mapping[str, float], n: int, calm: list[Any], hedge_after: float | None = None
) -> str:
    started, again = time.monotonic(), 0
    with FaultyServer(reply, shares) as server:
        run = make(folder, server.url, n, hedge_after=hedge_after)
        while len(run.failures):
            again += len(run.failures)
            run = make(folder, server.url, n, again=True, hedge_after=hedge_after)
    asked, wrong = sum(server.done.values()), sum(server.done[f] for f in shares)
    assert run.planned == len(run.samples) + len(run.rejections) == n
    assert asked <= run.usage.requests, "a request is not in the books"
    assert not any(KEY.encode() in p.read_bytes() for p in folder.rglob("*") if p.is_file())
    same = "identical" if outcome(run) == calm else "DIFFERENT"
    return f"{asked:>8}{wrong:>8}{again:>8}{len(run.samples):>9}{len(run.rejections):>8}  {same:<10}{time.monotonic() - started:>6.0f} s"


def killed(folder: Path, kills: int, n: int, calm: list[Any]) -> str:
    needed = len(calm) + sum(len(o.get("earlier") or o.get("attempts", [0])[1:]) for o in calm)
    draw = random.Random(1)
    with FaultyServer(reply, {}) as server:
        command = [sys.executable, __file__, "--child", str(folder), server.url, str(n)]
        for _ in range(kills):
            process = subprocess.Popen(command)
            before, goal = sum(server.done.values()), draw.randrange(1, n // kills)
            while process.poll() is None and sum(server.done.values()) < before + goal:
                time.sleep(0.001)
            time.sleep(draw.uniform(0, 0.05))
            process.kill()
            process.wait()
        run = make(folder, server.url, n)
        asked = sum(server.done.values())
    same = "identical" if outcome(run) == calm else "DIFFERENT"
    return f"{kills} kills: asked {asked}, needed {needed}: {asked - needed} again, {(asked - needed) / kills:.1f} a kill of 256 in flight; {same}"


def cut(folder: Path, step: int) -> str:
    from balsa_data.errors import RunError
    from balsa_data.journal import Answer, Journal

    journal, texts = Journal(folder / "run"), [f"text {i}" * 100 for i in range(4)]
    for i, text in enumerate(texts):
        asyncio.run(journal.answered(f"r{i}", 0, Answer(text=text)))
    crashed = {p.name: p.read_bytes() for p in (folder / "run").glob("journal.db*") if not p.name.endswith("shm")}
    journal.close()
    closed = {"journal.db": (folder / "run" / "journal.db").read_bytes()}
    opened, refused, kept = 0, 0, Counter[int]()
    for whole in (crashed, closed):
        for name, data in whole.items():
            for end in range(0, len(data), step):
                torn = Path(tempfile.mkdtemp(dir=folder))
                for other, its in whole.items():
                    (torn / other).write_bytes(its[:end] if other == name else its)
                try:
                    found = Journal(torn)
                except RunError as error:
                    refused += "damaged" in str(error)
                else:
                    answers = [a.text for i in range(4) for a in found.known(f"r{i}").values()]
                    found.close()
                    assert answers == texts[: len(answers)], f"{name} cut at {end} holds {answers}"
                    opened, kept[len(answers)] = opened + 1, kept[len(answers)] + 1
                shutil.rmtree(torn)
    return f"journal cut at {opened + refused} places: {refused} said damaged, {opened} opened with {dict(sorted(kept.items()))} answers, none wrong"


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        make(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000, help="with all faults together")
    parser.add_argument("--alone", type=int, default=1000, help="with each fault alone")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--cut", type=int, default=1, help="bytes between two cuts of the journal; 0 for none")
    parser.add_argument("--hedge-after", type=float, help="seconds, with all faults together; never where not said")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, calm = Path(name), {}
        for n in {args.requests, args.alone}:
            with FaultyServer(reply, {}) as server:
                calm[n] = outcome(make(folder / f"calm{n}", server.url, n))
        print(f"{'fault at 5%':<24}{'asked':>8}{'wrong':>8}{'again':>8}{'samples':>9}{'rejected':>8}  samples are")
        for fault in FAULTS:
            print(f"{fault:<24}{disturbed(folder / fault, {fault: 0.05}, args.alone, calm[args.alone])}", flush=True)
        shares = dict.fromkeys(FAULTS, 0.05)
        every = disturbed(folder / "all", shares, args.requests, calm[args.requests], args.hedge_after)
        print(f"{'all together':<24}{every}", flush=True)
        print(killed(folder / "killed", args.kills, args.alone, calm[args.alone]) if args.kills else "", flush=True)
        print(cut(folder, args.cut) if args.cut else "")


if __name__ == "__main__":
    main()
