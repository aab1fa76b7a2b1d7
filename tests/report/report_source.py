"""Runs made up for the report: their clips real where the parts are there, their answers composed from a few phrases."""

from __future__ import annotations

import json
import math
import os
import random
import wave
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from balsa_data.schemas import (
    Attempt,
    AudioClip,
    Failure,
    Provenance,
    Rejection,
    Sample,
    SoundEvent,
    SpeechSegment,
    Usage,
    Verdict,
)

SOUNDS = (
    "dog barking", "rain", "siren", "car engine", "birdsong", "church bell", "footsteps", "applause", "wind", "thunder",
    "piano", "baby crying", "train horn", "keyboard typing", "laughter", "glass breaking", "helicopter", "frog croaking",
    "chainsaw", "running water", "cat meowing", "door slam", "crowd cheering", "clock ticking", "violin", "sneeze",
)  # fmt: skip
PROMPTS = {
    "positive": ("What can you hear?", "Describe the audio.", "Tell me which sounds occur in this recording."),
    "negative": ("Which sounds are missing from this audio?", "Name something that cannot be heard here."),
    "combined": ("Say what is heard, and what is not.", "List the sounds that are there and some that are not."),
    "existence": ("Is there the sound of {}?", "Can you hear {}?", "Does {} occur in the audio?"),
    "difference": ("How do these two recordings differ?", "What sets the first clip apart from the second?"),
}  # fmt: skip


class Records:
    """Makes its records anew each time it is read."""

    def __init__(self, length: int, make: Callable[[], Iterator[Any]]) -> None:
        self._length, self._make = length, make

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return self._make()


@dataclass
class Run:
    """What `render` takes."""

    folder: Path
    samples: Any
    rejections: Any
    failures: Any
    planned: int
    usage: Usage = field(default_factory=Usage)
    recipe: dict[str, Any] = field(default_factory=lambda: {"name": "demo"})


@dataclass
class TimedRun(Run):
    """One that knows when its answers came, in two sittings."""

    def timeline(self) -> Iterable[tuple[float, str]]:
        done = len(self.samples) + len(self.rejections) + len(self.failures)
        kinds = random.Random(1).choices(("sample", "rejection", "failure"), (90, 8, 2), k=done)
        start = 1_760_000_000
        for i, kind in enumerate(kinds):
            yield start + i / 9 + 40 * math.sin(i / 400) + (7200 if i > 0.6 * done else 0), kind


def tone(path: Path, hertz: float, seconds: float = 1.0) -> AudioClip:
    """Write a small recording and return its clip."""
    frames = array("h", (round(9000 * math.sin(hertz * t / 8000 * math.tau)) for t in range(int(8000 * seconds))))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, len(frames), "NONE", ""))
        file.writeframes(frames.tobytes())
    return AudioClip(
        id=path.stem, audio=str(path), duration=seconds, captions=(f"A {hertz:g} Hz tone.",), dataset="tones"
    )


def real_clips(parts: Path) -> list[AudioClip]:
    """Return the recordings of the parts, with sounds at made-up times."""
    draw = random.Random(7)
    clips = []
    for line in (parts / "sounds" / "clips.jsonl").read_text().splitlines():
        row = json.loads(line)
        label = row["label"]
        clips.append(
            AudioClip(
                id=row["id"],
                audio=str(parts / "sounds" / row["audio"]),
                captions=(row["caption"],) if row["caption"] else (),
                events=(
                    SoundEvent(label=label, onset=0.1, offset=0.1 + draw.random() * 2),
                    SoundEvent(label="background"),
                ),
                dataset=row["source"],
                license=row["license"][:22],
            )
        )
    for line in (parts / "speech" / "clips.jsonl").read_text().splitlines()[40:70]:
        row = json.loads(line)
        speech = SpeechSegment(transcript=row["transcript"], start=0, gender=row["gender"], language=row["language"])
        clips.append(
            AudioClip(
                id=row["id"],
                audio=str(parts / "speech" / row["audio"]),
                speech=(speech,),
                dataset="asterisk",
                license=row["license"],
            )
        )
    return clips


def clips_at_hand(folder: Path) -> list[AudioClip]:
    """Return real recordings where BALSA_PARTS has them, else tones."""
    if parts := os.environ.get("BALSA_PARTS"):
        return real_clips(Path(parts))
    return [tone(folder / f"tone-{i}.wav", 200 + 40 * i) for i in range(12)]


def outcome_at(i: int, clips: list[AudioClip]) -> Sample | Rejection | Failure:
    """Compose the outcome of the i-th request; the same i gives the same outcome."""
    draw = random.Random(i)
    task = draw.choices(list(PROMPTS), (40, 25, 15, 12, 8))[0]
    chosen = tuple(draw.sample(clips, min(len(clips), 2 if task == "difference" else 1)))
    own = [e.label for c in chosen for e in c.events if e.onset is not None] or ["tone"]
    present = tuple(dict.fromkeys(own + draw.sample(SOUNDS, 1)))
    absent = tuple(draw.sample([s for s in SOUNDS if s not in present], draw.choice((1, 2, 3))))
    if task == "positive" or task == "difference":
        absent = ()
    if task == "existence":
        present, absent = draw.choice(((present[:1], ()), ((), absent[:1])))
    known = "\n".join(
        [f"Caption: {c}" for clip in chosen for c in clip.captions]
        + [f"Speech: {s.transcript}" for clip in chosen for s in clip.speech]
        + ["Sounds: " + ", ".join(present or own)]
    )
    usage = Usage(
        requests=1,
        prompt_tokens=draw.randint(160, 320),
        completion_tokens=draw.randint(20, 120),
        cost=draw.random() / 4000,
    )
    fate = draw.choices(("sample", "redrawn", "rejection", "failure"), (84, 7, 8, 1))[0]
    earlier = tuple(_refused(draw, task, present, absent) for _ in range({"redrawn": 1, "rejection": 3}.get(fate, 0)))
    common: dict[str, Any] = {
        "id": f"{task[:3]}-{i:06d}",
        "task": task,
        "clips": chosen,
        "prompt": draw.choice(PROMPTS[task]).format(*(present + absent)[:1]),
        "seed_description": f"[Begin of audio]\n{known}\n[End of audio]",
        "present": present,
        "absent": absent,
        "provenance": Provenance(
            backbone="hosted_vllm/meta-llama/Llama-3.1-8B-Instruct", recipe="demo", prompt_name=f"{task}.jinja",
            prompt_hash="9f2c51d07ab34e61", library_version="0.1.0", seed=0, request_id=f"r{i}", guided=bool(absent),
            strategy=draw.choice(("popular", "adversarial", "random")) if absent else None, attempt=len(earlier), usage=usage,
        ),
    }  # fmt: skip
    if fate == "failure":
        reason, detail = draw.choice(
            (
                ("timeout", "no answer within 120 s, five times"),
                ("content_policy", "the provider refused this request: content management policy"),
            )
        )
        return Failure(**common, reason=reason, detail=detail)
    if fate == "rejection":
        return Rejection(**common, attempts=earlier)
    return Sample(**common, earlier=earlier, response=_response(draw, task, present, absent))


def _response(draw: random.Random, task: str, present: tuple[str, ...], absent: tuple[str, ...]) -> str:
    there, not_there = _listed(present), _listed(absent)
    opening = {
        "positive": (f"The recording holds {there}.", f"I can hear {there}, close to the microphone and without much reverberation."),
        "negative": (f"There is no {not_there} anywhere in this recording.", f"What cannot be heard is {not_there}; the audio is of {there}."),
        "combined": (f"I hear {there}. I do not hear {not_there}, nor anything that would suggest it.",),
        "existence": (f"Yes, {there} can be heard." if present else f"No, there is no {not_there} in the audio.",),
        "difference": (f"The first clip is marked by {present[0] if present else ''}, while the second has {present[-1] if present else ''} in its place.",),
    }[task]  # fmt: skip
    rest = (
        " It begins softly and grows towards the middle.", " The sound is repeated several times with short pauses between.",
        " Nothing else stands out, and the background stays quiet throughout.",
        " It seems to have been recorded indoors, in a small room, by someone standing near the source.",
    )  # fmt: skip
    return draw.choice(opening) + "".join(draw.sample(rest, 0 if task == "existence" else draw.randint(0, 3)))


def _refused(draw: random.Random, task: str, present: tuple[str, ...], absent: tuple[str, ...]) -> Attempt:
    text = _response(draw, task, present, absent)
    heard = draw.choice(SOUNDS)
    fine = Verdict(ok=True, check="empty")
    kind = draw.choices(("claims", "metadata_talk", "truncated", "denied"), (5, 3, 2, 3))[0]
    if kind == "claims":
        text += f" In the distance, a {heard} is also audible."
        at = text.index(heard, len(text) - len(heard) - 20)
        wrong = Verdict(
            ok=False,
            check="claims",
            reason="claimed_absent",
            detail=f"{heard!r} is said to be heard; the metadata knows of no such sound",
            span=(at, at + len(heard)),
        )
    elif kind == "metadata_talk":
        text = "According to the provided caption, " + text[:1].lower() + text[1:]
        wrong = Verdict(
            ok=False,
            check="leaks",
            reason="metadata_talk",
            detail="the response speaks of the caption, which the audio model will not see",
            span=(0, 30),
        )
    elif kind == "truncated":
        text = text[: max(12, len(text) * 2 // 3)]
        wrong = Verdict(ok=False, check="finish", reason="truncated", detail="the backbone stopped at its token limit")
    else:
        target = present[0] if present else "that sound"
        text = f"There is no {target} here. " + text
        wrong = Verdict(
            ok=False,
            check="claims",
            reason="denied_present",
            detail=f"{target!r} is denied; the metadata says it is heard",
            span=(0, len(f"There is no {target} here.")),
        )
    return Attempt(response=text, finish_reason="stop", verdicts=(fine, wrong))


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"


def run(folder: Path, n: int, clips: list[AudioClip] | None = None, *, planned: int | None = None) -> TimedRun:
    """Return a run of n outcomes."""
    clips = clips or clips_at_hand(folder)
    counts: dict[str, int] = {"sample": 0, "rejection": 0, "failure": 0}
    usage = Usage()
    for i in range(n):
        outcome = outcome_at(i, clips)
        counts[outcome.outcome] += 1
        usage += outcome.provenance.usage

    def of(kind: str) -> Records:
        return Records(counts[kind], lambda: (o for i in range(n) if (o := outcome_at(i, clips)).outcome == kind))

    recipe = {
        "name": "Everyday sounds",
        "corpora": [{"name": "clotho"}, {"name": "audiocaps"}],
        "tasks": {"positive": 1.0, "negative": 0.6, "combined": 0.4, "existence": 0.3, "difference": 0.2},
        "backbone": {
            "model": "hosted_vllm/meta-llama/Llama-3.1-8B-Instruct",
            "temperature": 0.7,
            "api_key": "sk-verysecret",
        },
        "checks": ["empty", "claims", "leaks", "finish"],
        "seed": 0,
    }
    return TimedRun(folder, of("sample"), of("rejection"), of("failure"), planned or n, usage, recipe)
