"""LLaMA-Factory: exported folders through its loader, template and collator."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import soundfile
from sources import Source

from balsa_data.exports import export

os.environ["DISABLE_VERSION_CHECK"] = "1"
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore")]


def _decoder_only() -> None:
    """Stand in for torchaudio, which does not load beside a CPU build of torch: it decodes, nothing else is replaced."""
    audio = ModuleType("torchaudio")
    audio.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)

    def load(path: str, **_: Any) -> tuple[Any, int]:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return torch.from_numpy(samples.T), rate

    audio.load = load  # type: ignore[attr-defined]  # a module made here
    audio.functional = ModuleType("torchaudio.functional")  # type: ignore[attr-defined]  # as above
    audio.functional.resample = lambda wave, source, target: wave  # type: ignore[attr-defined]  # 16 kHz already
    sys.modules |= {"torchaudio": audio, "torchaudio.functional": audio.functional}  # type: ignore[dict-item]  # as above


@pytest.fixture
def factory(tokenizer: Any) -> Any:
    if importlib.util.find_spec("llamafactory") is None:
        pytest.skip("llamafactory is not installed")
    try:
        import torchaudio  # noqa: F401
    except (ImportError, OSError):
        _decoder_only()
    from llamafactory.data.template import get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments

    extractor = transformers.WhisperFeatureExtractor(feature_size=80)
    processor = transformers.Qwen2AudioProcessor(feature_extractor=extractor, tokenizer=tokenizer)
    return processor, get_template_and_fix_tokenizer, DataArguments


def load(factory: Any, folder: Path, dataset: str, stage: str) -> tuple[Any, Any, Any]:
    from llamafactory.data import get_dataset
    from llamafactory.hparams import ModelArguments

    processor, get_template, arguments = factory
    data = arguments(template="qwen2_audio", dataset=dataset, dataset_dir=str(folder), cutoff_len=4096)
    template = get_template(processor.tokenizer, data)
    training = transformers.Seq2SeqTrainingArguments(output_dir=str(folder / "trained"), remove_unused_columns=False)
    model = ModelArguments(model_name_or_path="none", cache_dir=str(folder.parent / "cache"))
    module = get_dataset(
        template, model, data, training, stage=stage, tokenizer=processor.tokenizer, processor=processor
    )
    return module["train_dataset"], template, processor


def text(processor: Any, labels: Any) -> str:
    kept = [token for token in labels if token != -100]
    return str(processor.tokenizer.decode(kept)).removesuffix("\n").removesuffix("<|im_end|>")


def test_one_and_two_clips_reach_tensors_and_the_label_is_the_response(
    run: Source, responses: list[str], factory: Any, tmp_path: Path
) -> None:
    export(run, "llamafactory", tmp_path / "out")
    rows, template, processor = load(factory, tmp_path / "out", "balsa_train", "sft")
    from llamafactory.data.collator import SFTDataCollatorWith4DAttentionMask

    collator = SFTDataCollatorWith4DAttentionMask(template=template, tokenizer=processor.tokenizer, processor=processor)
    batch = collator([rows[0], rows[1]])
    assert [text(processor, labels) for labels in batch["labels"].tolist()] == responses
    assert batch["input_features"].shape == (3, 80, 3000)
    token = processor.tokenizer.convert_tokens_to_ids("<|AUDIO|>")
    assert (batch["input_ids"] == token).sum(-1).tolist() == [50, 125]


def test_pairs_are_chosen_and_rejected(run: Source, responses: list[str], factory: Any, tmp_path: Path) -> None:
    export(run, "llamafactory", tmp_path / "out", preference=True)
    rows, _, processor = load(factory, tmp_path / "out", "balsa_train_dpo", "rm")
    (pair,) = rows
    assert text(processor, pair["chosen_labels"]) == responses[0]
    assert text(processor, pair["rejected_labels"]) == "A dog barks."


def test_answers_are_tagged_for_kto(run: Source, responses: list[str], factory: Any, tmp_path: Path) -> None:
    export(run, "llamafactory", tmp_path / "out", preference=True)
    rows, _, processor = load(factory, tmp_path / "out", "balsa_train_kto", "kto")
    assert [(text(processor, row["labels"]), row["kto_tags"]) for row in rows] == [
        (responses[0], True),
        ("A dog barks.", False),
    ]
