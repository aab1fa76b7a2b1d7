"""A backbone without a model, for tests of pipelines: chosen as an argument, never patched in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from balsa_data.claims import mentions
from balsa_data.facts import supported
from balsa_data.journal import Answer
from balsa_data.prompting import ORDINALS, Prompts
from balsa_data.schemas import Usage

__all__ = ["ScriptedBackbone", "truthful"]


class ScriptedBackbone:
    """Answers by a function of the messages and the seed, and counts how often it was asked.

    Args:
        reply: Makes the answer's text; `truthful` by default.
        delay: Seconds each answer takes.
    """

    def __init__(self, reply: Callable[[Sequence[dict[str, str]], int], str] | None = None, delay: float = 0.0) -> None:
        self.reply = reply or truthful
        self.delay = delay
        self.asked = 0

    async def ask(self, messages: Sequence[dict[str, str]], seed: int) -> Answer:
        """Return the scripted answer; its tokens are counted as words."""
        self.asked += 1
        await asyncio.sleep(self.delay)
        text = self.reply(messages, seed)
        sent = sum(len(m["content"].split()) for m in messages)
        usage = Usage(requests=1, prompt_tokens=sent, completion_tokens=len(text.split()))
        return Answer(text=text, finish_reason="stop", usage=usage)


def truthful(messages: Sequence[dict[str, str]], seed: int = 0) -> str:
    """Answer as an ideal backbone would: what the metadata says is heard, and what the guidance names is not.

    Asked openly what is not heard, it denies bagpipes: give it no corpus with bagpipes.
    """
    request = messages[-1]["content"]
    seeds = re.findall(r"\[Begin of audio\]\n(.*?)\n\[End of audio\]", request, re.DOTALL)
    each = [re.sub(r"\[\d\d:\d\d-\d\d:\d\d\] ", "", seed).removeprefix("Sounds: ").rstrip(".") for seed in seeds]
    heard = ", ".join(each)
    instruction, _, guidance = request.rpartition("[End of audio]")[2].strip().partition("\n\n")
    guided = re.search(r"you do not hear (.*?)\.", guidance)
    affirmed, denied = f"I can hear {heard}.", f"I do not hear {guided[1] if guided else 'bagpipes'}."
    present = frozenset(m.sound for m in mentions(heard))
    asked = (m.sound for m in mentions(instruction))
    return {
        "positive": affirmed,
        "negative": denied,
        "combined": f"{affirmed} {denied}",
        "existence": "Yes." if any(supported(sound, present) for sound in asked) else "No.",
        "difference": " ".join(
            f"The {nth.lower()} audio has {text}." for nth, text in zip(ORDINALS, each, strict=False)
        ),
        "joint_caption": affirmed,
    }[_task_of(instruction)]


@lru_cache(maxsize=4096)
def _task_of(instruction: str) -> str:
    prompts = Prompts()
    return next(
        task for task in prompts.tasks if any(_phrased(line).fullmatch(instruction) for line in prompts.pool(task))
    )


def _phrased(line: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, re.split(r"\{\{.*?\}\}", line))))
