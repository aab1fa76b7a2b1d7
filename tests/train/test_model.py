"""The model: what the loss sees, what it doesn't depend on, and what is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import safetensors.torch
import torch
from tiny import published
from transformers import DynamicCache, MistralConfig

from balsa_data.errors import InputError
from balsa_data.train.attention import END_TO_END
from balsa_data.train.batch import IGNORE, Example, collate
from balsa_data.train.config import TrainConfig
from balsa_data.train.data import Reader
from balsa_data.train.model import AudioLM

RESPONSES = ("A dog.", "  Two spaces lead,\nand a line ends\n", "Ünïcödé — 犬 🐕", "x" * 60)


@pytest.fixture
def reader(model: AudioLM) -> Reader:
    return Reader(model.chat, model.encoder, model.config.queries, 1024, Path())


def rows(reader: Reader) -> list[Example]:
    """One clip, two clips, three clips with one longer than a window, and responses of all sorts."""
    return [reader.read(published(k, clips=1 + k % 3, response=response)) for k, response in enumerate(RESPONSES)]


def losses(model: AudioLM, examples: list[Example], *, left: bool = False) -> torch.Tensor:
    return model(collate(examples, left=left)).detach()


def test_labels_are_the_response_and_the_end_of_turn(model: AudioLM, reader: Reader) -> None:
    batch = collate(rows(reader))
    for labels, response in zip(batch.labels, RESPONSES, strict=True):
        *text, end = labels[labels != IGNORE].tolist()
        assert model.chat.tokenizer.decode(text) == response
        assert model.chat.tokenizer.decode([end]) == "<|im_end|>"


def test_the_tokens_are_the_request_with_audio_for_the_seed_description(model: AudioLM, reader: Reader) -> None:
    example = reader.read(published(0, clips=2))
    text = model.chat.tokenizer.decode(
        [t if t >= 0 else model.chat.tokenizer.convert_tokens_to_ids("@") for t in example.ids]
    )
    assert text == (
        "<|im_start|>system\nListen.<|im_end|>\n<|im_start|>user\n"
        "First audio:\n[Begin of audio]\n@@@\n[End of audio]\n\nSecond audio:\n[Begin of audio]\n@@@\n[End of audio]\n\n"
        "What is the difference?<|im_end|>\n<|im_start|>assistant\nA dog, number 0.<|im_end|>"
    )


@pytest.mark.parametrize("kind", ["qformer", "linear"])
def test_padding_side_and_neighbours_do_not_change_a_loss(kind: str, config: Callable[..., TrainConfig]) -> None:
    model = AudioLM(config(connector=kind))
    examples = rows(Reader(model.chat, model.encoder, model.config.queries, 1024, Path()))
    alone = torch.cat([losses(model, [example]) for example in examples])
    for together in (
        losses(model, examples),
        losses(model, examples, left=True),
        losses(model, examples[::-1]).flip(0),
    ):
        assert torch.allclose(alone, together, atol=1e-5, rtol=1e-6)


def test_attention_is_chosen_and_changes_no_loss(model: AudioLM, config: Callable[..., TrainConfig]) -> None:
    examples = rows(Reader(model.chat, model.encoder, model.config.queries, 1024, Path()))
    chosen = "sdpa" if torch.accelerator.is_available() else END_TO_END
    assert model.backbone.config._attn_implementation == chosen
    for name in ("eager", "sdpa"):
        other = AudioLM(config(attention=name))
        assert other.backbone.config._attn_implementation == name
        assert torch.allclose(losses(model, examples), losses(other, examples), atol=1e-5, rtol=1e-6)


def test_rows_are_read_end_to_end_where_every_layer_heeds_the_mask_alone(model: AudioLM) -> None:
    """Reading them so changes no loss: the test above has both ways. A layer with a window, or a state, has its own view."""
    if not torch.accelerator.is_available():
        assert model._packs(DynamicCache(config=model.backbone.config))
    windowed = MistralConfig(num_hidden_layers=2, sliding_window=4)
    assert not model._packs(DynamicCache(config=windowed))


@pytest.mark.parametrize("name", ["none-such", *(() if find_spec("flash_attn") else ("flash_attention_2",))])
def test_attention_that_is_not_there_is_refused_in_a_sentence(name: str, config: Callable[..., TrainConfig]) -> None:
    with pytest.raises(InputError, match="cannot load the backbone"):
        AudioLM(config(attention=name))


def test_the_loss_is_the_backbones_own(model: AudioLM, reader: Reader) -> None:
    """What is computed once for all rows, and at the response alone, is what the backbone computes of the whole."""
    example = rows(reader)[1]
    ids = torch.tensor([example.ids])
    embeds = model.backbone.get_input_embeddings()(ids.clamp(min=0))
    windows = [w for states in model.encoder(example.sounds) for w in states.split(model.encoder.window, dim=1)]
    embeds[ids < 0] = model.connector(windows).flatten(0, 1)
    labels = ids.clone()
    labels[:, : -example.supervised] = IGNORE
    whole = model.backbone(inputs_embeds=embeds, labels=labels).loss
    assert losses(model, [example]).item() / example.supervised == pytest.approx(whole.item(), abs=1e-5)


def test_swapping_the_clips_changes_the_loss(model: AudioLM, reader: Reader) -> None:
    example = reader.read(published(0, clips=2))
    swapped = replace(example, sounds=example.sounds[::-1])
    assert not torch.allclose(losses(model, [example]), losses(model, [swapped]))


def test_a_batch_answers_as_each_alone(model: AudioLM, reader: Reader) -> None:
    sounds = [example.sounds for example in rows(reader)]
    requests = [
        model.request(prompt, s) for prompt, s in zip(("a?", "What?", "Hm", "A dog barks?"), sounds, strict=True)
    ]
    together = model.respond(requests, max_new_tokens=12)
    assert together == [model.respond([request], max_new_tokens=12)[0] for request in requests]


def test_greedy_answers_are_transformers_own(model: AudioLM) -> None:
    request = model.request("A dog barks?", [])
    expected = model.backbone.generate(
        input_ids=torch.tensor([request.ids]), attention_mask=torch.ones(1, len(request.ids), dtype=torch.long),
        max_new_tokens=12, do_sample=False, pad_token_id=0,
    )  # fmt: skip
    text = model.chat.tokenizer.decode(expected[0, len(request.ids) :], skip_special_tokens=True)
    assert model.generate([], "A dog barks?", max_new_tokens=12) == text


@pytest.mark.parametrize("rank", [0, 2])
def test_a_checkpoint_holds_the_trainable_weights_alone(
    rank: int, config: Callable[..., TrainConfig], tmp_path: Path
) -> None:
    model = AudioLM(config(lora_rank=rank))
    model.save(tmp_path, {})
    saved = safetensors.torch.load_file(tmp_path / "model.safetensors")
    assert set(saved) == set(model.trainable)
    assert all(name.startswith("connector.") or "lora_" in name for name in saved)
    assert any("lora_" in name for name in saved) == bool(rank)
    loaded = AudioLM.from_pretrained(tmp_path)
    assert all(torch.equal(loaded.trainable[name], weight) for name, weight in saved.items())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w.pop("connector.norm.bias"), "connector.norm.bias is missing"),
        (lambda w: w.update(extra=torch.zeros(1)), "extra is unexpected"),
        (
            lambda w: w.update({"connector.norm.bias": torch.zeros(3)}),
            r"connector.norm.bias has shape \(3,\), not \(16,\)",
        ),
    ],
)
def test_loading_checks_that_the_weights_fit(
    change: Callable[[dict[str, torch.Tensor]], object], said: str, model: AudioLM, tmp_path: Path
) -> None:
    model.save(tmp_path, {})
    weights = safetensors.torch.load_file(tmp_path / "model.safetensors")
    change(weights)
    safetensors.torch.save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=said):
        AudioLM.from_pretrained(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no trained model"):
        AudioLM.from_pretrained(tmp_path)


def test_lora_is_scaled(config: Callable[..., TrainConfig]) -> None:
    for scale in (1.0, 4.0):
        layers = AudioLM(config(lora_rank=2, lora_scale=scale)).backbone.modules()
        assert {layer.scaling["default"] for layer in layers if hasattr(layer, "lora_A")} == {scale}
