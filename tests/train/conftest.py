"""Tiny random parts and a tiny published dataset, made in a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
from tiny import BACKBONE, Row
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperModel,
)

from balsa_data.train.config import Stage, TrainConfig
from balsa_data.train.model import AudioLM

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="session", autouse=True)
def _quiet(tmp_path_factory: pytest.TempPathFactory) -> None:
    torch.set_num_threads(1)
    datasets.config.HF_DATASETS_CACHE = tmp_path_factory.mktemp("datasets")
    datasets.disable_progress_bars()
    datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN = 0  # five seconds at the end of each stream of Parquet


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random backbone and a random Whisper with windows of two seconds, as folders."""
    folder = tmp_path_factory.mktemp("parts")
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
    return folder


@pytest.fixture
def dataset(tmp_path: Path) -> Callable[..., str]:
    """Writes rows as a dataset folder and returns its path."""

    def write(rows: list[Row], name: str = "data", split: str = "train") -> str:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        datasets.Dataset.from_list(rows).to_parquet(folder / f"{split}.parquet")
        return str(folder)

    return write


@pytest.fixture
def config(tiny: Path, tmp_path: Path) -> Callable[..., TrainConfig]:
    """A small run over the tiny parts."""

    def make(dataset: str = "unused", steps: int = 4, **changes: Any) -> TrainConfig:
        values: dict[str, Any] = {
            "dataset": dataset, "out": str(tmp_path / "out"), "backbone": str(tiny / "backbone"),
            "backbone_name": BACKBONE, "encoder": str(tiny / "encoder"), "stages": (Stage(steps=steps),), "system": "Listen.",
            "queries": 3, "qformer_layers": 1, "batch_size": 4, "warmup": 1, "learning_rate": 1e-2, "precision": "fp32",
        }  # fmt: skip
        return TrainConfig(**{**values, **changes})

    return make


@pytest.fixture
def model(config: Callable[..., TrainConfig]) -> AudioLM:
    """An untrained model."""
    return AudioLM(config())
