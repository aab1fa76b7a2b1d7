"""Facts: which sounds a clip's metadata says are heard in it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from balsa_data.claims import claims, quotes
from balsa_data.schemas import AudioClip, SpeechSegment
from balsa_data.taxonomy import Taxonomy, default

__all__ = ["akin", "heard", "narrowest", "related", "sourceless", "supported", "unlisted", "unmentioned"]

_SOURCELESS = "ambiguous sounds"  # the class of what is heard without its source


def heard(*clips: AudioClip, taxonomy: Taxonomy | None = None) -> frozenset[str]:
    """Return the sounds that the metadata of the clips says are heard, each by its class in the taxonomy.

    Events and attributes count by their labels, captions by what they claim ("a dog barks, no speech" is a dog), a speech
    segment as speech, of the speaker's gender and age where they are known. A label the taxonomy does not know stands for
    itself, in lower case.
    """
    taxonomy = taxonomy or default()
    return frozenset().union(*(_heard(*_told(clip), taxonomy) for clip in clips))


def sourceless(*clips: AudioClip, taxonomy: Taxonomy | None = None) -> frozenset[str]:
    """Return the sounds that captions and labels name without a source, or as one's: the *clanking* of a clanking train.

    They tell that there is clanking, but it need not be told beside the train.
    """
    taxonomy = taxonomy or default()
    texts = (t for clip in clips for t in (*clip.captions, *(e.label for e in clip.events)))
    return frozenset().union(*(_sourceless(text, taxonomy) for text in texts))


@lru_cache(maxsize=16384)  # several checks, and draws, ask about one caption
def _sourceless(text: str, taxonomy: Taxonomy) -> frozenset[str]:
    return taxonomy.find_generic(text) & taxonomy.descendants(_SOURCELESS)


def unlisted(sounds: Iterable[str], taxonomy: Taxonomy | None = None) -> frozenset[str]:
    """Return those sounds that are no class of the taxonomy: texts are to be searched for them as they stand."""
    known = (taxonomy or default()).sounds
    return frozenset(s for s in sounds if s not in known)


def supported(sound: str, present: frozenset[str], taxonomy: Taxonomy | None = None) -> bool:
    """Return whether metadata that names the sounds `present` bears out that `sound` is heard.

    It does when the sound or a kind of it is present, or all of the several classes it is at once: *siren* and *emergency
    vehicle* make an *emergency siren*. A sound without a source is also borne out by what sounds like it: *dishes*, which
    are taken for a *clanging*, may be said to clang.
    """
    taxonomy = taxonomy or default()
    if sound in present or sound not in taxonomy.sounds:
        return sound in present
    known, parents = taxonomy.sounds[sound], taxonomy.sounds[sound].parents
    # generic: a man's speech is a sort of vocalizing as well, and no woman bears it out
    if known.generic and _SOURCELESS in taxonomy.ancestors(sound) and not present.isdisjoint(known.confusables):
        return True
    return not present.isdisjoint(taxonomy.descendants(sound)) or (len(parents) > 1 and present.issuperset(parents))


def narrowest(sounds: frozenset[str], taxonomy: Taxonomy | None = None) -> frozenset[str]:
    """Return the sounds without those that another of them is a kind of: of *animal* and *dog*, *dog*."""
    return _narrowest(sounds, taxonomy or default())


@lru_cache(maxsize=16384)  # several tasks ask about one clip
def _narrowest(sounds: frozenset[str], taxonomy: Taxonomy) -> frozenset[str]:
    return sounds.difference(*(taxonomy.ancestors(s) for s in sounds if s in taxonomy.sounds))


def related(a: str, b: str, taxonomy: Taxonomy | None = None) -> bool:
    """Return whether the two are one sound or one is a kind of the other; sounds the taxonomy lacks are only themselves."""
    taxonomy = taxonomy or default()
    return a == b or (a in taxonomy.sounds and b in taxonomy.sounds and taxonomy.related(a, b))


def akin(a: str, b: str, taxonomy: Taxonomy | None = None) -> bool:
    """Return whether the two are related, or two sides of one sound: *siren* and *emergency vehicle*."""
    taxonomy = taxonomy or default()
    known = a in taxonomy.sounds and b in taxonomy.sounds
    return a == b or (known and (taxonomy.related(a, b) or taxonomy.join(a, b) is not None))


def unmentioned(sound: str, taxonomy: Taxonomy | None = None) -> frozenset[str]:
    """Return what may well be heard where `sound` is, though the metadata does not say so: nobody may deny it.

    A *radio* plays music or speech, of whatever kind; a man who *speaks* may hold a *monologue* or a *conversation*.
    """
    return _unmentioned(sound, taxonomy or default())


@lru_cache(maxsize=4096)
def _unmentioned(sound: str, taxonomy: Taxonomy) -> frozenset[str]:
    if sound not in taxonomy.sounds:
        return frozenset()
    above = {sound, *taxonomy.ancestors(sound)}
    found = taxonomy.sounds[sound].confusables if "sound reproduction" in above else frozenset[str]()
    found = found.union(*map(taxonomy.descendants, found))
    if "speech" in above:
        found |= {kind for kind in taxonomy.descendants("speech") if taxonomy.sounds[kind].parents == ("speech",)}
    return found - above


def _told(clip: AudioClip) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return what tells of sounds in the metadata, as the key to what was once worked out from it."""
    voices = {voice for segment in clip.speech for voice in _voices(segment)}
    return tuple(e.label for e in clip.events), clip.captions, tuple(sorted(voices)), tuple(clip.attributes.items())


def _voices(segment: SpeechSegment) -> set[str]:
    gender, age = (segment.gender or "").casefold(), (segment.age or "").casefold()
    names = {"speech"}
    child = bool({gender, age} & {"child", "kid", "boy", "girl"})
    male, female = gender in {"male", "man", "m", "boy"}, gender in {"female", "woman", "f", "girl"}
    if child:
        names.add("boy speaking" if male else "girl speaking" if female else "child speech")
    elif male or female:
        names.add("male speech" if male else "female speech")
    return names


@lru_cache(maxsize=16384)
def _heard(
    events: tuple[str, ...],
    captions: tuple[str, ...],
    voices: tuple[str, ...],
    attributes: tuple[tuple[str, str], ...],
    taxonomy: Taxonomy,
) -> frozenset[str]:
    found = {taxonomy.resolve(v) or v for v in voices}
    for label in events:
        found |= _named(label, taxonomy) or {label.casefold()}
    for caption in captions:
        names = [(q.start, q.end) for q in quotes(caption) if len(q.text) < len(caption) - 2]  # 'the ship "Penguin"'
        found |= {
            c.sound for c in claims(caption, taxonomy) if c.affirms and not any(a <= c.start < b for a, b in names)
        }
    for key, value in attributes:  # "genre: rock" is rock music, "instrument_family: keyboard" a keyboard instrument
        found |= _named(f"{value} {'music' if 'genre' in key else key.split('_')[0]}", taxonomy)
    return frozenset(found)


@lru_cache(maxsize=16384)  # a corpus has many clips and few labels
def _named(label: str, taxonomy: Taxonomy) -> frozenset[str]:
    name = taxonomy.resolve(label)
    return frozenset({name}) if name else frozenset(m.sound for m in taxonomy.find(label))
