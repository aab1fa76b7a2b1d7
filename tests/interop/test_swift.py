"""ms-swift: exported JSONL through its loader, template and collator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sources import Source

from balsa_data.exports import export

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def template(tokenizer: Any) -> Any:
    pytest.importorskip("swift")
    from swift.model import MODEL_MAPPING, ModelInfo
    from swift.template import get_template

    processor = transformers.Qwen2AudioProcessor(
        feature_extractor=transformers.WhisperFeatureExtractor(feature_size=80), tokenizer=tokenizer
    )
    processor.model_info = ModelInfo(
        model_type="qwen2_audio",
        model_dir="none",
        torch_dtype=torch.float32,
        max_model_len=4096,
        quant_method=None,
        quant_bits=None,
        config=transformers.Qwen2AudioConfig(),
        task_type="causal_lm",
    )
    processor.model_meta = MODEL_MAPPING["qwen2_audio"]
    made = get_template(processor, template_type="qwen2_audio")
    made.set_mode("train")
    return made


def load(path: Path) -> Any:
    from swift.dataset import load_dataset

    return load_dataset([str(path)], strict=True, num_proc=1)[0]


def text(template: Any, labels: Any) -> str:
    kept = [token for token in labels if token != -100]
    return str(template.tokenizer.decode(kept)).removesuffix("\n").removesuffix("<|im_end|>")


def test_one_and_two_clips_reach_tensors_and_the_label_is_the_response(
    run: Source, responses: list[str], template: Any, tmp_path: Path
) -> None:
    export(run, "swift", tmp_path / "out")
    encoded = [template.encode(row) for row in load(tmp_path / "out/train.jsonl")]
    assert [text(template, row["labels"]) for row in encoded] == responses
    batch = template.data_collator(encoded)
    assert batch["input_features"].shape == (3, 80, 3000)
    token = template.tokenizer.convert_tokens_to_ids("<|AUDIO|>")
    assert (batch["input_ids"] == token).sum(-1).tolist() == [1, 2]  # the model expands them


def test_pairs_are_chosen_and_rejected(run: Source, responses: list[str], template: Any, tmp_path: Path) -> None:
    export(run, "swift", tmp_path / "out", preference=True)
    (row,) = load(tmp_path / "out/train_dpo.jsonl")
    template.set_mode("rlhf")
    pair = template.encode(row)
    assert text(template, pair["chosen_labels"]) == responses[0]
    assert text(template, pair["rejected_labels"]) == "A dog barks."


def test_answers_are_labelled_for_kto(run: Source, responses: list[str], template: Any, tmp_path: Path) -> None:
    export(run, "swift", tmp_path / "out", preference=True)
    template.set_mode("kto")
    encoded = [template.encode(row) for row in load(tmp_path / "out/train_kto.jsonl")]
    assert [(text(template, row["chosen_labels"]), bool(row["label"])) for row in encoded] == [
        (responses[0], True),
        ("A dog barks.", False),
    ]
