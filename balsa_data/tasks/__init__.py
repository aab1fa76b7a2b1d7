"""Tasks: what is asked about a clip, or about several; one a file.

A task is a module here with ``CLIPS`` (how many clips one sample is about, at least and at most) and ``draft(draw) ->
Draft | None``; its request template is ``prompts/<name>.jinja`` and its phrasings ``prompts/pools/<name>.txt``.
None means that the clips give nothing to ask. With ``APART = True``, the metadata of its clips must tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from balsa_data.clipstore import Stored
from balsa_data.draws import Draws
from balsa_data.negatives import AbsentSounds
from balsa_data.pairing import Kinship
from balsa_data.registry import Registry
from balsa_data.schemas import AudioClip
from balsa_data.specs import PairingSpec
from balsa_data.stated import named, stated
from balsa_data.taxonomy import Taxonomy

__all__ = ["TASKS", "Draft", "Draw"]

TASKS = Registry(package="balsa_data.tasks", function="draft", kind="task")


class Draft(NamedTuple):
    """What a task decides about one request before it is put into words.

    Attributes:
        present: Sounds the response is to affirm.
        absent: Sounds the response is to deny, where the library chose them.
        guided: Whether the request tells the backbone which.
        strategy: How they, or the clips that go together, were chosen.
        each: The sounds that the backbone is told of each clip, as they read, where it is guided.
        values: What the phrasing needs beside.
    """

    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    guided: bool = False
    strategy: str | None = None
    each: tuple[tuple[str, ...], ...] = ()
    values: Mapping[str, str] = {}


class Draw(NamedTuple):
    """What a task draws from: a random number generator of its own, and what is known of the clips.

    Attributes:
        rng: Seeded by the request's identity.
        told: The clips, as they lie in the store.
        absent: Chooses sounds that are not.
        kinship: What sounds have to do with one another.
        taxonomy: Names and relates sounds.
        pairing: How several clips are put together, and `strategy` how these were.
        turn: How many requests of this task were laid out before, for what must be balanced.
    """

    rng: Draws
    told: tuple[Stored, ...]
    absent: AbsentSounds
    kinship: Kinship
    taxonomy: Taxonomy
    pairing: PairingSpec
    strategy: str | None
    turn: int

    @property
    def clips(self) -> tuple[AudioClip, ...]:
        """The clips themselves; `told` has what was heard in them, and their words, for less."""
        return tuple([one.clip for one in self.told])

    @property
    def heard(self) -> tuple[frozenset[str], ...]:
        """The sounds heard in each clip."""
        return tuple([one.heard for one in self.told])

    def guided_or_open(self) -> Draft:
        """Choose sounds to deny in the recipe's share of requests; else leave the choice to the backbone.

        Chosen are none that a word of the metadata could name. Where no sound of it is understood, the choice is the
        backbone's as well: what is heard may be any.
        """
        heard = frozenset().union(*[one.heard for one in self.told])
        if self.rng.random() >= self.absent.spec.guided or not heard:
            return Draft()
        told = heard.union(*[named(one.words, self.taxonomy) for one in self.told])
        strategy, sounds = self.absent.draw(told, self.rng)
        return Draft(absent=sounds, guided=bool(sounds), strategy=strategy if sounds else None)

    def stated(self) -> list[frozenset[str]]:
        """Return the sounds of each clip that its metadata states in its own words: what a backbone may be told to say."""
        return [frozenset(stated(one.words, one.heard, one.doubted, self.taxonomy)) for one in self.told]

    def about_several(self, tell: Callable[[], Sequence[frozenset[str]]]) -> Draft:
        """Tell the backbone the sounds of each clip in the recipe's share of requests, where there are some of every one."""
        if self.rng.random() >= self.pairing.guided or not all(each := tell()):
            return Draft(strategy=self.strategy)
        return Draft(
            present=tuple(sorted(frozenset().union(*each))),
            guided=True,
            strategy=self.strategy,
            each=tuple(tuple(map(self.absent.phrase, sorted(sounds))) for sounds in each),
        )
