"""Rows read end to end: each is attended to as if it stood alone, by models of every family, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    AutoModelForCausalLM,
    DynamicCache,
    GPTNeoXConfig,
    LlamaConfig,
    Phi3Config,
    PreTrainedConfig,
    Qwen2Config,
    Qwen3Config,
)

from balsa_data.train.attention import END_TO_END, mask_of_rows

SMALL: dict[str, Any] = {
    "vocab_size": 30, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
GROUPED = {**SMALL, "num_key_value_heads": 2}
FAMILIES: dict[str, Callable[[], PreTrainedConfig]] = {
    "llama": lambda: LlamaConfig(**GROUPED),
    "qwen2": lambda: Qwen2Config(**GROUPED),
    "qwen3": lambda: Qwen3Config(**GROUPED, head_dim=8),
    "phi3": lambda: Phi3Config(**GROUPED),
    "gpt_neox": lambda: GPTNeoXConfig(**SMALL),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_among_others_is_read_as_alone(family: str) -> None:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(FAMILIES[family](), attn_implementation="eager").eval()
    lengths, prefix = [3, 7, 1, 5], torch.tensor([[4, 9]])
    rows = [torch.randint(3, 30, (length,)) for length in lengths]
    alone = [model(input_ids=torch.cat([prefix[0], row])[None]).logits[0, 2:] for row in rows]
    model.set_attn_implementation(END_TO_END)
    cache = DynamicCache(config=model.config)
    kept = {"cache" if "cache" in signature(model.forward).parameters else "past_key_values": cache, "use_cache": True}
    model(input_ids=prefix, **kept)
    real = torch.arange(7) >= 7 - torch.tensor(lengths)[:, None]  # padded left
    together = model(
        input_ids=torch.cat(rows)[None], attention_mask=mask_of_rows(real, 2, torch.float32),
        position_ids=torch.cat([2 + torch.arange(length) for length in lengths])[None], **kept,
    ).logits[0]  # fmt: skip
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


@given(lengths=st.lists(st.integers(0, 5), min_size=1, max_size=5), prefix=st.integers(0, 3), left=st.booleans())
def test_a_token_attends_to_the_prefix_and_to_its_rows_tokens_until_itself(
    lengths: list[int], prefix: int, left: bool
) -> None:
    places = torch.arange(5)
    real = torch.stack([places >= 5 - n if left else places < n for n in lengths])
    seen = mask_of_rows(real, prefix, torch.float32)[:, 0] == 0
    for row in range(len(lengths)):
        for one in range(5):
            for other in range(prefix + 5):
                earlier = other < prefix or (other - prefix <= one and bool(real[row, other - prefix]))
                assert seen[row, one, other] == (bool(real[row, one]) and earlier)
