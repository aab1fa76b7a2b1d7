"""TRL and transformers: exported conversations through the Qwen2-Audio processor into a training step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest
from sources import Source

from balsa_data.exports import export

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("ignore"),  # those of other projects
    pytest.mark.skipif(not hasattr(datasets, "Json"), reason="datasets 5 brings Json"),
]


@pytest.fixture
def processor(tokenizer: Any) -> Any:
    extractor = transformers.WhisperFeatureExtractor(feature_size=80)
    return transformers.Qwen2AudioProcessor(feature_extractor=extractor, tokenizer=tokenizer, chat_template=None)


def rows(path: Path, *columns: str, **others: Any) -> Any:
    features = datasets.Features({name: datasets.List(datasets.Json()) for name in columns} | others)
    return datasets.load_dataset(
        "json", data_files=str(path), features=features, split="train", cache_dir=str(path.parent.parent / "cache")
    )


def collate(processor: Any, conversations: list[Any]) -> dict[str, Any]:
    """As a user would: the response and the end of its turn are the labels."""
    batch = processor.apply_chat_template(
        conversations, tokenize=True, return_dict=True, return_tensors="pt", processor_kwargs={"padding": True}
    )
    opening = processor.tokenizer.encode("<|im_start|>assistant\n")
    labels = torch.full_like(batch["input_ids"], -100)
    for ids, label in zip(batch["input_ids"].tolist(), labels, strict=True):
        start = max(i for i in range(len(ids)) if ids[i : i + len(opening)] == opening) + len(opening)
        end = next(i for i in range(start, len(ids)) if ids[i] == processor.tokenizer.eos_token_id)
        label[start:end] = torch.tensor(ids[start:end])
    return dict(batch) | {"labels": labels}


def decoded(processor: Any, batch: dict[str, Any]) -> list[str]:
    return [processor.tokenizer.decode(label[label != -100]) for label in batch["labels"]]


def tiny(processor: Any) -> Any:
    audio = transformers.Qwen2AudioEncoderConfig(
        num_mel_bins=80, encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=32, d_model=16
    )
    text = transformers.Qwen2Config(
        vocab_size=len(processor.tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
    )
    token = processor.tokenizer.convert_tokens_to_ids("<|AUDIO|>")
    config = transformers.Qwen2AudioConfig(audio_config=audio, text_config=text, audio_token_index=token)
    return transformers.Qwen2AudioForConditionalGeneration(config)


def test_one_and_two_clips_reach_tensors_and_the_label_is_the_response(
    run: Source, responses: list[str], processor: Any, tmp_path: Path
) -> None:
    export(run, "trl", tmp_path / "out")
    loaded = rows(tmp_path / "out/train.jsonl", "messages")
    batch = collate(processor, list(loaded["messages"]))
    assert decoded(processor, batch) == responses
    assert batch["input_features"].shape == (3, 80, 3000)
    frames = batch["feature_attention_mask"].sum(-1).tolist()
    assert frames == [200, 200, 300]  # 2 s, then 2 s and 3 s, at 100 frames a second
    token = processor.tokenizer.convert_tokens_to_ids("<|AUDIO|>")
    assert (batch["input_ids"] == token).sum(-1).tolist() == [50, 50 + 75]


def test_pairs_reach_the_same_tensors_but_for_the_answer(
    run: Source, responses: list[str], processor: Any, tmp_path: Path
) -> None:
    export(run, "trl", tmp_path / "out", preference=True)
    reason = datasets.Value("string")
    (pair,) = rows(tmp_path / "out/train_dpo.jsonl", "prompt", "chosen", "rejected", reason=reason)
    batch = collate(processor, [pair["prompt"] + pair["chosen"], pair["prompt"] + pair["rejected"]])
    assert decoded(processor, batch) == [responses[0], "A dog barks."]


def test_sft_trainer_takes_steps_on_them(run: Source, responses: list[str], processor: Any, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    torch.set_num_threads(1)
    export(run, "trl", tmp_path / "out")
    seen: list[list[str]] = []

    def collator(examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = collate(processor, [example["messages"] for example in examples])
        seen.append(decoded(processor, batch))
        return batch

    arguments = trl.SFTConfig(
        output_dir=str(tmp_path / "trained"),
        max_steps=2,
        per_device_train_batch_size=2,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        report_to=[],
        use_cpu=True,
        bf16=False,
        save_strategy="no",
        gradient_checkpointing=False,
    )
    trainer = trl.SFTTrainer(
        model=tiny(processor),
        args=arguments,
        train_dataset=rows(tmp_path / "out/train.jsonl", "messages"),
        data_collator=collator,
        processing_class=processor,
    )
    result = trainer.train()
    assert result.global_step == 2
    assert result.training_loss > 0
    assert sorted(seen[0]) == sorted(responses)
