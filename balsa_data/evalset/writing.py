"""What an evaluation set is on disk: its questions, its recordings, what is known of each, and how it was made."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections import Counter
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from balsa_data import __version__
from balsa_data.audio import extension, local_path, slug
from balsa_data.card import cell
from balsa_data.configs import version as content_version
from balsa_data.evalset.objects import DRAWN, LEAN, PAIRS
from balsa_data.evalset.order import MARGIN
from balsa_data.exports import Output
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe
from balsa_data.schemas import AudioClip, Record

__all__ = ["EvalSet", "audio_index", "copy_audio", "describe", "write_questions"]


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


def audio_index(clip_id: str) -> str:
    """Return what a clip's recording is called in an evaluation set: its id where that is a plain name."""
    plain = slug(clip_id)
    return plain if plain == clip_id else f"{plain}-{hashlib.sha256(clip_id.encode()).hexdigest()[:8]}"


def write_questions(output: Output, rows: dict[str, list[dict[str, int | str]]]) -> None:
    """Write each configuration, as lines of JSON and as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, of_it in rows.items():
        for row in of_it:
            output.add(f"{name}.jsonl", row)
        pq.write_table(pa.Table.from_pylist(of_it), output.path(f"{name}.parquet"))


def copy_audio(output: Output, asked: dict[str, AudioClip]) -> int:
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


def describe(output: Output, recipe: Recipe, prompts: Prompts, made: EvalSet, asked: dict[str, AudioClip]) -> None:
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
    contents = hashlib.blake2b()
    for name in made.questions:
        contents.update(output.path(f"{name}.parquet").read_bytes())
    card = template.from_string(text).render(
        content=content_version(contents),
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
