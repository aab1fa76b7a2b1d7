"""Which sounds to deny: heard in other clips or likely here, yet absent from this one.

A sound may be denied of a clip when it is neither heard there, nor a synonym, kind or instance of what is heard, nor so
close that a listener could not tell, nor from the same small family (metadata that says *growling* seldom says that the
dog did not bark as well). Among those, by the field's names (object hallucination, Interspeech 2024): *random* draws
evenly from the sounds of the corpus, *popular* by how often they occur in it, *adversarial* by how often they occur
together with what is heard.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate
from random import Random

from balsa_data.recipe import NegativeSpec
from balsa_data.taxonomy import Taxonomy

__all__ = ["AbsentSounds", "Statistics"]

SMALL_FAMILY = 12  # a parent of at most so many kinds is a family whose members are easily heard, or left out, together
FEW_SOUNDS = 50  # a corpus of fewer sounds than this is topped up with the taxonomy's


class Statistics:
    """How often each sound occurs in a corpus, and with which others; one pass, no clip held.

    Attributes:
        clips: Clips counted.
        counts: Clips in which a sound is heard.
        together: Clips in which two sounds are heard, in either order.
    """

    def __init__(self, heard: Iterable[frozenset[str]] = ()) -> None:
        self.clips = 0
        self.counts: Counter[str] = Counter()
        self.together: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for sounds in heard:
            self.clips += 1
            self.counts.update(sounds)
            for sound in sounds:
                self.together[sound].update(sounds - {sound})

    def to_json(self) -> str:
        """Return the statistics as text, the same for the same corpus."""
        return json.dumps({"clips": self.clips, "counts": self.counts, "together": self.together}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Statistics:
        """Return the statistics that `to_json` wrote."""
        data, made = json.loads(text), cls()
        made.clips, made.counts = data["clips"], Counter(data["counts"])
        made.together.update({sound: Counter(others) for sound, others in data["together"].items()})
        return made


class AbsentSounds:
    """Draws sounds that are not in a clip.

    Args:
        statistics: Of the corpus.
        taxonomy: Says which sounds are related or alike.
        spec: Strategies, their shares, how many sounds, and the ceiling.
    """

    def __init__(self, statistics: Statistics, taxonomy: Taxonomy, spec: NegativeSpec) -> None:
        self.spec = spec
        self._statistics = statistics
        self._taxonomy = taxonomy
        deniable = [name for name in sorted(statistics.counts) if self._deniable(name)]
        if len(deniable) < FEW_SOUNDS:
            deniable = sorted({*deniable, *filter(self._deniable, taxonomy.sounds)})
        self._pool = deniable
        self._ruled_out = lru_cache(maxsize=None)(self._not_to_be_denied_beside)

    def _deniable(self, name: str) -> bool:
        return name in self._taxonomy.sounds and not self._taxonomy.sounds[name].generic

    def _not_to_be_denied_beside(self, sound: str) -> frozenset[str]:
        t = self._taxonomy
        out = {sound} | t.ancestors(sound) | t.descendants(sound)
        for parent in t.sounds[sound].parents if sound in t.sounds else ():
            family = t.descendants(parent)
            if len(family) <= SMALL_FAMILY:
                out |= family
        return frozenset(
            out | {other for near in list(out) if near in t.sounds for other in t.sounds[near].confusables}
        )

    def phrase(self, name: str) -> str:
        """Return how a sound reads after "you do not hear"."""
        return self._taxonomy.sounds[name].phrase

    def candidates(self, heard: frozenset[str]) -> list[str]:
        """Return every sound that may be denied where these are heard, in a fixed order."""
        out = frozenset[str]().union(*map(self._ruled_out, heard))
        return [name for name in self._pool if name not in out]

    def draw(self, heard: frozenset[str], rng: Random) -> tuple[str, tuple[str, ...]]:
        """Draw a strategy by the spec's shares, and sounds by it; where it finds none, by *random*.

        Returns:
            The strategy that found them, and the sounds; fewer than asked for (or none) where there are no more.
        """
        shares, count = self.spec.strategies, rng.randint(*self.spec.count)
        (drawn,) = rng.choices(list(shares), weights=list(shares.values()))
        for strategy in dict.fromkeys((drawn, "random")):
            if sounds := self.choose(strategy, heard, count, rng):
                return strategy, sounds
        return drawn, ()

    def choose(self, strategy: str, heard: frozenset[str], count: int, rng: Random) -> tuple[str, ...]:
        """Choose `count` sounds absent from a clip by one strategy, no two of them related."""
        candidates = self.candidates(heard)
        weights = [self._weight(strategy, name, heard) for name in candidates]
        chosen: list[str] = []
        while candidates and len(chosen) < count and any(weights):
            cumulative = list(accumulate(weights))
            (name,) = rng.choices(candidates, cum_weights=cumulative)
            chosen.append(name)
            out = self._ruled_out(name)
            weights = [0.0 if c in out else w for c, w in zip(candidates, weights, strict=True)]
        return tuple(chosen)

    def _weight(self, strategy: str, name: str, heard: frozenset[str]) -> float:
        if strategy == "random":
            return 1.0
        if strategy == "popular":
            return float(self._statistics.counts[name])
        shares = [self._share(name, sound) for sound in heard]
        return 0.0 if max(shares, default=0.0) > self.spec.ceiling else sum(shares)

    def _share(self, name: str, sound: str) -> float:
        """In how many of the clips with `sound` the other is heard too."""
        return (
            self._statistics.together[sound][name] / self._statistics.counts[sound]
            if sound in self._statistics.together
            else 0.0
        )
