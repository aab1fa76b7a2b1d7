"""A published dataset of tones, and the tiny parts' names."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

ANIMALS = ("dog", "cat", "owl", "cow", "pig", "hen", "fox", "bee")
BACKBONE = "tiny/backbone-instruct"

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

Row = dict[str, Any]


def random_parts(folder: Path) -> None:
    """Write a random backbone and a random Whisper with windows of two seconds, as folders."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperModel,
    )

    torch.manual_seed(0)
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        ["There is no sound of a dog.", "A dog barks."],
        trainers.BpeTrainer(vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=special[2], additional_special_tokens=special)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder / "backbone")
    llama = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=96, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=1024, tie_word_embeddings=True, initializer_range=0.2,
        bos_token_id=None, eos_token_id=tokenizer.eos_token_id, pad_token_id=None,
    )  # fmt: skip
    LlamaForCausalLM(llama).save_pretrained(folder / "backbone")
    whisper = WhisperConfig(
        d_model=16, encoder_layers=3, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=32, decoder_ffn_dim=32, max_source_positions=100, vocab_size=20, init_std=0.5,
        pad_token_id=0, bos_token_id=0, eos_token_id=0, decoder_start_token_id=0,
    )  # fmt: skip
    WhisperModel(whisper).save_pretrained(folder / "encoder")
    WhisperFeatureExtractor(chunk_length=2).save_pretrained(folder / "encoder")


def wav(
    seconds: float = 0.5, *, rate: int = 16_000, channels: int = 1, pitch: float = 440.0, peak: float = 0.5
) -> bytes:
    """A tone as the bytes of a WAV file."""
    time = np.arange(int(seconds * rate)) / rate
    tone = peak * np.sin(2 * np.pi * pitch * time)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([tone] * channels, axis=1).astype(np.float32), rate, format="WAV")
    return buffer.getvalue()


def published(number: int, *, clips: int = 1, task: str | None = None, **changes: Any) -> Row:
    """A row as the library publishes it."""
    animal = ANIMALS[number % len(ANIMALS)]
    audios = [
        {"bytes": wav(0.3 + 0.1 * clip, pitch=200 * 1.4**number * 1.2**clip), "path": None} for clip in range(clips)
    ]
    row: Row = {
        "id": f"r{number}",
        "dataset": "tones",
        "seed_description": f"Sounds: {animal}",
        "prompt": "What do you hear?" if clips == 1 else "What is the difference?",
        "response": f"A {animal}, number {number}.",
        "task": task or ("positive" if clips == 1 else "difference"),
        "audios": audios,
        "clip_ids": [f"c{number}-{clip}" for clip in range(clips)],
        "present": [animal],
        "absent": [],
        "provenance": {"backbone": f"hosted_vllm/{BACKBONE}"},
    }
    return {**row, **changes}
