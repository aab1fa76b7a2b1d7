"""Object questions: which sounds of a corpus to ask of a clip that has them, and of one that has not.

Object hallucination in the terms of the field's benchmark (kuan2jiu99/audio-hallucination, Interspeech 2024): absent sounds
are drawn at *random*, from the *popular* ones, or *adversarially* (see `negatives`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

from balsa_data.facts import akin_to, doubted
from balsa_data.negatives import AbsentSounds, Statistics
from balsa_data.schemas import AudioClip
from balsa_data.specs import NegativeSpec
from balsa_data.stated import Words, clear, named, stated
from balsa_data.taxonomy import Taxonomy

__all__ = ["DRAWN", "LEAN", "PAIRS", "ObjectQuestions"]

PAIRS = 3  # Yes and No of a clip and sampling, at most so many each, as in the benchmark's model (POPE)
DRAWN = 12  # absent sounds drawn by the strategy; asked are those whose Yes are most in want of a No
LEAN = 5  # Yes that a sound has more than No, or the reverse, at most


class ObjectQuestions:
    """Chooses what to ask of each clip of a corpus.

    Args:
        clips: The corpus' clips with the sounds heard in each; passed over once.
        taxonomy: Says which sounds are related or alike.
        spec: The samplings (strategies with a share) and the ceiling of adversarial ones.

    Attributes:
        balance: How often each sound was asked for Yes (True) and No, by sampling.
    """

    def __init__(
        self, clips: Iterable[tuple[AudioClip, frozenset[str]]], taxonomy: Taxonomy, spec: NegativeSpec
    ) -> None:
        self.taxonomy = taxonomy
        self._asked_for: set[str] = set()
        self._absent = AbsentSounds(Statistics(self._noted(clips)), taxonomy, spec)
        strategies = (name for name, share in spec.strategies.items() if share)
        self.balance: dict[str, Counter[tuple[str, bool]]] = {name: Counter() for name in strategies}

    def _noted(self, clips: Iterable[tuple[AudioClip, frozenset[str]]]) -> Iterator[frozenset[str]]:
        for clip, sounds in clips:
            self._asked_for.update(self._present(clip, sounds)[0])
            yield sounds

    def pairs(self, clip: AudioClip, sounds: frozenset[str], rng: Random) -> Iterator[tuple[str, str, str]]:
        """Yield a sampling, a sound that is heard and one that is not; such as bring either's Yes and No nearer."""
        present, words = self._present(clip, sounds)
        if not clear(words, self.taxonomy):
            return
        told = sounds | named(words, self.taxonomy)
        rng.shuffle(present)
        for sampling, count in self.balance.items():

            def surplus(sound: str, count: Counter[tuple[str, bool]] = count) -> int:
                return count[sound, True] - count[sound, False]

            chosen = self._drawn(sampling, told, rng)
            drawn = [s for s in chosen if akin_to(s, self.taxonomy).isdisjoint(told)]
            yes = sorted((s for s in present if surplus(s) < LEAN), key=surplus)
            no = sorted((s for s in drawn if surplus(s) > -LEAN), key=surplus, reverse=True)
            for is_heard, is_not in zip(yes[:PAIRS], no, strict=False):
                count[is_heard, True] += 1
                count[is_not, False] += 1
                yield sampling, is_heard, is_not

    def _present(self, clip: AudioClip, sounds: frozenset[str]) -> tuple[list[str], Words]:
        words = Words.of(clip.model_dump())
        return stated(words, sounds, doubted(clip, self.taxonomy), self.taxonomy), words

    def _drawn(self, sampling: str, told: frozenset[str], rng: Random) -> list[str]:
        if sampling == "random":  # of the corpus' own, where a small one's are topped up for other purposes
            able = [sound for sound in self._absent.candidates(told) if sound in self._asked_for]
            return rng.sample(able, min(DRAWN, len(able)))
        return [sound for sound in self._absent.choose(sampling, told, DRAWN, rng) if sound in self._asked_for]

    def why_not(self, clip: AudioClip, sounds: frozenset[str]) -> str:
        """Say why a clip is not asked about."""
        present, words = self._present(clip, sounds)
        if not clear(words, self.taxonomy):
            return "a label that the taxonomy does not know"
        return "no pair of sounds that keeps the balance" if present else "no sound that is surely heard"

    def different(self, sampling: str) -> int:
        """Return how many different sounds are asked for."""
        return len({sound for sound, _ in self.balance[sampling]})

    def blind(self, sampling: str) -> float:
        """Return the accuracy of the answer that is most often right for each sound."""
        count = self.balance[sampling]
        best = sum(max(count[s, True], count[s, False]) for s in {s for s, _ in count})
        return best / count.total()
