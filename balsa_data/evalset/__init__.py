"""An evaluation set: does a model hear what is there, and only that? Asked of a corpus' own metadata, without a backbone.

Object hallucination in the columns of the field's benchmark (kuan2jiu99/audio-hallucination, Interspeech 2024): is this
sound in the audio, yes or no, the absent ones drawn at *random*, from the *popular* ones, or *adversarially* (see
`negatives`). And temporal order (ICASSP 2025) where events are timed: is one heard before the other?

A clip is asked as many Yes as No, and each sound is asked for with either answer as often as the corpus allows: who knows
the questions alone should do no better than by chance. How much better is counted (`EvalSet.blind`). Where the metadata
is not clear there is no question: a sound that a caption supposes or elsewhere denies asks for no Yes; one whose maker is
merely named ("a man works on a saw") asks for no No; nor does any of a clip with a label the taxonomy does not know.

Of a recipe that holds recordings out (``publish.test_fraction``), only those are asked about: a question about a recording
that a model was trained on tests nothing.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from random import Random

from balsa_data.clipstore import ClipStore
from balsa_data.corpora import load_all
from balsa_data.errors import InputError
from balsa_data.evalset.objects import LEAN, ObjectQuestions
from balsa_data.evalset.order import MARGIN, order
from balsa_data.evalset.writing import EvalSet, audio_index, copy_audio, describe, write_questions
from balsa_data.exports import Output
from balsa_data.facts import heard
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe
from balsa_data.schemas import AudioClip
from balsa_data.splits import split
from balsa_data.taxonomy import Taxonomy, default

__all__ = ["LEAN", "MARGIN", "EvalSet", "ObjectQuestions", "evalset", "order"]

OBJECT, ORDER = "evalset-object", "evalset-order"  # pools of phrasings


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
        found, held_out = load_all(recipe.corpora) if clips is None else clips, recipe.publish.test_fraction
        asked_about = (c for c in found if split([c], held_out) == "test") if held_out else found
        store.fill(asked_about, lambda c: heard(c, taxonomy=taxonomy))
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
            recordings=copy_audio(output, asked),
            objects={name: objects.different(name) for name in objects.balance if name in rows},
            blind={name: objects.blind(name) for name in objects.balance if name in rows},
        )
        store.close()
        if not rows:
            reasons = "; ".join(f"{count} clips: {why}" for why, count in left_out.items())
            raise InputError(
                f"the corpus gives no question ({reasons}): take more clips, a sound must be in some and not in others"
            )
        write_questions(output, rows)
        describe(output, recipe, prompts, made, asked)
    return made


def _questions(
    recipe: Recipe,
    prompts: Prompts,
    objects: ObjectQuestions,
    clip: AudioClip,
    sounds: frozenset[str],
) -> Iterator[dict[str, str]]:
    """Yield a clip's questions, each Yes before its No, both in the same phrasing."""
    seed = f"{recipe.seed}\0evalset\0{clip.id}"
    rng = Random(blake2b(seed.encode(), digest_size=8).digest())

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
