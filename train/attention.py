"""Attention over rows that are read end to end: each attends to itself and to what all begin with, and only that is computed.

A mask over all tokens would hide rows from one another as well, but what it hides has been computed and kept for the gradient,
which grows with the square of a batch.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

__all__ = ["END_TO_END", "mask_of_rows"]

END_TO_END = "end_to_end"


def mask_of_rows(real: Tensor, prefix: int, dtype: torch.dtype) -> Tensor:
    """Return what `attend` reads its rows from.

    Args:
        real: Where a row has a token, and no padding; shape (rows, length).
        prefix: How many tokens all rows begin with, before these.
        dtype: The backbone's.

    Returns:
        0 where a token attends to another, shape (rows, 1, length, prefix + length); padding attends to nothing.
    """
    rows, length = real.shape
    seen = (real[:, :, None] & real[:, None, :]).tril()  # (rows, length, length)
    seen = torch.cat([real[:, :, None].expand(rows, length, prefix), seen], dim=2)
    return torch.zeros_like(seen, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)[:, None]


def attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, *args: Any, **settings: Any
) -> tuple[Tensor, Any]:
    """Attend as the model itself does, row by row where the mask has more rows than there are queries.

    Args:
        module: The layer, of any model with transformers' attention interface.
        query: All rows' tokens as one row, shape (1, heads, tokens, width).
        key: The prefix, then all rows' tokens, shape (1, key heads, prefix + tokens, width).
        value: As `key`.
        attention_mask: As `mask_of_rows` gives it, or the model's own.
        args: The model's own.
        settings: The model's own.

    Returns:
        Shape (1, tokens, heads, width), and None or the model's own weights.
    """
    own = sys.modules[type(module).__module__].eager_attention_forward
    if attention_mask is None or len(attention_mask) == len(query):
        found: tuple[Tensor, Any] = own(module, query, key, value, attention_mask, *args, **settings)
        return found
    prefix = key.shape[2] - query.shape[2]
    real = attention_mask[:, 0].diagonal(prefix, 1, 2) == 0  # (rows, length)
    place = real.flatten().nonzero()[:, 0]  # (tokens,)

    def apart(states: Tensor) -> Tensor:  # (1, heads, tokens, width) → (rows, heads, length, width)
        padded = states.new_zeros(states.shape[1], real.numel(), states.shape[3]).index_copy(1, place, states[0])
        return padded.view(states.shape[1], *real.shape, states.shape[3]).transpose(0, 1)

    def after_prefix(states: Tensor) -> Tensor:
        shared = states[:, :, :prefix].expand(len(real), -1, -1, -1)
        return torch.cat([shared, apart(states[:, :, prefix:])], dim=2)

    read = own(module, apart(query), after_prefix(key), after_prefix(value), attention_mask, *args, **settings)[0]
    return read.flatten(0, 1).index_select(0, place)[None], None


AttentionInterface.register(END_TO_END, attend)
AttentionMaskInterface.register(END_TO_END, eager_mask)
