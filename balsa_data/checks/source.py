"""A sound is told of what makes it: birds do not bleat, and sheep do not laugh."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import Polarity, claims, mentions
from balsa_data.facts import akin, supported, unlisted
from balsa_data.schemas import Verdict
from balsa_data.taxonomy import Mention, Taxonomy, default
from balsa_data.taxonomy.text import Pattern

RANK = 1
REASONS = {"source": "tells a sound of what does not make it"}
FALSE = {"source"}

_AS_WELL = r"(?:(?:an?|the|some|several|many|two|its|his|her|their)\s+)?(?:[\w-]+\s+){0,2}?"
_OF = re.compile(  # "the bleating of the birds", "a sigh that is made by a pig"
    r"\s+(?:sounds?\s+|noises?\s+)?(?:(?:(?:that|which)\s+)?(?:(?:is|are|was|were)\s+)?"
    r"(?:made|produced|caused|created|emitted|given\s+off|coming|emanating)\s+(?:out\s+)?)?"
    rf"(?:of|by|from)\s+{_AS_WELL}",
    re.IGNORECASE,
)
_MADE_BY = re.compile(  # "people laughing is a sound made by a sheep"
    rf"\s+(?:is|are|was|were)\s+(?:[\w-]+\s+){{0,5}}?(?:made|produced|caused|created|emitted)\s+by\s+{_AS_WELL}",
    re.IGNORECASE,
)
_DOES = re.compile(  # "the birds' bleating", "a pig that can be heard to sigh"
    r"(?:['’]s?)?(?:,?\s+(?:that|which|who))?\s+(?:in the (?:background|distance|foreground),?\s+)?"
    r"(?:(?:is|are|was|were|being|can be|could be|starts?|started|begins?|began|continues?|keeps?)\s+)?"
    r"(?:heard\s+|audibly\s+)?(?:to\s+)?(?:\w+ly\s+)?",
    re.IGNORECASE,
)
_TO = re.compile(rf"\s+(?:to|at)\s+{_AS_WELL}", re.IGNORECASE)  # "a woman who speaks to an alarm"
_CONSISTS = re.compile(  # "the sounds of tabla are a combination of a bass and a drum"
    r"\s+(?:(?:is|are|was|were)\s+(?:an?\s+)?(?:combination|mix|mixture|blend|composed|made(?:\s+up)?)|consists?)\s+of\s+"
    rf"{_AS_WELL}",
    re.IGNORECASE,
)
_ITS = re.compile(r"['’]s?\s+(?:[\w-]+\s+)?$")  # "a wombat's drum"
_OBJECT = re.compile(r"\s+(?:an?|the)\s+", re.IGNORECASE)  # "running a smoke detector"
_VERB = re.compile(r"\w+(?:ing|s|ed)", re.IGNORECASE)
_MANY = ("s", "people", "children", "men")  # how what takes a bare verb ends: "birds bark"
_PEOPLE = Pattern(
    "man men woman women person persons people someone somebody boy boys girl girls child children kid kids baby babies infant "
    "infants lady ladies guy guys",
    r"\b(?:(?:wo)?m[ae]n|persons?|people|some(?:one|body)|boys?|girls?|child(?:ren)?|kids?|bab(?:y|ies)|infants?|lad(?:y|ies)|guys?)\b",
)
_PEOPLES = ("speech", "laughter", "sighing", "cheering")  # what no animal and no thing does
_GROUPS = frozenset(
    {"animal sounds", "pets", "livestock", "wild animals", "ambiguous sounds", "onomatopoeia"}
)  # of animals that have no sound in common
_ANY_ANIMALS = ("animal breathing", "animal chewing", "animal grunting")
_PLAYED = ("sound reproduction", "telephone", "toy", "robot")  # through which anything may be heard


def check(item: Item) -> Verdict:
    """Refuse "the bleating of birds" and "laughing sheep", unless the metadata itself says so.

    Both sounds may be in the metadata, each of its own source. Only living beings' sounds are looked at: things are told of
    one another in too many ways ("the water of the engine"). Of several clips, "the car is snoring", "a woman speaks to
    the alarm" and "the music consists of rain" are refused as well where the two are never in one clip.
    """
    if len(item.clips) > 1 and (verdict := _across(item)):
        return verdict
    taxonomy = default()
    told = frozenset(pair for clip in item.clips for caption in clip.captions for pair in _pairs(caption, taxonomy))
    bound = [(a, b) for a, b in _bound(item.response, taxonomy) if (a.sound, b.sound) not in told]
    denied = (
        {c.start for c in claims(item.response, prompt=item.prompt) if c.polarity is Polarity.ABSENT} if bound else ()
    )
    for sound, source in bound:
        if sound.start in denied:
            continue
        start, end = min(sound.start, source.start), max(sound.end, source.end)
        detail = f"says {item.response[start:end]!r}, but {source.sound} does not make {sound.sound}"
        return failed("source", "source", detail, (start, end))
    return passed("source")


def _across(item: Item) -> Verdict | None:
    """Return the refusal of what makes one scene of a sound of one clip and one of another."""
    text = item.response
    for one, other in pairwise(mentions(text, labels=unlisted(frozenset().union(*item.heard)))):
        links = [_OF, _MADE_BY, _TO, _CONSISTS]
        links += [_DOES] if _VERB.fullmatch(other.text.split()[0]) else [_OBJECT] if one.text.endswith("ing") else []
        linked = any(link.fullmatch(text, one.end, other.start) for link in links)
        if not (linked or _ITS.search(text, one.start, other.start)):  # the s may be of the mention
            continue
        first, second = ({i for i, s in enumerate(item.heard) if supported(m.sound, s)} for m in (one, other))
        if first and second and first.isdisjoint(second):
            detail = f"says {text[one.start : other.end]!r}, but no clip has both {one.sound} and {other.sound}"
            return failed("source", "source", detail, (one.start, other.end))
    return None


@lru_cache(maxsize=4096)  # a clip is in several samples
def _pairs(caption: str, taxonomy: Taxonomy) -> frozenset[tuple[str, str]]:
    return frozenset((sound.sound, source.sound) for sound, source in _bound(caption, taxonomy))


def _bound(text: str, taxonomy: Taxonomy) -> Iterator[tuple[Mention, Mention]]:
    """Yield the sounds told of what cannot make them, each with that."""
    for one, other in pairwise(_named(text, taxonomy)):
        made_by = _MADE_BY.fullmatch(text, one.end, other.start)
        if made_by or _OF.fullmatch(text, one.end, other.start):
            sound, source = one, other
        elif _DOES.fullmatch(text, one.end, other.start) and (
            _VERB.fullmatch(other.text) or one.text.casefold().endswith(_MANY)
        ):
            sound, source = other, one
        elif text[one.end : other.start] == " " and one.text.casefold().endswith("ing") and one.sound != "speech":
            sound, source = one, other  # "laughing sheep", not "discussing engines"
        else:
            continue
        # words like "a man laughing" name their source themselves, and "water running" makes nothing else heard
        named = " " in sound.text or source.text.casefold().endswith("ing")
        if (made_by or not named) and _impossible(sound.sound, source.sound, taxonomy):
            yield sound, source


def _named(text: str, taxonomy: Taxonomy) -> list[Mention]:
    """Return the sounds a text names, and the people in it, who make none unless it says so."""
    found = mentions(text, taxonomy=taxonomy)
    people = (Mention(*m.span(), m.group(), "human voice") for m in _PEOPLE.finditer(text))
    return sorted([*found, *(p for p in people if not any(p.start < m.end and m.start < p.end for m in found))])


def _impossible(sound: str, source: str, taxonomy: Taxonomy) -> bool:
    known = taxonomy.sounds
    makes, made = ({s, *taxonomy.ancestors(s)} for s in (source, sound))
    if known[source].generic or known[sound].generic or not makes.isdisjoint(_PLAYED):
        return False
    if akin(sound, source, taxonomy) or source in known[sound].confusables or sound in known[source].confusables:
        return False
    if "animal sounds" in made:
        return (made & makes) <= _GROUPS and not (sound in _ANY_ANIMALS and "animal sounds" in makes)
    return not made.isdisjoint(_PEOPLES) and sound != "announcement" and "human sounds" not in makes
