"""A judge is asked where the rules cannot tell, and only there; what it says is kept, counted and not asked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from servers import BackboneServer
from test_synthesis import clips

from balsa_data import Run, synthesize
from balsa_data.journal import Journal
from balsa_data.judging import Judgement
from balsa_data.opinion import heeded
from balsa_data.schemas import Verdict

DOUBTFUL = "A dog is barking. It is unclear whether rain is heard."
CLEAR = "A dog is barking."
FALSE = "A dog is barking and a siren wails."
DOUBT = Judgement((Verdict(ok=False, check="grounded", reason="unsupported", detail="may be", doubt=True),), ("dog",))


def run(out: Path, response: str, opinion: str, **values: Any) -> tuple[Run, BackboneServer, BackboneServer]:
    with BackboneServer(lambda *_: response) as backbone, BackboneServer(lambda *_: opinion) as judge:
        made = synthesize(
            clips(1), out=out, tasks=["positive"], draws=1, backbone="openai/m", api_base=f"{backbone.url}/v1",
            parameters={"api_key": "k"}, progress=False, prices={"input": 1, "output": 1}, **values,
            judge={"backbone": "openai/judge", "api_base": f"{judge.url}/v1", "parameters": {"api_key": "secret-of-judge"},
                   "prices": {"input": 1000, "output": 1000}},
        )  # fmt: skip
    return made, backbone, judge


def test_what_the_rules_decide_is_not_asked_about(tmp_path: Path) -> None:
    for name, response, samples in (("clear", CLEAR, 1), ("false", FALSE, 0)):
        made, _, judge = run(tmp_path / name, response, '{"true": true, "why": "so"}')
        assert len(made.samples) == samples
        assert judge.requests == 0


def test_a_doubt_that_the_judge_dispels_makes_a_sample_that_names_it(tmp_path: Path) -> None:
    made, _, judge = run(tmp_path / "run", DOUBTFUL, 'Well: {"true": true, "why": "It leaves the rain open."}')
    (sample,) = made.samples
    assert sample.response == DOUBTFUL
    assert sample.provenance.judge == "openai/judge"
    assert "rain" not in {*sample.present, *sample.absent}
    assert judge.requests == 1
    asked = judge.bodies[0]["messages"][-1]["content"]
    assert all(text in asked for text in (sample.seed_description, sample.prompt, DOUBTFUL, "leaves it open"))


def test_a_judge_that_denies_gives_its_reason(tmp_path: Path) -> None:
    made, *_ = run(tmp_path / "run", DOUBTFUL, '{"true": false, "why": "Rain is not known."}')
    (rejection,) = made.rejections
    assert [v.reason for v in rejection.attempts[0].verdicts] == ["unsupported", "judged_false"]
    assert "Rain is not known." in (rejection.attempts[0].verdicts[1].detail or "")


def test_its_tokens_count_and_a_second_run_asks_nothing(tmp_path: Path) -> None:
    made, backbone, judge = run(tmp_path / "run", DOUBTFUL, '{"true": true}')
    usage = made.usage
    assert usage.requests == backbone.requests + judge.requests == 2
    assert usage.cost is not None
    assert usage.cost > 1000 * backbone.requests * 1e-6
    assert next(iter(made.samples)).provenance.usage == usage
    again, backbone, judge = run(tmp_path / "run", DOUBTFUL, '{"true": false}')
    assert backbone.requests == judge.requests == 0
    assert len(again.samples) == 1


def test_an_opinion_paid_for_survives_the_process(tmp_path: Path) -> None:
    """The outcome is lost with the process, not what was answered."""
    run(tmp_path / "run", DOUBTFUL, '{"true": true}')
    journal = Journal(tmp_path / "run")
    journal._db.execute("DELETE FROM outcomes")
    journal._db.execute("DELETE FROM facts WHERE name = 'planned'")
    journal.close()
    made, backbone, judge = run(tmp_path / "run", DOUBTFUL, '{"true": false}')
    assert backbone.requests == judge.requests == 0
    assert len(made.samples) == 1


def test_its_key_is_nowhere_on_disk(tmp_path: Path) -> None:
    run(tmp_path / "run", DOUBTFUL, '{"true": true}')
    for file in (tmp_path / "run").rglob("*"):
        if file.is_file():
            assert b"secret-of-judge" not in file.read_bytes(), file


@pytest.mark.parametrize("answer", [None, "", "Yes.", "{", '{"true": "perhaps"}', '{"false": true}', "} {", "[]"])
def test_an_answer_that_is_no_verdict_leaves_the_doubt(answer: str | None) -> None:
    assert heeded(DOUBT, answer) == DOUBT
