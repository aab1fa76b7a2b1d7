"""What a response says is heard, is heard."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import Claim, Polarity, claims, words
from balsa_data.facts import noises, sourceless, supported, unlisted
from balsa_data.schemas import AudioClip, Verdict
from balsa_data.taxonomy.text import Pattern

RANK = 1
REASONS = {
    "unsupported": "says that a sound is heard which the metadata does not support",
    "beyond": "tells of a place, a mood, a guess or, strictly, of anything that is not in the metadata (only where that is refused)",
}
FALSE = {"unsupported"}

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_TOGETHER = re.compile(r"[^.!?;\n]*\b(?:both|mix|mixture|combination)\b[^.!?;\n]*", re.IGNORECASE)
_BEYOND = words(
    # places
    "street park kitchen forest beach city town village countryside room house home office restaurant cafe bar club "
    "stadium theater theatre stage school classroom church farm field garden yard garage station airport harbor market "
    "mall store shop hospital studio bathroom bedroom hallway lobby campground jungle desert mountain mountains valley "
    "meadow woods suburb neighborhood neighbourhood backyard playground venue arena gym warehouse factory outdoors "
    "indoors highway road sidewalk "
    # moods
    "peaceful calm calming serene tranquil soothing relaxing relaxed cozy eerie ominous gloomy tense joyful joyous "
    "cheerful festive lively melancholy melancholic sad happy mysterious spooky scary frightening chaotic hectic "
    "nostalgic romantic dramatic suspenseful uplifting haunting inviting atmosphere ambiance ambience mood vibe "
    "pleasant unsettling exciting "
    # guesses
    "suggests suggesting suggest indicating indicates implying implies perhaps probably possibly likely maybe "
    "presumably apparently seemingly seems evidently must might could evokes evoking imagine"
)


_COUNTS = words("two three four five several various multiple many few single")
_PLAIN = _COUNTS | words(
    # what holds a sentence together
    "a an the this that these those it its it's that's there there's here what who whose which where when while how as if "
    "i i'm i've my me you you're your we he she they they're them their his her one ones is isn't are aren't was were be "
    "been being am do does doesn't did didn't don't can can't cannot could couldn't has have having had will would not no "
    "nor neither never none nothing any anything anywhere anyone some something someone somebody all both each every either "
    "other others another and or but so because than rather just only also too even very well instead at by for from in "
    "into of off on out over through to up down with without within along about like before after during "
    "until then next first second third fourth last followed follows following finally once again more most much yes indeed "
    "actually clearly definitely quite significantly i'd i'll you've true right answer afraid think appear appears continue continues type types "
    # what is said of hearing
    "audio audios audible sound sounds soundscape noise noises recording recordings recorded clip clips file files track hear "
    "heard hears hearing listen listened listening listens able unable contain contains containing include includes "
    "including included feature features present absent missing presence absence exist exists occur occurs occurring "
    "consist consists made make makes making come comes coming go goes going describe described describes description "
    "caption title mention mix mixture mixed combination combine combines combined together whole same different differ "
    "differs difference distinct background foreground"
)
_CLIPS = re.compile(r"\W+(?:(?!and\b)\w+\W+){0,2}(?:audio|clip|recording|scene)s?\b", re.IGNORECASE)


_NUMBERS = {word: str(n) for n, word in enumerate("two three four five six seven eight nine ten".split(), 2)}
_TIMES = Pattern("times", rf"\b(\d[\d,]*|{'|'.join(_NUMBERS)}) times\b(?! (?:as|more|less|the)\b)")


def check(item: Item, *, beyond: Literal["tolerate", "refuse", "strict"] = "tolerate") -> Verdict:
    """Refuse a response that affirms a sound which is not in the metadata, nor a kind that something there belongs to.

    A *dog* supports "an animal"; *animal* does not support "a dog". A hedge or a likeness ("perhaps a dog", "like
    thunder") needs support as well, and so does what may be meant either way, and how often a sound comes ("three times").

    Args:
        item: What is judged.
        beyond: What else the metadata does not hold: ``tolerate`` it, ``refuse`` places, moods and guesses, or be
            ``strict``: every word must be of the metadata, the prompt, a sound's name, or say no more than that something
            is heard. Strict suits a backbone that invents; of a good one it refuses many a paraphrase.
    """
    present, loose, doubted = frozenset().union(*item.heard), sourceless(*item.clips), None
    told = claims(item.response, prompt=item.prompt, labels=unlisted(present))
    for claim in told:
        if claim.polarity is Polarity.ABSENT or supported(claim.sound, present) or supported(claim.sound, loose):
            continue
        said, span = item.response[claim.start : claim.end], (claim.start, claim.end)
        if claim.polarity is not Polarity.UNCLEAR:
            return failed(
                "grounded", "unsupported", f"says {said!r} is heard, but the metadata has no {claim.sound}", span
            )
        detail = f"says {said!r} is heard or leaves it open, but the metadata has no {claim.sound}"
        doubted = doubted or failed("grounded", "unsupported", detail, span, doubt=True)
    if often := _repeated(item):
        detail = f"says {often.group()!r}, but the metadata does not count"
        return failed("grounded", "unsupported", detail, often.span())
    if beyond != "tolerate":
        strictly = beyond == "strict"
        first = _invented(item, told) or _counted(item) or _unnamed(item, told) if strictly else _guess(item, told)
        if first:
            detail = f"tells of {first.group().strip()!r}, which the metadata does not"
            return failed("grounded", "beyond", detail, first.span())
    return doubted or passed("grounded")


def _guess(item: Item, told: Sequence[Claim]) -> re.Match[str] | None:
    """Return the first place, mood or guess that the metadata does not hold."""
    return next((m for m in _unknown(item, told) if m.group().casefold() in _BEYOND), None)


def _invented(item: Item, told: Sequence[Claim]) -> re.Match[str] | None:
    """Return the first word that the metadata does not hold and that is not plain talk of hearing either."""
    return next((m for m in _unknown(item, told) if m.group().casefold().replace("’", "'") not in _PLAIN), None)


def _repeated(item: Item) -> re.Match[str] | None:
    """Return the first "three times" that is neither in the metadata's words nor the number of events of one label."""
    if not (found := list(_TIMES.finditer(item.response))):
        return None
    held = {_NUMBERS.get(word, word) for word in _held(item)}
    held |= {str(n) for clip in item.clips for n in Counter(e.label for e in clip.events).values()}
    return next((m for m in found if _NUMBERS.get(number := m[1].casefold(), number) not in held), None)


def _counted(item: Item) -> re.Match[str] | None:
    """Return the first number that the metadata does not hold, but for one of clips; "in a sentence or two" gives none."""
    held = _held(item)
    numbers = (m for m in _WORD.finditer(item.response) if m.group().casefold() in _COUNTS)
    return next(
        (m for m in numbers if m.group().casefold() not in held and not _CLIPS.match(item.response, m.end())), None
    )


def _held(item: Item) -> set[str]:
    return set(re.findall(r"\w+", " ".join(map(_metadata, item.clips)).casefold()))


def _unknown(item: Item, told: Sequence[Claim]) -> Iterator[re.Match[str]]:
    """Yield the words that are of neither the metadata, nor the prompt, nor a sound's name.

    A name may absorb how its source sounds: that car engines *squelch* must be in the metadata all the same.
    """
    texts = " ".join([item.prompt, *map(_metadata, item.clips)]).casefold()
    known = {_stem(word) for word in _WORD.findall(texts)}
    heard = frozenset().union(*item.heard, sourceless(*item.clips))
    names = [c for c in told if c.polarity is Polarity.ABSENT or _borne_out(item.response[c.start : c.end], heard)]
    for match in _WORD.finditer(item.response):
        named = any(c.start <= match.start() and match.end() <= c.end for c in names)
        if not named and _stem(match.group().casefold().replace("’", "'")) not in known:
            yield match


def _borne_out(name: str, heard: frozenset[str]) -> bool:
    return all(supported(sound, heard) for sound in noises(name))


def _unnamed(item: Item, told: Sequence[Claim]) -> re.Match[str] | None:
    """Return the first sentence which says that sounds are heard together, but not which ("the audio is both")."""
    sentences = _TOGETHER.finditer(item.response)
    return next((s for s in sentences if not any(s.start() <= claim.start < s.end() for claim in told)), None)


def _stem(word: str) -> str:
    """Return what the inflections of a word have in common: *speaks*, *speaking*; *run*, *running*; *rustle*, *rustling*."""
    word = re.sub(r"(?<=\w{3})(?:'s|ing|ed|es|s|ly|er)$", "", word).rstrip("e")
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def _metadata(clip: AudioClip) -> str:
    speech = (v for s in clip.speech for v in [s.transcript, s.emotion, s.accent, *s.attributes.values()] if v)
    return " ".join([*clip.captions, *(e.label for e in clip.events), *speech, *clip.attributes.values()])
