"""Facts: which sounds a clip's metadata says are heard in it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from balsa_data.claims import Polarity, claims, quotes
from balsa_data.schemas import AudioClip
from balsa_data.taxonomy import Taxonomy, default

__all__ = [
    "akin", "akin_to", "doubted", "heard", "narrowest", "noises", "related", "sourceless", "spoken", "supported", "unlisted", "unmentioned"
]  # fmt: skip

_SOURCELESS = "ambiguous sounds"  # the class of what is heard without its source


def heard(*clips: AudioClip, taxonomy: Taxonomy | None = None) -> frozenset[str]:
    """Return the sounds that the metadata of the clips says are heard, each by its class in the taxonomy.

    Events and attributes count by their labels, captions by what they claim ("a dog barks, no speech" is a dog), a speech
    segment as speech, of the speaker's gender and age where they are known. A label the taxonomy does not know stands for
    itself, in lower case.
    """
    taxonomy = taxonomy or default()
    return (
        frozenset(_heard(clips[0], taxonomy))
        if len(clips) == 1
        else frozenset().union(*[_heard(clip, taxonomy) for clip in clips])
    )


def spoken(voices: Iterable[tuple[str | None, str | None]], taxonomy: Taxonomy) -> frozenset[str]:
    """Return the sounds of speech by whoever speaks: gender and age of each, None where it is not known."""
    return frozenset().union(*[_voice(gender, age, taxonomy) for gender, age in voices])


def doubted(clip: AudioClip, taxonomy: Taxonomy) -> frozenset[str]:
    """Return the sounds of which a caption says that they are not heard, or only that they may be."""
    return frozenset().union(*[_claimed(caption, taxonomy)[1] for caption in clip.captions])


def sourceless(*clips: AudioClip, taxonomy: Taxonomy | None = None) -> frozenset[str]:
    """Return the sounds that captions and labels name without a source, or as one's: the *clanking* of a clanking train.

    They tell that there is clanking, but it need not be told beside the train.
    """
    taxonomy = taxonomy or default()
    texts = (t for clip in clips for t in (*clip.captions, *(e.label for e in clip.events)))
    return frozenset().union(*(noises(text, taxonomy) for text in texts))


def noises(text: str, taxonomy: Taxonomy | None = None) -> frozenset[str]:
    """Return the sounds that a text names without a source, or as one's, whether heard or not: *clanking*, *squealing*."""
    return _noises(text, taxonomy or default())


@lru_cache(maxsize=16384)  # several checks, and draws, ask about one caption
def _noises(text: str, taxonomy: Taxonomy) -> frozenset[str]:
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
    return (taxonomy or default()).narrowest(sounds)


def related(a: str, b: str, taxonomy: Taxonomy | None = None) -> bool:
    """Return whether the two are one sound or one is a kind of the other; sounds the taxonomy lacks are only themselves."""
    taxonomy = taxonomy or default()
    return a == b or (a in taxonomy.sounds and b in taxonomy.sounds and taxonomy.related(a, b))


def akin(a: str, b: str, taxonomy: Taxonomy | None = None) -> bool:
    """Return whether the two are related, or two sides of one sound: *siren* and *emergency vehicle*."""
    return b in akin_to(a, taxonomy)


def akin_to(sound: str, taxonomy: Taxonomy | None = None) -> frozenset[str]:
    """Return a sound with those that are related to it, or another side of it."""
    return _akin(sound, taxonomy or default())


@lru_cache(maxsize=16384)
def _akin(sound: str, taxonomy: Taxonomy) -> frozenset[str]:
    return taxonomy.akin(sound) if sound in taxonomy.sounds else frozenset({sound})


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


def _heard(clip: AudioClip, taxonomy: Taxonomy) -> set[str]:
    found: set[str] = set()
    for segment in clip.speech:
        found |= _voice(segment.gender, segment.age, taxonomy)
    for event in clip.events:
        found |= _named(event.label, taxonomy) or {event.label.casefold()}
    for caption in clip.captions:
        found |= _claimed(caption, taxonomy)[0]
    for key, value in clip.attributes.items():  # "genre: rock" is rock music, "instrument: flute" a flute
        found |= _named(f"{value} {'music' if 'genre' in key else key.split('_')[0]}", taxonomy)
    return found


@lru_cache(maxsize=16384)  # a corpus has many clips and few labels
def _named(label: str, taxonomy: Taxonomy) -> frozenset[str]:
    name = taxonomy.resolve(label)
    return frozenset({name}) if name else frozenset(m.sound for m in taxonomy.find(label))


@lru_cache(maxsize=16384)  # several checks, and tasks, ask about one caption
def _claimed(caption: str, taxonomy: Taxonomy) -> tuple[frozenset[str], frozenset[str]]:
    """Return what a caption affirms, if with doubt, and what it denies or doubts."""
    found = claims(caption, taxonomy)
    names = [(q.start, q.end) for q in quotes(caption) if len(q.text) < len(caption) - 2]  # 'the ship "Penguin"'
    affirmed = {c.sound for c in found if c.affirms and not any(a <= c.start < b for a, b in names)}
    return frozenset(affirmed), frozenset(c.sound for c in found if c.polarity is not Polarity.PRESENT)


@lru_cache(maxsize=1024)
def _voice(gender: str | None, age: str | None, taxonomy: Taxonomy) -> frozenset[str]:
    gender, age, names = (gender or "").casefold(), (age or "").casefold(), {"speech"}
    male, female = gender in {"male", "man", "m", "boy"}, gender in {"female", "woman", "f", "girl"}
    if {gender, age} & {"child", "kid", "boy", "girl"}:
        names.add("boy speaking" if male else "girl speaking" if female else "child speech")
    elif male or female:
        names.add("male speech" if male else "female speech")
    return frozenset(taxonomy.resolve(name) or name for name in names)
