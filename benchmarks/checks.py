"""How many responses a second the checks on claims judge on one core: ``python -m benchmarks.checks``.

The responses are the labelled set's; CPU time, caches warm for the clips (a clip is judged many times) and cold for the texts.
"""

from __future__ import annotations

import time

from balsa_data import claims
from tests.claims.labelled import bound, load


def main(rounds: int = 5) -> None:
    items = [one.item for one in load()]
    checks = bound()
    for item in items:
        for check in checks:
            check(item)
    best = float("inf")
    for _ in range(rounds):
        claims.claims_of.cache_clear()
        start = time.process_time()
        for item in items:
            for check in checks:
                check(item)
        best = min(best, time.process_time() - start)
    characters = sum(len(item.response) for item in items) / len(items)
    print(f"{len(items) / best:,.0f} responses a second, all of {len(checks)} checks, {characters:.0f} characters each")


if __name__ == "__main__":
    main()
