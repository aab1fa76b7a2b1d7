"""A one-clip and a two-clip sample, and a tokenizer that needs no download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sources import Source, clip, refused, sample, tone

RESPONSES = ["  A steady tone, and no dog.\n", "The first is lower: 狗 🐕."]


@pytest.fixture
def responses() -> list[str]:
    return RESPONSES


@pytest.fixture
def run(tmp_path: Path) -> Source:
    low, high = clip("low", tone(2.0, 22050, 200, 2)), clip("high", tone(3.0, 8000, 800))
    one = sample("s1", [low], prompt="Describe the audio.", response=RESPONSES[0])
    one = one.model_copy(update={"earlier": (refused("A dog barks.", "absence", "contradicted"),)})
    two = sample("s2", [low, high], "difference", "Explain the difference between the two audio clips.", RESPONSES[1])
    return Source(tmp_path / "run", [one, two])


@pytest.fixture
def tokenizer() -> Any:
    """A byte-level BPE tokenizer with Qwen's special tokens, trained on this file's own text."""
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = tokenizers.decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>"]
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet()
    )
    bpe.train_from_iterator(Path(__file__).read_text("utf-8").splitlines(), trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=special[3:],
        clean_up_tokenization_spaces=False,
    )
