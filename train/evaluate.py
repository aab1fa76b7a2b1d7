"""Does it hear what is there, and only that; and what did training cost?

Answers to yes/no questions, descriptions and pairs of recordings are judged by the same facts, those of the questions.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from balsa_data.claims import EVERYTHING, claims
from balsa_data.taxonomy import default
from balsa_data.train import metrics
from balsa_data.train.encoder import Sound
from balsa_data.train.instructions import INSTRUCTIONS
from balsa_data.train.model import AudioLM
from balsa_data.train.questions import Question, load_questions, pairs, recordings

__all__ = ["Figure", "affirmed", "borne_out", "evaluate", "forgetting", "respond", "unadapted"]

DESCRIBE = "Describe the audio."  # the reference's generative prompts, the two that are instructions
HEAR = "What do you hear?"
DIFFERENCE = "Explain the difference between the two audio clips."
PARSERS = {"reference": (metrics.parse_reference, True), "strict": (metrics.parse_strict, False)}

NO_RANGE: tuple[float | None, float | None] = (None, None)
Related = Callable[[str, str], bool]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """One measured value with its 95% interval, where it has one.

    Attributes:
        part: What was asked: ``random``, ``popular``, … with the parser; ``shuffled``, ``describe``, ``which``, ….
        items: How many answers it is of.
    """

    part: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    items: int


def evaluate(
    model: AudioLM | str | Path,
    questions: str | Path,
    *,
    out: str | Path | None = None,
    mentioned: Callable[[str, str], Collection[str]] | None = None,
    related: Related | None = None,
    batch_size: int = 16,
    seed: int = 0,
    say: Progress = lambda _: None,
) -> list[Figure]:
    """Measure a trained model.

    Args:
        model: The model, or the folder training wrote.
        questions: The evaluation set's folder.
        out: Where ``figures.json``, ``figures.csv`` and the responses go, the latter in the field's columns.
        mentioned: (response, prompt) → the sounds it affirms; None reads them with the library's claims.
        related: Whether a mention is borne out by a sound that is there; None asks the taxonomy.
        batch_size: Requests a batch.
        seed: Of the bootstrap, the pairs and the swapped audio.
        say: Told what is being measured.

    Raises:
        InputError: The model or the questions cannot be read.
    """
    model = model if isinstance(model, AudioLM) else AudioLM.from_pretrained(model)
    asked, folder = load_questions(questions), Path(questions)
    mentioned, related = mentioned or affirmed, related or borne_out
    sounds = {name: model.encoder.encoded(path, name) for name, path in recordings(folder, asked).items()}
    facts = {
        name: tuple(_unique(q.object for q in asked if q.audio_index == name and q.label == "yes")) for name in sounds
    }
    figures: list[Figure] = []
    responses: dict[str, list[tuple[Question, str]]] = {}

    def answer(requests: Sequence[tuple[Sequence[Sound], str]], tokens: int) -> list[str]:
        return respond(model, requests, batch_size, tokens)

    def add(
        part: str, items: Sequence[Any], groups: Sequence[str], statistic: Callable[[Sequence[Any]], Mapping[str, Any]]
    ) -> None:
        if items:
            ranges = metrics.bootstrap(items, statistic, groups, seed=seed)
            figures.extend(
                Figure(part, name, value, *ranges.get(name, NO_RANGE), len(items))
                for name, value in statistic(items).items()
            )

    say(f"{len(asked)} questions over {len(sounds)} recordings")
    for part, others in (("", {name: name for name in sounds}), ("shuffled ", _rotated(sounds, seed))):
        given = answer([((sounds[others[q.audio_index]],), q.prompt_text) for q in asked], 16)
        for sampling in (*_unique(q.sampling for q in asked), "all"):
            rows = [(q, text) for q, text in zip(asked, given, strict=True) if sampling in ("all", q.sampling)]
            responses[f"{part}{sampling}".replace(" ", "-")] = rows
            for name in PARSERS:
                add(f"{part}{sampling}, {name} parser", rows, [q.audio_index for q, _ in rows], _judged(name))
    changed = [a != b for (_, a), (_, b) in zip(responses["all"], responses["shuffled-all"], strict=True)]
    add("shuffled", changed, [q.audio_index for q in asked], lambda items: {"answers_changed": sum(items) / len(items)})

    say(f"descriptions of {len(sounds)} recordings")
    described = [(name, prompt) for name in sounds if facts[name] for prompt in (DESCRIBE, HEAR)]
    texts = answer([((sounds[name],), prompt) for name, prompt in described], 64)
    judged = [
        metrics.generative(mentioned(text, prompt), facts[name], related)
        for (name, prompt), text in zip(described, texts, strict=True)
    ]
    add("describe", judged, [name for name, _ in described], _means)

    duos = pairs(asked, seed=seed)
    say(f"{len(duos)} pairs of recordings")
    clips = [(sounds[duo.first], sounds[duo.second]) for duo in duos]
    which = answer(
        [
            (both, f"Which audio has the sound of {d.object}, the first or the second?")
            for both, d in zip(clips, duos, strict=True)
        ],
        16,
    )
    ends = [f"{duo.first} {duo.second}" for duo in duos]
    add(
        "which clip",
        list(zip(duos, which, strict=True)),
        ends,
        lambda i: metrics.which_clip([d.label for d, _ in i], [t for _, t in i]),
    )
    told = answer([(both, DIFFERENCE) for both in clips], 64)
    right = [
        metrics.difference(mentioned(text, DIFFERENCE), facts[duo.first], facts[duo.second], related)
        for duo, text in zip(duos, told, strict=True)
    ]
    add("difference", right, ends, lambda items: {"accuracy": sum(items) / len(items)})

    say("text-only instructions")
    followed = forgetting(model, batch_size)
    add("text only", followed, [str(k) for k in range(len(followed))], _means)
    if out is not None:
        write(Path(out), figures, responses)
    return figures


def respond(model: AudioLM, requests: Sequence[tuple[Sequence[Sound], str]], batch_size: int, tokens: int) -> list[str]:
    """Answer requests in batches of like length; returned in their order."""
    examples = [model.request(prompt, sounds) for sounds, prompt in requests]
    order = sorted(range(len(examples)), key=lambda k: len(examples[k].ids))
    given: dict[int, str] = {}
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        given.update(zip(chosen, model.respond([examples[k] for k in chosen], tokens), strict=True))
    return [given[k] for k in range(len(examples))]


def forgetting(model: AudioLM, batch_size: int = 16, bare: Sequence[str] | None = None) -> list[dict[str, float]]:
    """Compare answers to text-only instructions with the bare backbone's.

    Without LoRA nothing of the backbone was trained and both are one computation, done once.

    Args:
        model: The trained model.
        batch_size: Requests a batch.
        bare: What `unadapted` found, which is the same for every model with this backbone; None asks it.
    """
    trained = _instructed(model, batch_size)
    if bare is None:
        bare = unadapted(model, batch_size) if model.config.lora_rank else trained
    return [
        {
            "followed": float(check(ours)),
            "followed_by_bare_backbone": float(check(theirs)),
            "identical": float(ours == theirs),
        }
        for (_, check), ours, theirs in zip(INSTRUCTIONS, trained, bare, strict=True)
    ]


def unadapted(model: AudioLM, batch_size: int = 16) -> list[str]:
    """Return what the backbone answers to the text-only instructions with its adapter, where it has one, switched off."""
    with model.backbone.disable_adapter() if model.config.lora_rank else nullcontext():
        return _instructed(model, batch_size)


def affirmed(text: str, prompt: str) -> frozenset[str]:
    """Return the sounds that a response says are heard, as classes of the taxonomy."""
    return frozenset(c.sound for c in claims(text, prompt=prompt) if c.affirms and c.sound != EVERYTHING)


def borne_out(mention: str, sound: str) -> bool:
    """Whether a mention fits where `sound` is heard: the same, or one a kind of the other.

    A more exact name than the metadata's ("a dog barks" where it says "dog") is not held against a description.
    """
    taxonomy = default()
    mention, sound = taxonomy.resolve(mention) or mention, taxonomy.resolve(sound) or sound
    return mention == sound or mention in taxonomy.ancestors(sound) or sound in taxonomy.ancestors(mention)


def write(folder: Path, figures: Sequence[Figure], responses: Mapping[str, Sequence[tuple[Question, str]]]) -> None:
    """Write the figures as JSON and CSV, and each sampling's responses as ``entry_id,audio_index,label,response``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [asdict(figure) for figure in figures]
    (folder / "figures.json").write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    _table(folder / "figures.csv", list(Figure.__dataclass_fields__), [list(row.values()) for row in rows])
    for name, answers in responses.items():
        lines = [[q.entry_id, q.audio_index, q.label.capitalize(), text] for q, text in answers]
        _table(folder / f"responses-{name}.csv", ["entry_id", "audio_index", "label", "response"], lines)


def _instructed(model: AudioLM, batch_size: int) -> list[str]:
    return respond(model, [((), prompt) for prompt, _ in INSTRUCTIONS], batch_size, 64)


def _table(path: Path, header: list[str], rows: Sequence[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def _judged(parser: str) -> Callable[[Sequence[tuple[Question, str]]], dict[str, float]]:
    parse, none_is_no = PARSERS[parser]
    return lambda rows: metrics.object_hallucination(
        [q.label for q, _ in rows], [parse(t) for _, t in rows], none_is_no=none_is_no
    )


def _means(items: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    known = {name: [v for item in items if (v := item[name]) is not None] for name in items[0]}
    return {name: sum(values) / len(values) if values else None for name, values in known.items()}


def _rotated(names: Collection[str], seed: int) -> dict[str, str]:
    """Give each recording another one's place."""
    order = sorted(names)
    random.Random(seed).shuffle(order)
    return dict(zip(order, [*order[1:], order[0]], strict=True))


def _unique(items: Iterator[str]) -> Iterator[str]:
    return iter(dict.fromkeys(items))
