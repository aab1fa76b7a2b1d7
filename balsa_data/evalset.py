"""An evaluation set: does a model hear what is there, and only that? Asked of a corpus' own metadata, without a backbone.

Object hallucination in the columns of the field's benchmark (kuan2jiu99/audio-hallucination, Interspeech 2024): is this
sound in the audio, yes or no, the absent ones drawn at *random*, from the *popular* ones, or *adversarially* (see
`negatives`). And temporal order (ICASSP 2025) where events are timed: is one heard before the other?

A clip is asked as many Yes as No, and each sound is asked for with either answer as often as the corpus allows: who knows
the questions alone should do no better than by chance. How much better is counted (`EvalSet.blind`). Where the metadata
is not clear there is no question: a sound that a caption supposes or elsewhere denies asks for no Yes; one whose maker is
merely named ("a man works on a saw") asks for no No; nor does any of a clip with a label the taxonomy does not know.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from random import Random

from jinja2 import Environment, StrictUndefined

from balsa_data import __version__
from balsa_data.audio import extension, local_path, slug
from balsa_data.card import cell
from balsa_data.claims import Polarity, claims
from balsa_data.clipstore import ClipStore
from balsa_data.corpora import load_all
from balsa_data.errors import InputError
from balsa_data.exports import Output
from balsa_data.facts import akin, heard, narrowest
from balsa_data.negatives import AbsentSounds, Statistics
from balsa_data.prompting import Prompts
from balsa_data.recipe import NegativeSpec, Recipe
from balsa_data.schemas import AudioClip, Record
from balsa_data.taxonomy import Taxonomy, default
from balsa_data.taxonomy.text import key

__all__ = ["EvalSet", "ObjectQuestions", "evalset", "order"]

PAIRS = 3  # Yes and No of a clip and sampling, at most so many each, as in the benchmark's model (POPE)
DRAWN = 12  # absent sounds drawn by the strategy; asked are those whose Yes are most in want of a No
MARGIN = 0.5  # seconds between two sounds whose order is asked: annotators' times are no better
OBJECT, ORDER = "evalset-object", "evalset-order"  # pools of phrasings
LEAN = 5  # Yes that a sound has more than No, or the reverse, at most
_SMALL = frozenset("a an the of on in by with being s".split())
WORDS = 3  # of a sound's name, at most, when it is looked for in metadata word by word


class EvalSet(Record):
    """What an evaluation set holds.

    Attributes:
        questions: By sampling; half of them Yes.
        clips: Clips that are asked about, of `of_clips` in the corpus.
        left_out: The others, by why.
        recordings: How many of them lie in ``audio/``.
        objects: Different sounds asked for, by sampling.
        blind: The accuracy of answering each sound as it is most often right, without hearing; 0.5 is perfect balance.
    """

    folder: Path
    questions: dict[str, int]
    clips: int
    of_clips: int
    left_out: dict[str, int]
    recordings: int
    objects: dict[str, int]
    blind: dict[str, float]


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
            self._asked_for.update(self.present(clip, sounds))
            yield sounds

    def present(self, clip: AudioClip, sounds: frozenset[str]) -> list[str]:
        """Return the sounds a Yes may be asked of: stated in their own words and without doubt, and not too broad."""
        doubted = {
            claim.sound
            for caption in clip.captions
            for claim in claims(caption, self.taxonomy)
            if claim.polarity is not Polarity.PRESENT
        }
        spoken = heard(AudioClip(id=clip.id, speech=clip.speech), taxonomy=self.taxonomy)
        stems = frozenset().union(*map(_stems, _texts(clip)))
        known = self.taxonomy.sounds

        def stated(sound: str) -> bool:
            return sound in spoken or not stems.isdisjoint(self._words(sound))

        return [
            sound
            for sound in sorted(narrowest(sounds, self.taxonomy))
            if sound in known and not known[sound].generic and stated(sound)
            if not any(akin(sound, other, self.taxonomy) for other in doubted)
        ]

    def _words(self, sound: str) -> frozenset[str]:
        """Return how the words begin of which metadata must have one to say that this sound is there.

        Those of its name; of a kind (*a lion roaring*) those that say of what: a *tiger* is of the class that is called
        a lion, but is not called so.
        """
        known = self.taxonomy.sounds
        of_what = (_stems(known[parent].phrase) for parent in known[sound].parents if not known[parent].generic)
        own = _stems(known[sound].phrase)
        return own & frozenset().union(*of_what) or own | _stems(sound)

    def clear(self, clip: AudioClip) -> bool:
        """Return whether the taxonomy knows every label of a clip as a whole, not a word in it."""
        return all(_class(event.label, self.taxonomy) for event in clip.events)

    def pairs(self, clip: AudioClip, sounds: frozenset[str], rng: Random) -> Iterator[tuple[str, str, str]]:
        """Yield a sampling, a sound that is heard and one that is not; such as bring either's Yes and No nearer."""
        present = self.present(clip, sounds)
        if not self.clear(clip):
            return
        told = sounds | _named(clip, self.taxonomy)
        rng.shuffle(present)
        for sampling, count in self.balance.items():

            def surplus(sound: str, count: Counter[tuple[str, bool]] = count) -> int:
                return count[sound, True] - count[sound, False]

            chosen = self._drawn(sampling, told, rng)
            drawn = [s for s in chosen if not any(akin(s, t, self.taxonomy) for t in told)]
            yes = sorted((s for s in present if surplus(s) < LEAN), key=surplus)
            no = sorted((s for s in drawn if surplus(s) > -LEAN), key=surplus, reverse=True)
            for is_heard, is_not in zip(yes[:PAIRS], no, strict=False):
                count[is_heard, True] += 1
                count[is_not, False] += 1
                yield sampling, is_heard, is_not

    def _drawn(self, sampling: str, told: frozenset[str], rng: Random) -> list[str]:
        if sampling == "random":  # of the corpus' own, where a small one's are topped up for other purposes
            able = [sound for sound in self._absent.candidates(told) if sound in self._asked_for]
            return rng.sample(able, min(DRAWN, len(able)))
        return [sound for sound in self._absent.choose(sampling, told, DRAWN, rng) if sound in self._asked_for]

    def why_not(self, clip: AudioClip, sounds: frozenset[str]) -> str:
        """Say why a clip is not asked about."""
        if not self.clear(clip):
            return "a label that the taxonomy does not know"
        return (
            "no pair of sounds that keeps the balance"
            if self.present(clip, sounds)
            else "no sound that is surely heard"
        )

    def different(self, sampling: str) -> int:
        """Return how many different sounds are asked for."""
        return len({sound for sound, _ in self.balance[sampling]})

    def blind(self, sampling: str) -> float:
        """Return the accuracy of the answer that is most often right for each sound."""
        count = self.balance[sampling]
        best = sum(max(count[s, True], count[s, False]) for s in {s for s, _ in count})
        return best / count.total()


def order(clip: AudioClip, taxonomy: Taxonomy) -> list[tuple[str, str]]:
    """Return the pairs of sounds of a clip of which the first is surely over before the second begins.

    Each is a class of the taxonomy, not a broad one; they are unrelated and not to be confused, and so with whatever
    else is heard: no other event that could be taken for one of them lies elsewhere.
    """
    single = [AudioClip(id=clip.id, events=(e,)) for e in clip.events]
    single += [AudioClip(id=clip.id, speech=(s,)) for s in clip.speech]
    times = [(e.onset, e.offset) for e in clip.events] + [(s.start, s.end) for s in clip.speech]
    timed = [
        (sound, start, end)
        for one, (start, end) in zip(single, times, strict=True)
        for sound in narrowest(heard(one, taxonomy=taxonomy), taxonomy)
    ]
    known = taxonomy.sounds

    def alike(a: str, b: str) -> bool:
        return akin(a, b, taxonomy) or (a in known and b in known[a].confusables)

    spans: dict[str, tuple[float, float]] = {}
    for sound in sorted({s for s, _, _ in timed if s in known and not known[s].generic}):
        of_it = [(start, end) for other, start, end in timed if alike(sound, other)]
        whole = [(start, end) for start, end in of_it if start is not None and end is not None]
        if len(whole) == len(of_it):
            spans[sound] = min(s for s, _ in whole), max(e for _, e in whole)
    return [
        (a, b)
        for a, (_, end) in spans.items()
        for b, (start, _) in spans.items()
        if end + MARGIN <= start and not alike(a, b)
    ]


def evalset(recipe: Recipe | str | Path, out: Path | str, *, clips: Iterable[AudioClip] | None = None) -> EvalSet:
    """Write an evaluation set: a folder that `datasets.load_dataset` and ``balsa evaluate`` open.

    Its configurations are ``random``, ``popular`` and ``adversarial`` (those with a share in the recipe's negatives) and,
    where events are timed, ``temporal``; each is a ``.jsonl`` and a ``.parquet`` with the columns ``entry_id, audio_index,
    prompt_text, object, attribute, label, sampling``. ``audio/<audio_index>.*`` are the recordings that are on this
    machine, ``clips.csv`` what the metadata says of each.

    Args:
        recipe: Corpora, taxonomy, prompts, ceiling and seed; also by name or path.
        out: A folder that is empty or does not exist yet.
        clips: The corpus, where it is not the recipe's own.

    Raises:
        CorpusError: The corpus cannot be used.
        InputError: `out` holds something, or the corpus gives no question.
    """
    recipe, out = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe), Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not an empty folder: give another, or remove it")
    taxonomy = Taxonomy.load(recipe.taxonomy) if recipe.taxonomy else default()
    prompts = Prompts(recipe.prompts)
    rows: dict[str, list[dict[str, int | str]]] = {}
    asked: dict[str, AudioClip] = {}
    left_out: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch, Output(out) as output:
        store = ClipStore(Path(scratch))
        store.fill(load_all(recipe.corpora) if clips is None else clips, lambda c: heard(c, taxonomy=taxonomy))
        objects = ObjectQuestions(store, taxonomy, recipe.negatives)
        for clip, sounds in store:
            index, questions = audio_index(clip.id), list(_questions(recipe, prompts, objects, clip, sounds))
            for question in questions:
                to = rows.setdefault(question["sampling"], [])
                to.append({"entry_id": len(to), "audio_index": index, **question})
            if questions:
                asked[index] = clip
            else:
                left_out[objects.why_not(clip, sounds)] += 1
        made = EvalSet(
            folder=out,
            questions={name: len(of_it) for name, of_it in rows.items()},
            clips=len(asked),
            of_clips=len(store),
            left_out=dict(left_out.most_common()),
            recordings=_copy_audio(output, asked),
            objects={name: objects.different(name) for name in objects.balance if name in rows},
            blind={name: objects.blind(name) for name in objects.balance if name in rows},
        )
        store.close()
        if not rows:
            reasons = "; ".join(f"{count} clips: {why}" for why, count in left_out.items())
            raise InputError(
                f"the corpus gives no question, a sound must be in some clips and not in others ({reasons})"
            )
        _write_questions(output, rows)
        _describe(output, recipe, prompts, made, asked)
    return made


def audio_index(clip_id: str) -> str:
    """Return what a clip's recording is called in an evaluation set: its id where that is a plain name."""
    plain = slug(clip_id)
    return plain if plain == clip_id else f"{plain}-{hashlib.sha256(clip_id.encode()).hexdigest()[:8]}"


def _questions(
    recipe: Recipe,
    prompts: Prompts,
    objects: ObjectQuestions,
    clip: AudioClip,
    sounds: frozenset[str],
) -> Iterator[dict[str, str]]:
    """Yield a clip's questions, each Yes before its No, both in the same phrasing."""
    seed = f"{recipe.seed}\0evalset\0{clip.id}"
    rng = Random(hashlib.blake2b(seed.encode(), digest_size=8).digest())

    def record(sampling: str, label: str, pool: str, index: int, asked: str, **named: str) -> dict[str, str]:
        phrases = {name: objects.taxonomy.sounds[sound].phrase for name, sound in named.items()}
        return {
            "prompt_text": prompts.instruction(pool, index, **phrases),
            "object": asked,
            "attribute": "positive" if label == "Yes" else "negative",
            "label": label,
            "sampling": sampling,
        }

    for sampling, yes, no in objects.pairs(clip, sounds, rng):
        index = rng.getrandbits(32)
        yield record(sampling, "Yes", OBJECT, index, yes, sound=yes)
        yield record(sampling, "No", OBJECT, index, no, sound=no)
    if found := order(clip, objects.taxonomy):
        a, b = rng.choice(found)
        index = rng.getrandbits(32)
        yield record("temporal", "Yes", ORDER, index, f"{a} before {b}", first=a, second=b)
        yield record("temporal", "No", ORDER, index, f"{b} before {a}", first=b, second=a)


def _texts(clip: AudioClip) -> tuple[str, ...]:
    return (*clip.captions, *(event.label for event in clip.events), *clip.attributes.values())


def _stems(text: str) -> frozenset[str]:
    """Return how a text's words begin: *barks* and *barking* begin alike."""
    return frozenset(word[:3] for word in key(text).split() if word not in _SMALL)


def _named(clip: AudioClip, taxonomy: Taxonomy) -> frozenset[str]:
    """Return every sound that a word or two of the metadata could name, whether or not it is said to be heard."""
    found = (_class(words, taxonomy) for text in _texts(clip) for words in _runs(key(text).split()))
    return frozenset(sound for sound in found if sound)


def _runs(words: list[str]) -> Iterator[str]:
    return (" ".join(words[i : i + n]) for n in range(1, WORDS + 1) for i in range(len(words) - n + 1))


@lru_cache(maxsize=1 << 17)
def _class(words: str, taxonomy: Taxonomy) -> str | None:
    return taxonomy.resolve(words)


def _write_questions(output: Output, rows: dict[str, list[dict[str, int | str]]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, of_it in rows.items():
        for row in of_it:
            output.add(f"{name}.jsonl", row)
        pq.write_table(pa.Table.from_pylist(of_it), output.path(f"{name}.parquet"))


def _copy_audio(output: Output, asked: dict[str, AudioClip]) -> int:
    """Copy the recordings that are on this machine, byte for byte, each named by its index; return how many."""
    copied = 0
    for index, clip in asked.items():
        path = local_path(str(clip.audio)) if clip.audio else None  # the clip store has put bytes into files
        if path is not None and path.is_file():
            with path.open("rb") as file:
                suffix = extension(file.read(16), str(path))
            shutil.copyfile(path, output.path(f"audio/{index}{suffix}"))
            copied += 1
    return copied


def _describe(output: Output, recipe: Recipe, prompts: Prompts, made: EvalSet, asked: dict[str, AudioClip]) -> None:
    """Write what each clip is, and how the set was made."""
    with output.path("clips.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["audio_index", "clip_id", "dataset", "license", "metadata"])
        for index, clip in asked.items():
            metadata = prompts.seed_description(clip, recipe.seed_description)
            table.writerow([index, clip.id, clip.dataset, clip.license, metadata])
    sources = Counter((clip.dataset or "not named", clip.license or "unknown") for clip in asked.values())
    template = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    template.filters["cell"] = cell
    text = (files("balsa_data") / "evalset.md.jinja").read_text("utf-8")
    card = template.from_string(text).render(
        made=made,
        recipe=recipe,
        sources=sources,
        version=__version__,
        pairs=PAIRS,
        drawn=DRAWN,
        lean=LEAN,
        margin=MARGIN,
    )
    output.path("README.md").write_text(card, "utf-8", newline="\n")
