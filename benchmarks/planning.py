"""How long a plan takes and how much memory: clips made of the taxonomy's sounds, every task; and every request written.

    python benchmarks/planning.py --clips 1000000
    python benchmarks/planning.py --audiocaps train.csv      # real captions: most of it is finding the sounds in them

Prints clips, requests, seconds (of the processor and of the clock), the peak of memory and a digest of the whole plan:
ids, messages and what each request affirms and denies. Run it twice: the digest is the same. Counted are taking the
clips in (metadata to disk, sounds found, statistics) and the plan with every decision; not counted is the making of the
clips. A second time the plan is gone through to write every message, since a request is written when it is read, and for
the digest. Other work on the machine costs this one its caches, and seconds of the processor with them.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random

from balsa_data import AudioClip, Recipe, SoundEvent, SpeechSegment
from balsa_data.clipstore import ClipStore
from balsa_data.corpora import load
from balsa_data.cycles import searched_seldom
from balsa_data.planning import lay_out
from balsa_data.prompting import Prompts
from balsa_data.tasks import TASKS
from balsa_data.taxonomy import default

BATCH = 256
WORDS = "the a one two you we they see take give red blue house water time day over under again never".split()


def clips(number: int) -> Iterator[AudioClip]:
    """Yield clips of one to four sounds, the frequent ones as frequent as in real corpora; every tenth is speech."""
    rng = Random(0)
    sounds = [name for name, sound in sorted(default().sounds.items()) if not sound.generic]
    rng.shuffle(sounds)
    weights = [1 / (rank + 10) for rank in range(len(sounds))]
    drawn: Iterator[str] = iter(())  # in thousands, for a draw by weights is slow one by one
    for i in range(number):
        if i % 1000 == 0:
            drawn = iter(rng.choices(sounds, weights, k=4000))
        events = tuple(SoundEvent(label=next(drawn)) for _ in range(1 + i % 4))
        spoken = SpeechSegment(transcript=" ".join(rng.choices(WORDS, k=8)), gender=("female", "male")[i % 2])
        speech = (spoken,) if i % 10 == 0 else ()
        yield AudioClip(id=f"clip{i:08}", dataset=f"set{i % 3}", events=() if speech else events, speech=speech)


class Apart:
    """Counts the processor's seconds that the benchmark itself takes, so that they can be left out."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what is done within."""
        began = time.process_time()
        yield
        self.seconds += time.process_time() - began

    def made(self, clips: Iterable[AudioClip]) -> Iterator[AudioClip]:
        """Hand out clips that are made a batch at a time."""
        source = iter(clips)
        while True:
            with self.counted():
                batch = list(islice(source, BATCH))
            if not batch:
                return
            yield from batch


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--audiocaps", type=Path, help="a csv of AudioCaps, in the place of clips that are made")
    parser.add_argument("--share", type=float, default=1 / len(TASKS.names()), help="samples a clip of each task")
    args = parser.parse_args()
    recipe = Recipe.make(tasks=dict.fromkeys(TASKS.names(), args.share), pairing={"clips": (2, 3)})
    corpus = load("audiocaps", args.audiocaps) if args.audiocaps else clips(args.clips)
    digest, tasks, making, writing = hashlib.sha256(), Counter[str](), Apart(), Apart()
    default()  # loaded before the clock starts
    with tempfile.TemporaryDirectory() as folder, searched_seldom():
        store, clock, began = ClipStore(Path(folder)), time.monotonic(), time.process_time()
        plan = lay_out(recipe, store, Prompts(), making.made(corpus))
        taking = time.process_time() - began - making.seconds
        print(f"{len(store)} clips made: {making.seconds:.2f} s of the processor, not counted")
        print(f"taken in, sounds found, statistics: {taking:.2f} s of the processor", end=", ")
        print(f"{time.monotonic() - clock:.1f} s of the clock with their making")
        clock, began = time.monotonic(), time.process_time()
        for request in plan:
            tasks[request.task] += 1
        planning = time.process_time() - began
        print(f"planned: {planning:.2f} s of the processor, {time.monotonic() - clock:.1f} s of the clock", end="; ")
        print(f"in all {taking + planning:.2f} s of the processor")
        began, requests = time.process_time(), iter(plan)
        while batch := list(islice(requests, BATCH)):
            with writing.counted():
                for request in batch:
                    assert request.messages
            for request in batch:
                draft, written = request.draft, [message["content"] for message in request.messages]
                said = [request.id, *written, "+", *draft.present, "-", *draft.absent, draft.strategy or ""]
                digest.update("\0".join(said).encode())
        print(f"every message written: {writing.seconds:.2f} s; planned again, written and digested:", end=" ")
        print(f"{time.process_time() - began:.2f} s of the processor")
        store.close()
    print(f"requests: {sum(tasks.values())} ({', '.join(f'{task} {n}' for task, n in sorted(tasks.items()))})")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(f"digest: {digest.hexdigest()}")


if __name__ == "__main__":
    main()
