"""Training: it learns, it resumes exactly, it touches nothing frozen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from tiny import published

from balsa_data.errors import InputError
from balsa_data.train.config import Stage, TrainConfig
from balsa_data.train.model import AudioLM
from balsa_data.train.prefetch import prefetched
from balsa_data.train.trainer import Trainer, train

Config = Callable[..., TrainConfig]
Dataset = Callable[..., str]


def silent(_: str) -> None:
    pass


def curve(folder: Path, key: str = "loss") -> list[float]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [record[key] for record in map(json.loads, lines) if key in record]


def test_it_overfits_eight_samples(dataset: Dataset, config: Config) -> None:
    """One-clip and two-clip rows share batches, and the trained model says each response to its own audio alone."""
    rows = [published(k, clips=1 + k % 2) for k in range(8)]
    out = train(config(dataset(rows), steps=60, batch_size=8, queries=8, lora_rank=16), say=silent)
    assert curve(out)[-1] < 0.05 < 1 < curve(out)[0]
    model = AudioLM.from_pretrained(out)
    for row in rows:
        assert model.generate([a["bytes"] for a in row["audios"]], row["prompt"]) == row["response"]


@pytest.mark.parametrize("streaming", [False, True])
def test_a_resumed_training_is_the_uninterrupted_one(
    streaming: bool, dataset: Dataset, config: Config, tmp_path: Path
) -> None:
    """It is interrupted in each stage, with gradients accumulated and a row that cannot be used."""
    rows = [published(k, clips=1 + k % 2) for k in range(9)]
    rows[2]["audios"] = [{"bytes": b"not audio", "path": None}]
    stages = (Stage(steps=4, tasks={"positive": 1}), Stage(steps=4, tasks={"positive": 1, "difference": 2}))
    settings: dict[str, Any] = {"stages": stages, "batch_size": 2, "accumulate": 2, "streaming": streaming}
    data = dataset(rows)
    whole = train(config(data, out=str(tmp_path / "whole"), **settings), say=silent)
    for stop in (3, 4, 6):
        resumed = config(data, out=str(tmp_path / "resumed"), checkpoint_every=2, **settings)
        interrupt(Trainer(resumed, say=silent), stop)
    out = train(resumed, say=silent)
    assert curve(out) == curve(whole)
    assert (out / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert json.loads((out / "provenance.json").read_text()) == json.loads((whole / "provenance.json").read_text())


def interrupt(trainer: Trainer, step: int) -> None:
    """Run until a step is done, then fail as a killed process would: nothing is written any more."""

    class Killed(Exception):
        pass

    def show(record: dict[str, Any]) -> None:
        if trainer.step > step:
            raise Killed

    trainer.progress.show = show  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        trainer.run()


@pytest.mark.parametrize("rank", [0, 2])
def test_the_frozen_stays_bit_identical(rank: int, dataset: Dataset, config: Config) -> None:
    run = Trainer(config(dataset([published(k) for k in range(4)]), lora_rank=rank), say=silent)
    model = run.accelerator.unwrap_model(run.model)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    run.run()
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed
    assert changed <= set(model.trainable)


@pytest.mark.parametrize("loss_per", ["token", "response"])
def test_accumulating_is_the_same_as_a_larger_batch(
    loss_per: str, dataset: Dataset, config: Config, tmp_path: Path
) -> None:
    data = dataset([published(k, response="A dog. " * (1 + k)) for k in range(8)])
    one = train(config(data, batch_size=8, loss_per=loss_per, out=str(tmp_path / "one")), say=silent)
    two = config(data, batch_size=2, accumulate=4, loss_per=loss_per, out=str(tmp_path / "four"))
    assert curve(train(two, say=silent)) == pytest.approx(curve(one), abs=1e-5)


def test_every_token_counts_alike_or_every_response(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    """A response's loss is then the mean over its own tokens, and that of both the mean of the two."""

    def first(name: str, rows: list[dict[str, Any]], loss_per: str) -> dict[str, Any]:
        settings = {"batch_size": len(rows), "warm_start": 0, "steps": 1, "loss_per": loss_per}
        out = train(config(dataset(rows, name), out=str(tmp_path / name / loss_per), **settings), say=silent)
        return {key: curve(out, key)[0] for key in ("loss", "tokens")}

    rows = [published(0, response="Yes."), published(1, response="A dog barks at the rain. " * 3)]
    short, long = (first(f"row {k}", [row], "token") for k, row in enumerate(rows))
    both = {loss_per: first("both", rows, loss_per)["loss"] for loss_per in ("token", "response")}
    words = [one["loss"] * one["tokens"] for one in (short, long)]
    assert both["token"] == pytest.approx(sum(words) / (short["tokens"] + long["tokens"]), abs=1e-4)
    assert both["response"] == pytest.approx((short["loss"] + long["loss"]) / 2, abs=1e-4)
    assert abs(both["token"] - both["response"]) > 1e-3


def test_two_processes_learn_what_one_does(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    """They share each step's samples, whose loss is a mean over all tokens, not a mean of two means."""
    data = dataset([published(k, clips=1 + k % 2, response="A dog. " * (1 + k)) for k in range(8)])
    one = train(config(data, batch_size=4, out=str(tmp_path / "one")), say=silent)
    two = config(data, batch_size=2, out=str(tmp_path / "two"))
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(two.model_dump(mode="json")))
    code = f"from balsa_data.train import train; train({str(tmp_path / 'two.yaml')!r})"
    (tmp_path / "both.py").write_text(code)
    launch = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node=2",
        str(tmp_path / "both.py"),
    ]
    cpu = {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(launch, env={**os.environ, **cpu}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert curve(tmp_path / "two") == pytest.approx(curve(one), abs=1e-5)


def test_the_feature_cache_changes_nothing(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    data = dataset([published(k) for k in range(4)])
    plain = train(config(data, out=str(tmp_path / "plain")), say=silent)
    cached = train(config(data, out=str(tmp_path / "cached"), feature_cache=str(tmp_path / "cache")), say=silent)
    # the encoder reads some alone that it else reads together, which changes its last digit
    assert curve(cached) == pytest.approx(curve(plain), rel=1e-5)
    assert len(list((tmp_path / "cache").rglob("*.safetensors"))) == 4


def test_tasks_are_mixed_by_their_shares_and_stages_follow_each_other(dataset: Dataset, config: Config) -> None:
    rows = (
        [published(k) for k in range(3)]
        + [published(k, task="negative") for k in range(3, 5)]
        + [published(5, clips=2)]
    )
    stages = (Stage(steps=50, tasks={"positive": 3, "negative": 1}), Stage(steps=5, tasks={"difference": 1}))
    trainer = Trainer(config(dataset(rows), stages=stages), say=silent)
    first = [task for group in islice(trainer._batches(0), 50) for batch in group for task in batch.tasks]
    assert 0.65 < first.count("positive") / len(first) < 0.85
    assert set(first) == {"positive", "negative"}
    assert {task for group in islice(trainer._batches(1), 5) for batch in group for task in batch.tasks} == {
        "difference"
    }


def test_training_stops_early_and_keeps_the_best(dataset: Dataset, config: Config) -> None:
    data = dataset([published(k) for k in range(4)])
    dataset([published(k, response="Nothing of the kind 12345") for k in range(4, 8)], split="validation")
    out = train(config(data, steps=400, validation="validation", validate_every=5, patience=3), say=silent)
    found = curve(out, "validation_loss")
    assert len(found) < 80
    assert min(found) == found[-4]
    assert json.loads((out / "provenance.json").read_text())["steps"] == 5 * (len(found) - 3)


def test_a_validation_split_without_usable_rows_is_refused(dataset: Dataset, config: Config) -> None:
    data = dataset([published(0)])
    dataset([published(1, audios=[None])], split="validation")
    with pytest.raises(InputError, match=r"no row of the split 'validation' of .* can be used"):
        train(config(data, validation="validation"), say=silent)


def test_another_config_does_not_continue_a_run(dataset: Dataset, config: Config) -> None:
    data = dataset([published(0)])
    train(config(data), say=silent)
    with pytest.raises(InputError, match="trained with another learning_rate, seed: use another out"):
        train(config(data, seed=3, learning_rate=1.0), say=silent)


def test_a_finished_training_is_left_as_it_is(dataset: Dataset, config: Config) -> None:
    settings = config(dataset([published(0)]))
    before = (train(settings, say=silent) / "model.safetensors").read_bytes()
    out = train(settings, say=silent)
    assert len(curve(out)) == 4
    assert (out / "model.safetensors").read_bytes() == before


def test_a_training_can_start_from_anothers_weights(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    """What it starts from is whole: without a step worth its name, the weights are the other's."""
    data = dataset([published(k) for k in range(4)])
    first = train(config(data, connector="linear", lora_rank=2), say=silent)
    again = config(data, out=str(tmp_path / "again"), start=str(first), connector="linear", lora_rank=2)
    second = Trainer(again, say=silent)
    assert all(
        torch.equal(w, v) for w, v in zip(weights(second.model), weights(AudioLM.from_pretrained(first)), strict=True)
    )
    assert curve(second.run())[0] < curve(first)[0]
    with pytest.raises(InputError, match=r"does not fit its config: .*lora.* is unexpected"):
        Trainer(config(data, out=str(tmp_path / "plain"), start=str(first), connector="linear"), say=silent)


def weights(model: AudioLM) -> list[torch.Tensor]:
    return [parameter.detach() for _, parameter in sorted(model.trainable.items())]


@pytest.mark.parametrize("kind", ["qformer", "linear"])
def test_what_the_projection_reads_is_centred_on_the_first_rows(kind: str, dataset: Dataset, config: Config) -> None:
    trainer = Trainer(config(dataset([published(k) for k in range(8)]), connector=kind), say=silent)
    model = trainer.accelerator.unwrap_model(trainer.model)
    sounds = [trainer.reader.read(row).sounds[0] for row in trainer.rows.rows]
    read: list[torch.Tensor] = []
    model.connector.project.register_forward_pre_hook(lambda _, given: read.append(given[0].detach()))
    model.connector(model.windows(sounds))
    assert read[0].flatten(0, 1).mean(dim=0).abs().max() < 1e-4
    assert read[0].flatten(0, 1).std(dim=0).max() < 1.1


def test_another_backbones_responses_are_refused_unless_told(dataset: Dataset, config: Config) -> None:
    data = dataset([published(0, provenance={"backbone": "openai/gpt-9"})])
    for streaming in (False, True):
        with pytest.raises(InputError, match=r"openai/gpt-9's but the model's backbone is tiny/backbone-instruct"):
            train(config(data, streaming=streaming), say=silent)
    train(config(data, any_backbone=True), say=silent)


def test_provenance_says_what_was_trained_on(dataset: Dataset, config: Config) -> None:
    rows = [published(0), published(1), published(2, audios=[])]
    provenance = json.loads((train(config(dataset(rows)), say=silent) / "provenance.json").read_text())
    assert provenance["backbones"] == {f"hosted_vllm/{'tiny/backbone-instruct'}": 3}
    assert provenance["samples_by_task"] == {"positive": 16}
    assert provenance["left_out"] == {"rows": 1, "first": {"r2": "row r2 has no audio"}}


def test_progress_names_loss_rate_and_time_left(dataset: Dataset, config: Config) -> None:
    lines: list[str] = []
    train(config(dataset([published(0)])), say=lines.append)
    assert lines[-1].startswith("step 4/4 · loss ")
    assert "samples/s · 0:00 left" in lines[-1]


def test_an_error_while_reading_ahead_is_raised_where_it_is_read() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise InputError("broken")

    with prefetched(items()) as ahead:
        assert next(ahead) == 1
        with pytest.raises(InputError, match="broken"):
            next(ahead)
