"""What the README says of the taxonomy, measured.

python benchmarks/taxonomy.py --parts $BALSA_PARTS --ontology audioset-ontology.json
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests" / "taxonomy"
ONTOLOGY = Path(__file__).parents[2] / "shared" / "data" / "audioset-ontology.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=Path, default=os.environ.get("BALSA_PARTS"), help="folder with text/*.csv")
    parser.add_argument("--ontology", type=Path, default=os.environ.get("BALSA_ONTOLOGY", ONTOLOGY))
    parser.add_argument("--missed", type=int, default=40, help="how many missed words to list")
    args = parser.parse_args()
    if not args.parts:
        parser.error("give --parts or set BALSA_PARTS")

    start = time.process_time()
    import balsa_data.taxonomy

    imported = time.process_time()
    taxonomy = balsa_data.taxonomy.default()
    loaded = time.process_time()
    sys.path.insert(0, str(TESTS))
    import measures  # the tests' own measurements, so that both say the same

    forms = sum(len(sound.forms) for sound in taxonomy.sounds.values())
    print(f"classes: {len(taxonomy.sounds)}, unambiguous forms: {forms}")
    print(f"import: {imported - start:.3f} s, load: {loaded - imported:.3f} s (CPU)")
    labels = measures.audioset_labels(args.parts)
    resolved = sum(taxonomy.resolve(label) is not None for label in labels)
    print(f"AudioSet labels resolved: {resolved}/{len(labels)} = {resolved / len(labels):.1%}")
    pairs = measures.edges(args.ontology)
    agreed = len(pairs) - len(measures.disagreements(taxonomy, pairs))
    print(f"ontology's is-a edges agreed with: {agreed}/{len(pairs)} = {agreed / len(pairs):.1%}")
    score = measures.score(taxonomy)
    print(f"300 captions labelled by hand: precision {score.precision:.3f}, recall {score.recall:.3f}")
    captions = measures.audiocaps(args.parts)
    share, words = measures.missed_words(taxonomy, captions)
    print(f"captions with a sound found: {share:.1%} of {len(captions)}")
    print(f"most frequent words missed: {', '.join(f'{word} {n}' for word, n in words.most_common(args.missed))}")
    responses = [" ".join(captions[i : i + 5]) for i in range(0, 10_000, 5)]  # five sentences, some 50 words
    start = time.process_time()
    for response in responses:
        taxonomy.find(response)
    print(f"matching: {len(responses) / (time.process_time() - start):.0f} responses of 5 sentences a CPU second")


if __name__ == "__main__":
    main()
