"""The connector starts where a linear map already tells clips apart, in the backbone's own embeddings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from balsa_data.train.batch import Example
from balsa_data.train.config import TrainConfig
from balsa_data.train.encoder import Sound
from balsa_data.train.model import AudioLM
from balsa_data.train.warmstart import warm_start

KINDS = ("cat", "bee", "fig")  # with no letter in common, nor with "Sounds": the tiny tokenizer's tokens are letters


def clip(model: AudioLM, kind: int, number: int, text: str) -> Example:
    """A clip whose states are its kind's, with noise over what all clips share."""
    draw = torch.Generator().manual_seed(1000 * kind + number)
    shape = len(model.encoder.layers), 40 + number, model.encoder.width
    own = torch.randn(shape[2], generator=torch.Generator().manual_seed(kind))
    states = 5.0 + own + 0.5 * torch.randn(shape, generator=draw)
    return Example(f"{kind}-{number}", "positive", [], 0, (Sound(f"{kind}-{number}", shape[1], states=states),), text)


def nearest(model: AudioLM, example: Example) -> str:
    """The kind whose word's embedding, among the kinds', is nearest to what the connector makes of a clip."""
    table = model.backbone.get_input_embeddings().weight
    words = torch.stack([table[model.chat.tokenizer.encode(kind, add_special_tokens=False)].mean(0) for kind in KINDS])
    heard = model.connector(model.windows(example.sounds)).mean(dim=(0, 1))
    return KINDS[int(torch.cosine_similarity((heard - words.mean(0))[None], words - words.mean(0)).argmax())]


@pytest.mark.parametrize("kind", ["linear", "qformer"])
def test_clips_it_never_saw_are_near_the_words_of_their_metadata(kind: str, config: Callable[..., TrainConfig]) -> None:
    model = AudioLM(config(connector=kind))
    warm_start(model, [clip(model, k, n, f"Sounds: {name}") for k, name in enumerate(KINDS) for n in range(12)])
    found = [nearest(model, clip(model, k, n, "")) == name for k, name in enumerate(KINDS) for n in range(20, 30)]
    assert sum(found) >= 27


def test_without_texts_only_the_normalisation_is_fitted(config: Callable[..., TrainConfig]) -> None:
    model = AudioLM(config(connector="linear"))
    before = model.connector.project.weight.clone()
    warm_start(model, [clip(model, k, n, "") for k in range(3) for n in range(4)])
    assert torch.equal(model.connector.project.weight, before)
    heard = model.connector.norm(model.connector.mixed(model.windows(clip(model, 0, 0, "").sounds)))
    assert heard.abs().mean() < 3  # of states that are all about 5


def test_with_no_clips_nothing_changes(model: AudioLM) -> None:
    before = {name: parameter.clone() for name, parameter in model.trainable.items()}
    warm_start(model, [])
    assert all(torch.equal(parameter, before[name]) for name, parameter in model.trainable.items())
