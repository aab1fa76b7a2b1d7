"""What a trained model answers, kept as JSON: questions, the same with the audio swapped, descriptions, and plain text."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from arms import ANSWERS, Place, Size

from balsa_data.train.encoder import Sound
from balsa_data.train.evaluate import DESCRIBE, affirmed, borne_out, forgetting, respond, unadapted
from balsa_data.train.metrics import generative
from balsa_data.train.model import AudioLM
from balsa_data.train.questions import load_questions

Request = tuple[Sequence[Sound], str]


def collect(model: AudioLM, folder: Path, *, swapped: bool) -> dict[str, Any]:
    """Ask a model all that is asked of it over one set of recordings.

    Args:
        model: A trained model.
        folder: Holds ``questions.jsonl`` and ``audio/``.
        swapped: Whether to ask the random ones once more, with each recording in another's place.

    Returns:
        ``questions``: each with the `response`, and the `swapped` one; ``descriptions``: each with what it claims right
        (`cover`) and wrong (`chair`, `hal`).
    """
    asked = load_questions(folder)
    names = sorted({q.audio_index for q in asked})
    sounds = {name: model.encoder.encoded(folder / "audio" / f"{name}.wav", name) for name in names}
    facts = {n: [*dict.fromkeys(q.object for q in asked if q.audio_index == n and q.label == "yes")] for n in names}
    other = dict(zip(names, names[1:] + names[:1], strict=True))
    given = _once(model, [(q.audio_index, q.prompt_text) for q in asked], sounds, 6)
    swaps = [q for q in asked if swapped and q.sampling == "random"]
    rotated = {name: sounds[other[name]] for name in names}
    with_swap = dict(zip(swaps, _once(model, [(q.audio_index, q.prompt_text) for q in swaps], rotated, 6), strict=True))
    prompts = [(name, DESCRIBE) for name in names]
    texts = _once(model, prompts, sounds, 24)
    return {
        "questions": [
            {**asdict(q), "response": text, **({"swapped": with_swap[q]} if q in with_swap else {})}
            for q, text in zip(asked, given, strict=True)
        ],
        "descriptions": [
            {
                "audio_index": name, "response": text, "present": facts[name],
                **generative(affirmed(text, prompt), facts[name], borne_out),
            }
            for (name, prompt), text in zip(prompts, texts, strict=True)
        ],
    }  # fmt: skip


def ask(folder: Path, size: Size, place: Place) -> Path:
    """Ask a trained model everything and write ``answers.json`` into its folder, unless it is there; return its path."""
    path = folder / ANSWERS
    if not path.is_file():
        torch.set_num_threads(1)
        model = AudioLM.from_pretrained(folder)
        sides = ["test", "unseen"] if size.unseen else ["test"]
        found: dict[str, Any] = {
            side: collect(model, place.out / "corpus" / side, swapped=side == "test") for side in sides
        }
        bare = _kept(place.out / "bare.json", lambda: unadapted(model))
        found["instructions"] = forgetting(model, bare=bare)
        _kept(path, lambda: found)
    return path


def _kept(path: Path, make: Callable[[], Any]) -> Any:
    """Return what a file holds, made and written first where it is not there."""
    if not path.is_file():
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n", "utf-8")
        partial.replace(path)
    return json.loads(path.read_text("utf-8"))


def _once(model: AudioLM, asked: Sequence[tuple[str, str]], sounds: dict[str, Sound], tokens: int) -> list[str]:
    """Answer requests, those that are the same once."""
    if not asked:
        return []
    distinct = list(dict.fromkeys(asked))
    answers = respond(model, [((sounds[name],), prompt) for name, prompt in distinct], 16, tokens)
    known = dict(zip(distinct, answers, strict=True))
    return [known[request] for request in asked]
