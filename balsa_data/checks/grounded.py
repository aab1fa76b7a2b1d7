"""What a response says is heard, is heard."""

from __future__ import annotations

import re
from typing import Literal

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import Polarity, claims, words
from balsa_data.facts import sourceless, supported, unlisted
from balsa_data.schemas import AudioClip, Verdict

RANK = 1
REASONS = {
    "unsupported": "says that a sound is heard which the metadata does not support",
    "beyond": "tells of a place, a mood or a guess that is not in the metadata (only where that is refused)",
}
FALSE = {"unsupported"}

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


def check(item: Item, *, beyond: Literal["tolerate", "refuse"] = "tolerate") -> Verdict:
    """Refuse a response that affirms a sound which is not in the metadata, nor a kind that something there belongs to.

    A *dog* supports "an animal"; *animal* does not support "a dog". A hedge or a likeness ("perhaps a dog", "like
    thunder") needs support as well, and so does what may be meant either way.

    Args:
        item: What is judged.
        beyond: Whether places, moods and guesses that the metadata does not hold are let pass.
    """
    present, loose, doubted = frozenset().union(*item.heard), sourceless(*item.clips), None
    for claim in claims(item.response, prompt=item.prompt, labels=unlisted(present)):
        if claim.polarity is Polarity.ABSENT or supported(claim.sound, present) or supported(claim.sound, loose):
            continue
        said, span = item.response[claim.start : claim.end], (claim.start, claim.end)
        if claim.polarity is not Polarity.UNCLEAR:
            return failed(
                "grounded", "unsupported", f"says {said!r} is heard, but the metadata has no {claim.sound}", span
            )
        detail = f"says {said!r} is heard or leaves it open, but the metadata has no {claim.sound}"
        doubted = doubted or failed("grounded", "unsupported", detail, span, doubt=True)
    if beyond == "refuse" and (found := _first_beyond(item)):
        return failed("grounded", "beyond", f"tells of {found.group()!r}, which the metadata does not", found.span())
    return doubted or passed("grounded")


def _first_beyond(item: Item) -> re.Match[str] | None:
    told = set(re.findall(r"\w+", " ".join(_metadata(clip) for clip in item.clips).casefold()))
    for match in re.finditer(r"\w+", item.response):
        if match.group().casefold() in _BEYOND - told:
            return match
    return None


def _metadata(clip: AudioClip) -> str:
    speech = (v for s in clip.speech for v in [s.transcript, s.emotion, s.accent, *s.attributes.values()] if v)
    return " ".join([*clip.captions, *(e.label for e in clip.events), *speech, *clip.attributes.values()])
