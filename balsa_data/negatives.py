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

from balsa_data.draws import Chance, Weighted
from balsa_data.facts import unmentioned
from balsa_data.specs import NegativeSpec
from balsa_data.taxonomy import Taxonomy

__all__ = ["AbsentSounds", "Statistics"]

SMALL_FAMILY = 12  # a parent of at most so many kinds is a family whose members are easily heard, or left out, together
TRIES = 12  # draws from all sounds before those that may be denied are gathered
FEW_CLIPS = 20  # added to a sound's clips before the ceiling is applied: one of ten is no rule
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
            self.count(sounds)

    def count(self, sounds: frozenset[str]) -> None:
        """Count a clip in which these are heard."""
        self.clips += 1
        for sound in sounds:
            self.counts[sound] += 1
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

    Sets of the sounds that may be denied are numbers here, a bit for each: to rule one out is one ``&``.

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
        self._phrases = {name: sound.phrase for name, sound in taxonomy.sounds.items()}
        self._bits = {name: 1 << i for i, name in enumerate(deniable)}
        self._strategies = Weighted(spec.strategies)
        popular = {name: float(statistics.counts[name]) for name in deniable}
        self._everywhere = {
            "random": [Weighted(dict.fromkeys(deniable, 1.0))],
            "popular": [Weighted(popular)] if any(popular.values()) else [],
        }
        self._ruled_out = lru_cache(maxsize=16384)(self._not_to_be_denied_beside)
        self._beside = lru_cache(maxsize=16384)(self._in_company)

    def _deniable(self, name: str) -> bool:
        """Whether a sound is definite, and its name a sound's wherever it stands: a *window* may be there unheard."""
        sound = self._taxonomy.sounds.get(name)
        return sound is not None and not sound.generic and bool(self._taxonomy.find(sound.phrase))

    def _not_to_be_denied_beside(self, sound: str) -> int:
        t = self._taxonomy
        if sound not in t.sounds:  # a label that is nobody's class is only itself, and never denied
            return 0
        out = {sound} | t.ancestors(sound) | t.descendants(sound)
        for parent in t.sounds[sound].parents:
            family = t.descendants(parent)
            if len(family) <= SMALL_FAMILY:
                out |= family
        alike = {other for above in (sound, *t.ancestors(sound)) for other in t.sounds[above].confusables}
        return self._set(out.union(alike, unmentioned(sound, t), *map(t.descendants, alike)))

    def _set(self, names: Iterable[str]) -> int:
        return sum(self._bits.get(name, 0) for name in set(names))

    def phrase(self, name: str) -> str:
        """Return how a sound reads after "you do not hear"; one that the taxonomy lacks, as it is labelled."""
        return self._phrases.get(name, name)

    def candidates(self, heard: frozenset[str]) -> list[str]:
        """Return every sound that may be denied where these are heard, in a fixed order."""
        out = self._out(heard)
        return [name for name, bit in self._bits.items() if not out & bit]

    def _out(self, heard: frozenset[str]) -> int:
        out = 0
        for sound in heard:
            out |= self._ruled_out(sound)
        return out

    def draw(
        self, heard: frozenset[str], rng: Chance, count: tuple[int, int] | None = None
    ) -> tuple[str, tuple[str, ...]]:
        """Draw a strategy by the spec's shares, and sounds by it; where it finds none, by *random*.

        Args:
            heard: What is heard.
            rng: Decides.
            count: How many sounds, at least and at most; the spec's where not said.

        Returns:
            The strategy that found them, and the sounds; fewer than asked for (or none) where there are no more.
        """
        least, most = count or self.spec.count
        wanted, drawn = least + int(rng.random() * (most - least + 1)), self._strategies.draw(rng)
        for strategy in dict.fromkeys((drawn, "random")):
            if sounds := self.choose(strategy, heard, wanted, rng):
                return strategy, sounds
        return drawn, ()

    def choose(self, strategy: str, heard: frozenset[str], count: int, rng: Chance) -> tuple[str, ...]:
        """Choose `count` sounds absent from a clip by one strategy, no two of them related."""
        out, tables = self._out(heard), self._everywhere.get(strategy, [])
        if strategy == "adversarial":
            for sound in sorted(heard):
                table, too_often = self._beside(sound)
                out |= too_often
                if table.items:
                    tables = [*tables, table]
        chosen: list[str] = []
        while len(chosen) < count and (name := self._one(tables, out, rng)):
            chosen.append(name)
            out |= self._ruled_out(name)
        return tuple(chosen)

    def _one(self, tables: list[Weighted[str]], out: int, rng: Chance) -> str | None:
        """Draw one sound that is not out by its weight, all tables together.

        Most sounds may be denied, so a few draws from all of them nearly always find one, by the same odds as weighing
        each would.
        """
        total, bits = sum([table.total for table in tables]), self._bits
        for _ in range(TRIES if tables else 0):
            place, table = rng.random() * total, tables[0]
            for following in tables[1:]:
                if place < table.total:
                    break
                place, table = place - table.total, following
            if not out & bits[name := table.at(place)]:
                return name
        left: dict[str, float] = {}
        for table in tables:
            for name, weight in table.weights():
                if not out & bits[name]:
                    left[name] = left.get(name, 0.0) + weight
        return Weighted(left).draw(rng) if left else None

    def _in_company(self, sound: str) -> tuple[Weighted[str], int]:
        """Return the sounds heard in clips with this one, by the share of these clips, and those heard in too many."""
        often, clips = self._statistics.together.get(sound, Counter()), self._statistics.counts[sound]
        beside = {name: often[name] for name in sorted(often) if name in self._bits}
        too_often = (name for name, n in beside.items() if n / (clips + FEW_CLIPS) > self.spec.ceiling)
        return Weighted({name: n / clips for name, n in beside.items()}), self._set(too_often)
