"""What the ceiling on adversarial negatives costs and saves: how likely a denied sound is there, unmentioned.

Captions say only some of what is heard. For adversarial picks over AudioCaps, by how often the pick occurs in the
captions beside what the clip's own names (the share that `NegativeSpec.ceiling` bounds): how often AudioSet's annotators,
who were asked about each label, heard the picked sound in clips with the same sounds. That is an estimate of how many of
the denials would be false; "random" is what a pick by chance has.

    python benchmarks/ceiling.py --audiocaps train.csv --audioset balanced.csv --labels labels.csv
"""

from __future__ import annotations

import argparse
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

from balsa_data.corpora import load
from balsa_data.facts import heard
from balsa_data.negatives import AbsentSounds, Statistics
from balsa_data.specs import NegativeSpec
from balsa_data.taxonomy import Taxonomy, default

EDGES = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0]
ENOUGH = 20  # AudioSet clips with a sound, for its share to say something


def with_kinds_above(sounds: frozenset[str], taxonomy: Taxonomy) -> frozenset[str]:
    return sounds.union(*(taxonomy.ancestors(s) for s in sounds if s in taxonomy.sounds))


def picks(captions: list[frozenset[str]], annotated: Statistics, strategy: str) -> Iterator[tuple[float, float]]:
    """Yield each pick's share in the captions, and in AudioSet, beside what is heard."""
    taxonomy, said = default(), Statistics(captions)
    absent = AbsentSounds(said, taxonomy, NegativeSpec(ceiling=1.0))
    rng = Random(0)
    for sounds in rng.sample(captions, 20000):
        for pick in absent.choose(strategy, sounds, 1, rng):
            beside = [s for s in sounds if annotated.counts[s] >= ENOUGH]
            if beside:
                share = max(said.together[s][pick] / said.counts[s] for s in sounds if said.counts[s])
                yield share, max(annotated.together[s][pick] / annotated.counts[s] for s in beside)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audiocaps", type=Path, required=True)
    parser.add_argument("--audioset", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    given = parser.parse_args()
    taxonomy = default()
    captions = [heard(clip) for clip in load("audiocaps", given.audiocaps)]
    tags = (heard(clip) for clip in load("audioset", given.audioset, options={"labels": str(given.labels)}))
    annotated = Statistics(with_kinds_above(sounds, taxonomy) for sounds in tags)
    print(f"{'share in captions':<20}{'picks':>8}{'heard by AudioSet annotators':>32}")
    for strategy in ("random", "adversarial"):
        bins: defaultdict[int, list[float]] = defaultdict(list)
        found = list(picks(captions, annotated, strategy))
        for share, there in found:
            bins[bisect(EDGES, share)].append(there)
        if strategy == "random":
            print(f"{'random':<20}{len(found):>8}{sum(t for _, t in found) / len(found):>31.1%}")
            continue
        for i in sorted(bins):
            low, high = (0.0, *EDGES)[i], (*EDGES, 1.0)[i]
            print(f"{low:.2f} to {high:.2f}{'':<8}{len(bins[i]):>8}{sum(bins[i]) / len(bins[i]):>31.1%}")
        for ceiling in EDGES:
            kept = [t for s, t in found if s <= ceiling]
            print(f"ceiling {ceiling:<12}{len(kept):>8}{sum(kept) / len(kept):>31.1%}")


if __name__ == "__main__":
    main()
