"""Which sounds to deny: heard in other clips or likely here, yet absent from this one.

A sound may be denied of a clip when it is neither heard there, nor a synonym, kind or instance of what is heard, nor so
close that a listener could not tell, nor from the same small family (metadata that says *growling* seldom says that the
dog did not bark as well). Among those, by the field's names (object hallucination, Interspeech 2024): *random* draws
evenly from the sounds of the corpus, *popular* by how often they occur in it, *adversarial* by how often they occur
together with what is heard.
"""

from __future__ import annotations

import json
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate
from random import Random

from balsa_data.facts import unmentioned
from balsa_data.specs import NegativeSpec
from balsa_data.taxonomy import Taxonomy

__all__ = ["AbsentSounds", "Statistics"]

SMALL_FAMILY = 12  # a parent of at most so many kinds is a family whose members are easily heard, or left out, together
TRIES = 12  # draws from all sounds before those that may be denied are gathered
FEW_CLIPS = 20  # added to a sound's clips before the ceiling is applied: one of ten is no rule
FEW_SOUNDS = 50  # a corpus of fewer sounds than this is topped up with the taxonomy's

Table = tuple[list[str], list[float]]  # sounds, and the sums of their weights up to each


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
                others = self.together[sound]
                for other in sounds:  # faster than Counter.update for sets as small as these
                    if other != sound:
                        others[other] = others.get(other, 0) + 1

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
        self._table = lru_cache(maxsize=None)(self._make_table)

    def _deniable(self, name: str) -> bool:
        """Whether a sound is definite, and its name a sound's wherever it stands: a *window* may be there unheard."""
        sound = self._taxonomy.sounds.get(name)
        return sound is not None and not sound.generic and bool(self._taxonomy.find(sound.phrase))

    def _not_to_be_denied_beside(self, sound: str) -> frozenset[str]:
        t = self._taxonomy
        if sound not in t.sounds:  # a label that is nobody's class is only itself
            return frozenset({sound})
        out = {sound} | t.ancestors(sound) | t.descendants(sound)
        for parent in t.sounds[sound].parents:
            family = t.descendants(parent)
            if len(family) <= SMALL_FAMILY:
                out |= family
        alike = {other for above in (sound, *t.ancestors(sound)) for other in t.sounds[above].confusables}
        return frozenset(out | alike | unmentioned(sound, t)).union(*map(t.descendants, alike))

    def phrase(self, name: str) -> str:
        """Return how a sound reads after "you do not hear"; one that the taxonomy lacks, as it is labelled."""
        sound = self._taxonomy.sounds.get(name)
        return sound.phrase if sound else name

    def candidates(self, heard: frozenset[str]) -> list[str]:
        """Return every sound that may be denied where these are heard, in a fixed order."""
        out = frozenset[str]().union(*map(self._ruled_out, heard))
        return [name for name in self._pool if name not in out]

    def draw(
        self, heard: frozenset[str], rng: Random, count: tuple[int, int] | None = None
    ) -> tuple[str, tuple[str, ...]]:
        """Draw a strategy by the spec's shares, and sounds by it; where it finds none, by *random*.

        Args:
            heard: What is heard.
            rng: Decides.
            count: How many sounds, at least and at most; the spec's where not said.

        Returns:
            The strategy that found them, and the sounds; fewer than asked for (or none) where there are no more.
        """
        shares, wanted = self.spec.strategies, rng.randint(*(count or self.spec.count))
        (drawn,) = rng.choices(list(shares), weights=list(shares.values()))
        for strategy in dict.fromkeys((drawn, "random")):
            if sounds := self.choose(strategy, heard, wanted, rng):
                return strategy, sounds
        return drawn, ()

    def choose(self, strategy: str, heard: frozenset[str], count: int, rng: Random) -> tuple[str, ...]:
        """Choose `count` sounds absent from a clip by one strategy, no two of them related."""
        chosen: list[str] = []
        ruled_out = [self._ruled_out(sound) for sound in heard]
        while len(chosen) < count and (name := self._one(strategy, heard, ruled_out, rng)):
            chosen.append(name)
            ruled_out.append(self._ruled_out(name))
        return tuple(chosen)

    def _one(self, strategy: str, heard: frozenset[str], ruled_out: list[frozenset[str]], rng: Random) -> str | None:
        """Draw one sound by its weight.

        Most sounds may be denied, so a few draws from all of them nearly always find one, by the same odds as weighing
        each would.
        """
        tables = self._tables(strategy, heard)
        total = sum(cumulative[-1] for _, cumulative in tables)
        for _ in range(TRIES if total else 0):
            name = _drawn(tables, rng.random() * total)
            if not any(name in out for out in ruled_out) and self._weight(strategy, name, heard):
                return name
        left = sorted({name for names, _ in tables for name in names}.difference(*ruled_out))
        weights = [self._weight(strategy, name, heard) for name in left]
        return rng.choices(left, weights)[0] if any(weights) else None

    def _tables(self, strategy: str, heard: frozenset[str]) -> list[Table]:
        beside = sorted(heard) if strategy == "adversarial" else [None]
        return [table for sound in beside if (table := self._table(strategy, sound))[0]]

    def _make_table(self, strategy: str, sound: str | None) -> Table:
        """Return the sounds of some weight beside one that is heard, or beside any, and the sums of their weights."""
        if sound:
            beside = self._statistics.together.get(sound, ())
            weights = {name: self._share(name, sound) for name in self._pool if name in beside}
        else:
            weights = {name: self._weight(strategy, name, frozenset()) for name in self._pool}
        names = [name for name, weight in weights.items() if weight]
        return names, list(accumulate(weights[name] for name in names))

    def _weight(self, strategy: str, name: str, heard: frozenset[str]) -> float:
        if strategy == "random":
            return 1.0
        if strategy == "popular":
            return float(self._statistics.counts[name])
        together, counts = self._statistics.together, self._statistics.counts
        often = (together[s][name] / (counts[s] + FEW_CLIPS) for s in heard if s in together)
        return 0.0 if max(often, default=0.0) > self.spec.ceiling else sum(self._share(name, s) for s in heard)

    def _share(self, name: str, sound: str) -> float:
        """In how many of the clips with `sound` the other is heard too."""
        return (
            self._statistics.together[sound][name] / self._statistics.counts[sound]
            if sound in self._statistics.together
            else 0.0
        )


def _drawn(tables: list[Table], at: float) -> str:
    """Return the sound that stands at `at` of the sum of all weights."""
    for names, cumulative in tables:
        if at < cumulative[-1]:
            return names[bisect(cumulative, at)]
        at -= cumulative[-1]
    return tables[-1][0][-1]  # rounding, at the very end
