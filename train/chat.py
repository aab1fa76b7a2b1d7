"""How a sample is laid out as tokens: the request's own wording, with audio where the seed description stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from balsa_data.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["AUDIO", "Chat", "user_turn"]

AUDIO = -1  # stands in token ids for one embedding of audio
SLOT = "\ue000"  # stands in text for a clip: private use, so no chat template knows it
ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")


def user_turn(prompt: str, clips: Sequence[str]) -> str:
    """Return the user's message over any number of clips, laid out as ``prompts/_request.jinja`` does.

    Args:
        prompt: The instruction.
        clips: What stands between the brackets, one text a clip.
    """
    names = [*ORDINALS, *(f"{n}th" for n in range(11, len(clips) + 1))]
    heads = [f"{name} audio:\n" if len(clips) > 1 else "" for name in names]
    blocks = [f"{head}[Begin of audio]\n{clip}\n[End of audio]\n\n" for head, clip in zip(heads, clips, strict=False)]
    return "".join(blocks) + prompt


@dataclass(frozen=True)
class Chat:
    """A backbone's tokenizer and the system message, and the tokens they make of a sample.

    Attributes:
        tokenizer: Has a chat template.
        system: The system message; empty leaves it to the template.
    """

    tokenizer: PreTrainedTokenizerBase
    system: str = ""

    def __post_init__(self) -> None:
        if not getattr(self.tokenizer, "chat_template", None):
            raise InputError(
                f"the tokenizer of {self.tokenizer.name_or_path} has no chat template: use an instruct model"
            )

    def request(self, prompt: str, embeddings: Sequence[int]) -> list[int]:
        """Return the tokens up to where the response starts.

        Args:
            prompt: The instruction.
            embeddings: How many embeddings of audio each clip is; as many times AUDIO stands in its place.

        Raises:
            InputError: The prompt holds the character that stands for a clip.
        """
        if SLOT in prompt:
            raise InputError("the prompt holds the character U+E000, which stands for a clip here: take it out")
        turn = {"role": "user", "content": user_turn(prompt, [SLOT] * len(embeddings))}
        first, *rest = self._render([turn], open_turn=True).split(SLOT)
        ids = self._tokens(first)
        for count, text in zip(embeddings, rest, strict=True):
            ids += [AUDIO] * count + self._tokens(text)
        return ids

    def response(self, text: str) -> list[int]:
        """Return the response's tokens with the end-of-turn token, which the model must learn to say too."""
        return [*self._tokens(text), self.end_of_turn]

    @property
    def end_of_turn(self) -> int:
        """The token that the chat template puts after a response; the tokenizer's EOS where it puts none."""
        turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": SLOT}]
        after = self._tokens(self._render(turns, open_turn=False).rpartition(SLOT)[2])
        special = set(self.tokenizer.all_special_ids)
        found = next((token for token in after if token in special), self.tokenizer.eos_token_id)
        if not isinstance(found, int):
            raise InputError(
                f"the tokenizer of {self.tokenizer.name_or_path} has no end-of-turn or EOS token: use an instruct model"
            )
        return found

    def _render(self, turns: list[dict[str, str]], *, open_turn: bool) -> str:
        system = [{"role": "system", "content": self.system}] if self.system else []
        text = self.tokenizer.apply_chat_template(system + turns, tokenize=False, add_generation_prompt=open_turn)
        return str(text)

    def _tokens(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False))
