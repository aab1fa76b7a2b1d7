"""The config: every error at once, nothing unknown, the curve of the learning rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from balsa_data.errors import InputError
from balsa_data.train.config import TrainConfig, load_config

GOOD = "dataset: d\nout: o\nbackbone: b\nencoder: e\nstages: [{steps: 10}]\n"


def test_a_config_says_four_names_and_its_stages(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(GOOD + "    ".join(["stages_: 1\n"][:0]))
    config = load_config(tmp_path / "c.yaml")
    assert config.steps == 10
    assert config.connector == "qformer"


def test_every_error_is_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "dataset: d\nout: o\nbackbone: ' '\nstages: [{steps: 0}]\nlr: 1\nbatch_sise: 4\nqueries: many\nlearning_rate: .inf\n"
    )
    with pytest.raises(InputError) as refused:
        load_config(tmp_path / "c.yaml")
    said = str(refused.value)
    for part in ("encoder", "backbone: is empty", "stages.0.steps", "lr", "batch_sise", "queries", "learning_rate"):
        assert part in said
    assert "did you mean 'batch_size'?" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: [}", r"c.yaml:2 is not YAML"),
        ("- a", "must hold keys and values"),
        (GOOD + "patience: 3\n", "patience needs a validation split"),
        (GOOD + "stages_: 1\n", "did you mean 'stages'"),
        (GOOD.replace("[{steps: 10}]", "[]"), "stages"),
        (GOOD.replace("steps: 10", "steps: 10, tasks: {}"), "stages.0.tasks"),
    ],
)
def test_a_bad_config_is_refused_in_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(InputError, match=said):
        load_config(tmp_path / "c.yaml")


def test_a_missing_config_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*none.yaml: No such file"):
        load_config(tmp_path / "none.yaml")


def test_the_rate_warms_up_and_falls_by_a_cosine(config: Callable[..., TrainConfig]) -> None:
    run = config(steps=110, warmup=10)
    assert [run.rate(0), run.rate(9), run.rate(10)] == [0.1, 1.0, 1.0]
    assert run.rate(60) == pytest.approx(0.5)
    assert run.rate(109) < 0.001
    assert all(run.rate(k) > run.rate(k + 1) for k in range(10, 109))


def test_the_rate_may_hold_before_it_falls(config: Callable[..., TrainConfig]) -> None:
    run = config(steps=110, warmup=10, stable=0.5)
    assert {run.rate(k) for k in range(9, 61)} == {1.0}
    assert all(run.rate(k) > run.rate(k + 1) for k in range(60, 109))
    assert run.rate(109) < 0.005
