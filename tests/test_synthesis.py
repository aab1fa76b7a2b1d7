"""Synthesis: counts add up, nothing is lost or asked twice, and an interruption costs what was in flight."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from servers import BackboneServer

from balsa_data import AudioClip, Run, SoundEvent, SpeechSegment, asynthesize, synthesize
from balsa_data.errors import BackboneUnusable, BudgetReached, CorpusError, InputError, RequestFailed, RunError
from balsa_data.journal import Answer, Journal
from balsa_data.testing import ScriptedBackbone, truthful

SOUNDS = ["dog barking", "rain", "car horn", "church bell", "applause", "violin", "helicopter", "cat meowing"]
Messages = Sequence[dict[str, str]]


def clips(n: int = 12) -> list[AudioClip]:
    return [
        AudioClip(id=f"c{i}", events=[SoundEvent(label=SOUNDS[i % 8]), SoundEvent(label=SOUNDS[(i // 8 + i + 3) % 8])])
        for i in range(n)
    ]


def moody(messages: Messages, seed: int | None) -> str:
    """Sometimes good, sometimes not, and always the same for the same seed."""
    mood = (seed or 0) % 7
    return "" if mood == 0 else "I'm sorry, but I can't listen to audio." if mood < 4 else truthful(messages)


def essence(run: Run) -> list[Any]:
    """All that a run made, but for the times it took."""
    return [[o.model_dump() for o in kind] for kind in (run.samples, run.rejections, run.failures)]


def make(out: Path, backbone: Any = None, n: int = 12, **values: Any) -> Run:
    return synthesize(clips(n), out=out, backbone=backbone or ScriptedBackbone(moody), progress=False, **values)


def adds_up(run: Run) -> bool:
    return run.finished and run.planned == len(run.samples) + len(run.rejections) + len(run.failures)


def test_every_planned_request_becomes_a_sample_or_a_rejection_with_reasons(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    assert run.planned == 36
    assert adds_up(run)
    assert run.samples
    assert run.rejections
    assert all(r.reason in {"empty", "refusal"} for r in run.rejections)
    assert all(len(r.attempts) == 3 for r in run.rejections)
    assert run.rejected_by_reason() == {k: sum(r.reason == k for r in run.rejections) for k in run.rejected_by_reason()}


def test_the_response_is_the_backbones_byte_for_byte(tmp_path: Path) -> None:
    text = "  I can hear:\r\n\n\ta  dog barking…  \u200b\n\n"

    def reply(messages: Messages, seed: int) -> str:
        return text

    run = synthesize(
        [clips()[0]], tasks="positive", out=tmp_path / "r", backbone=ScriptedBackbone(reply), progress=False
    )
    assert [s.response for s in run.samples] == [text]


def test_running_again_makes_no_call_and_changes_nothing(tmp_path: Path) -> None:
    before = essence(make(tmp_path / "run"))
    again = ScriptedBackbone(moody)
    assert essence(make(tmp_path / "run", again)) == before
    assert again.asked == 0


def test_no_more_than_allowed_are_in_flight_and_a_tenth_more_unwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_flight = unwritten = most_in_flight = most_unwritten = 0
    write = Journal.answered

    class Counted(ScriptedBackbone):
        async def ask(self, messages: Messages, seed: int) -> Answer:
            nonlocal in_flight, unwritten, most_in_flight, most_unwritten
            in_flight, unwritten = in_flight + 1, unwritten + 1
            most_in_flight, most_unwritten = max(most_in_flight, in_flight), max(most_unwritten, unwritten)
            await asyncio.sleep(0.01)
            in_flight -= 1
            return await super().ask(messages, seed)

    async def slowly(self: Journal, request: str, attempt: int, answer: Answer) -> None:
        nonlocal unwritten
        await asyncio.sleep(0.03)
        await write(self, request, attempt, answer)
        unwritten -= 1

    monkeypatch.setattr(Journal, "answered", slowly)
    assert adds_up(make(tmp_path / "run", Counted(moody), n=40, concurrency=20))
    assert most_in_flight == 20
    assert most_unwritten == 22  # what a kill can cost


def test_the_samples_do_not_depend_on_concurrency_or_the_order_of_answers(tmp_path: Path) -> None:
    class Shuffled(ScriptedBackbone):
        async def ask(self, messages: Messages, seed: int) -> Answer:
            await asyncio.sleep(seed % 5 / 200)
            return await super().ask(messages, seed)

    one = make(tmp_path / "one", concurrency=1)
    assert essence(make(tmp_path / "many", Shuffled(moody), concurrency=32)) != []
    many = Run(tmp_path / "many")
    drop = {"backbone"}
    for a, b in zip(one.samples, many.samples, strict=True):
        assert a.model_dump(exclude={"provenance": drop}) == b.model_dump(exclude={"provenance": drop})


def test_another_seed_makes_another_plan(tmp_path: Path) -> None:
    a, b = make(tmp_path / "a"), make(tmp_path / "b", seed=1)
    assert {s.id for s in a.samples}.isdisjoint(s.id for s in b.samples)


def test_clips_may_be_a_generator_and_the_audio_bytes(tmp_path: Path) -> None:
    def stream() -> Iterator[AudioClip]:
        yield AudioClip(id="bytes", audio=b"RIFF", captions=["A dog barks."])
        yield AudioClip(id="speech", speech=[SpeechSegment(transcript="Hello there.", gender="female")])

    run = synthesize(stream(), tasks={"positive": 2}, out=tmp_path / "r", backbone=ScriptedBackbone(), progress=False)
    assert run.planned == 4
    audio = next(iter(run.samples)).clips[0].audio
    assert isinstance(audio, str)
    assert Path(audio).read_bytes() == b"RIFF"


def test_the_same_clip_is_asked_in_different_words(tmp_path: Path) -> None:
    run = synthesize(clips(1), tasks={"positive": 20}, out=tmp_path / "r", backbone=ScriptedBackbone(), progress=False)
    assert len({s.prompt for s in run.samples}) == len(run.samples) == 20


def test_a_share_below_one_asks_of_every_so_many_clips(tmp_path: Path) -> None:
    run = make(tmp_path / "r", ScriptedBackbone(), tasks={"positive": 0.25, "negative": 1})
    assert [s.task for s in run.samples].count("positive") == 3


def test_guidance_is_for_the_backbone_only(tmp_path: Path) -> None:
    run = make(tmp_path / "r", ScriptedBackbone(), tasks="negative", negatives={"guided": 1.0})
    for sample in run.samples:
        assert sample.provenance.guided
        assert sample.provenance.strategy in {"random", "popular", "adversarial"}
        assert len(sample.absent) >= 1
        assert not any(word in sample.prompt for word in sample.absent)


async def test_inside_a_loop(tmp_path: Path) -> Run:
    return synthesize(clips(2), out=tmp_path / "r", backbone=ScriptedBackbone(), progress=False)


def test_synthesize_runs_inside_a_notebooks_loop(tmp_path: Path) -> None:
    assert adds_up(asyncio.run(test_inside_a_loop(tmp_path)))


test_inside_a_loop.__test__ = False  # type: ignore[attr-defined]  # a helper with the cell's shape


def test_asynthesize_runs_beside_others(tmp_path: Path) -> None:
    async def two() -> list[Run]:
        both = (asynthesize(clips(3), out=tmp_path / n, backbone=ScriptedBackbone(), progress=False) for n in "ab")
        return await asyncio.gather(*both)

    assert all(adds_up(run) for run in asyncio.run(two()))


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("openai/test", "/v1"),
        ("hosted_vllm/test", "/v1"),
        ("anthropic/test", ""),
        ("ollama/test", ""),
        ("ollama_chat/test", ""),
    ],
)
def test_the_same_call_runs_against_every_kind_of_server(tmp_path: Path, model: str, path: str) -> None:
    with BackboneServer(lambda messages, _: truthful(messages)) as server:
        run = make(tmp_path / "r", model, n=3, api_base=server.url + path, parameters={"api_key": "k"})
        assert len(run.samples) == server.requests == run.planned == 9
    assert run.usage.prompt_tokens > 0


# -- what is kept ----------------------------------------------------------------------------------------------------


def test_an_error_in_a_cell_reaches_the_caller(tmp_path: Path) -> None:
    async def cell() -> Run:
        return synthesize([], out=tmp_path / "r", backbone=ScriptedBackbone(), progress=False)

    with pytest.raises(CorpusError, match="the corpus has no clips"):
        asyncio.run(cell())


KILLED = """
import sys
from test_synthesis import clips, moody
from balsa_data import synthesize
synthesize(clips(40), out=sys.argv[1], backbone="openai/test", api_base=sys.argv[2], parameters={"api_key": "k"},
           concurrency=8, progress=False, seed=3)
"""


def test_ten_kills_lose_nothing_and_ask_nothing_answered_again(tmp_path: Path) -> None:
    with BackboneServer(moody) as server:
        calm = synthesize(
            clips(40), out=tmp_path / "calm", backbone="openai/test", api_base=server.url + "/v1",
            parameters={"api_key": "k"}, concurrency=8, progress=False, seed=3,
        )  # fmt: skip
        needed = server.requests
    out = tmp_path / "killed"
    with BackboneServer(moody, delay=0.03) as server:
        here = str(Path(__file__).parent)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
        for kill in range(10):
            started = server.requests
            process = subprocess.Popen([sys.executable, "-c", KILLED, str(out), server.url + "/v1"], env=environment)
            while server.requests < started + 7 + kill and process.poll() is None:
                time.sleep(0.005)
            process.kill()
            process.wait()
        assert len(Journal(out, writing=False).counts()) > 0
        subprocess.run([sys.executable, "-c", KILLED, str(out), server.url + "/v1"], env=environment, check=True)
        asked = server.requests
    run = Run(out)
    assert adds_up(run)
    ids = [o.id for kind in (run.samples, run.rejections, run.failures) for o in kind]
    assert len(set(ids)) == len(ids) == run.planned
    assert needed <= asked <= needed + 10 * 8  # what was in flight at each kill, and no more
    assert essence(run) == essence(calm)


def test_an_answer_from_before_a_crash_is_used_and_not_asked_for(tmp_path: Path) -> None:
    make(tmp_path / "whole", ScriptedBackbone(), n=1, tasks="positive")
    sample = Run(tmp_path / "whole").samples[0]
    Journal(tmp_path / "run").close()
    journal = Journal(tmp_path / "run")
    asyncio.run(
        journal.answered(sample.id, 0, Answer(text="I hear a dog barking and a church bell.", finish_reason="stop"))
    )
    journal.close()
    backbone = ScriptedBackbone()
    run = make(tmp_path / "run", backbone, n=1, tasks="positive")
    assert backbone.asked == 0
    assert adds_up(run)


def test_an_interrupt_stops_within_two_seconds_and_says_how_to_continue(tmp_path: Path) -> None:
    listing = tmp_path / "clips.jsonl"
    listing.write_text("".join(c.model_dump_json(exclude_defaults=True) + "\n" for c in clips(40)), encoding="utf-8")
    (tmp_path / "r.yaml").write_text(
        f"corpora: {{reader: jsonl, path: {listing}}}\nparameters: {{api_key: k}}\n", encoding="utf-8"
    )
    with BackboneServer(moody, delay=0.2) as server:
        command = [sys.executable, "-m", "balsa_data.cli", "synthesize", str(tmp_path / "r.yaml"), "--out", str(tmp_path / "run"),
                   "--backbone", "openai/test", "--api-base", server.url + "/v1", "--concurrency", "4"]  # fmt: skip
        heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # what a shell starts in the background ignores it
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=heed)
        while server.requests < 12 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        _, said = process.communicate(timeout=20)
        assert time.monotonic() - asked < 2
        assert process.returncode == 130
        assert "run the same command again to continue" in said
        assert "Traceback" not in said
        again = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)["planned"] == 120
    assert adds_up(Run(tmp_path / "run"))


def test_a_second_process_is_refused_with_the_firsts_pid(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "run")
    with pytest.raises(RunError, match=f"in use by process {os.getpid()}"):
        make(tmp_path / "run")
    journal.close()
    assert adds_up(make(tmp_path / "run"))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"seed": 5}, "seed was 0, is 5"),
        ({"tasks": "positive"}, "tasks was"),
        ({"checks": {"length": False}}, "checks was"),
        ({"n": 13}, "made with other clips"),
        ({"parameters": {"temperature": 1}}, "parameters was"),
    ],
)
def test_a_run_made_otherwise_is_refused_with_what_differs(tmp_path: Path, values: dict[str, Any], says: str) -> None:
    make(tmp_path / "run")
    with pytest.raises(RunError, match=says):
        make(tmp_path / "run", **values)


# -- what goes wrong -------------------------------------------------------------------------------------------------


class Failing(ScriptedBackbone):
    """Answers but for the requests whose seed is even, until it recovers."""

    recovered = False

    async def ask(self, messages: Messages, seed: int) -> Answer:
        if seed % 2 == 0 and self.asked > 3 and not self.recovered:
            raise RequestFailed("too long", 2)
        return await super().ask(messages, seed)


def test_a_request_without_an_answer_is_a_failure_and_the_run_goes_on(tmp_path: Path) -> None:
    backbone = Failing()
    run = make(tmp_path / "run", backbone)
    assert run.failures
    assert run.samples
    assert adds_up(run)
    assert run.usage.requests == backbone.asked + 2 * len(run.failures)


def test_failures_are_asked_again_on_request_only(tmp_path: Path) -> None:
    failed = len(make(tmp_path / "run", Failing()).failures)
    backbone = Failing()
    backbone.recovered = True
    assert len(make(tmp_path / "run", backbone).failures) == failed
    run = make(tmp_path / "run", backbone, retry_failures=True)
    assert len(run.failures) == 0
    assert backbone.asked == failed
    assert adds_up(run)


def test_answers_are_judged_again_without_being_asked_for_again(tmp_path: Path) -> None:
    strict = {"checks": {"length": {"max_words": 1}}}
    first = make(tmp_path / "run", ScriptedBackbone(), **strict)
    assert len(first.samples) < first.planned
    backbone = ScriptedBackbone()
    with pytest.raises(RunError, match=r"checks was [\s\S]*--judge-again"):
        make(tmp_path / "run", backbone)
    run = make(tmp_path / "run", backbone, judge_again=True)
    assert backbone.asked == 0
    fresh = make(tmp_path / "fresh", ScriptedBackbone())
    assert [sample.response for sample in run.samples] == [sample.response for sample in fresh.samples]
    assert adds_up(run)
    assert len(make(tmp_path / "run", backbone).samples) == len(run.samples)  # and so it stays
    with pytest.raises(RunError, match="seed was"):
        make(tmp_path / "run", backbone, seed=5, judge_again=True)


def test_judged_again_with_nothing_left_to_spend_what_was_paid_for_is_kept(tmp_path: Path) -> None:
    class Poor(ScriptedBackbone):
        poor = False

        async def ask(self, messages: list[dict[str, str]], seed: int) -> Answer:
            if self.poor:
                raise BudgetReached("max_requests 9 is reached: raise it and run again to continue")
            return await super().ask(messages, seed)

    backbone = Poor(moody)
    strict = {"checks": {"length": {"max_words": 7}}}
    first = make(tmp_path / "run", backbone, **strict)
    assert first.samples
    assert first.rejections
    backbone.poor = True
    with pytest.raises(BudgetReached):
        make(tmp_path / "run", backbone, judge_again=True, draws=9, **strict)
    run = Run(tmp_path / "run")
    assert [sample.id for sample in run.samples] == [sample.id for sample in first.samples]
    assert not run.rejections  # each has a draw to come
    backbone.poor = False
    assert adds_up(make(tmp_path / "run", backbone, draws=9, **strict))


def test_a_taxonomy_that_got_better_changes_what_is_asked_and_no_answer_to_other_words_is_taken(tmp_path: Path) -> None:
    """Until it is known that *Regen* is rain, rain is denied where it falls."""
    (tmp_path / "knows.yaml").write_text("sounds: {rain: {labels: Regen}}\n", "utf-8")
    labels = [*["Rain"] * 8, *["Regen"] * 8, "Dog", "Bell", "Applause", "Violin", "Helicopter", "Meow", "Train", "Drum"]
    corpus = [AudioClip(id=f"c{i}", events=[SoundEvent(label=label)]) for i, label in enumerate(labels)]
    backbone = ScriptedBackbone()

    def denied(**values: Any) -> list[str]:
        guided = {"guided": 1.0, "strategies": {"popular": 1.0}}
        run = synthesize(
            corpus, tasks="negative", negatives=guided, out=tmp_path / "run", backbone=backbone, progress=False,
            **values,
        )  # fmt: skip
        assert adds_up(run)
        return [sample.id for sample in run.samples if "Regen" in sample.seed_description and "rain" in sample.absent]

    wrong, asked = denied(), backbone.asked
    assert wrong
    assert not denied(taxonomy=tmp_path / "knows.yaml", judge_again=True)
    assert len(wrong) <= backbone.asked - asked < asked  # asked anew, and not all


class Unusable(ScriptedBackbone):
    """Refuses the key until it is mended."""

    mended = False

    async def ask(self, messages: Messages, seed: int) -> Answer:
        if self.mended:
            return await super().ask(messages, seed)
        self.asked += 1
        raise BackboneUnusable("wrong key")


def test_a_wrong_key_stops_the_run_before_the_second_call(tmp_path: Path) -> None:
    backbone = Unusable()
    with pytest.raises(BackboneUnusable, match="wrong key"):
        make(tmp_path / "run", backbone)
    assert backbone.asked == 1
    backbone.mended = True
    assert adds_up(make(tmp_path / "run", backbone))


def test_where_nothing_was_answered_another_backbone_may_take_the_folder(tmp_path: Path) -> None:
    with pytest.raises(BackboneUnusable):
        make(tmp_path / "run", Unusable())
    assert adds_up(make(tmp_path / "run", ScriptedBackbone()))
    with pytest.raises(RunError, match="backbone was 'ScriptedBackbone', is 'Unusable'"):
        make(tmp_path / "run", Unusable())


def test_where_something_may_still_be_answered_none_may(tmp_path: Path) -> None:
    class Poor(ScriptedBackbone):
        async def ask(self, messages: Messages, seed: int) -> Answer:
            raise BudgetReached("max_requests 0 is reached: raise it and run again to continue")

    with pytest.raises(BudgetReached):
        make(tmp_path / "run", Poor())
    with pytest.raises(RunError, match="backbone was 'Poor'"):
        make(tmp_path / "run", ScriptedBackbone())
    journal = Journal(tmp_path / "handed-in")
    assert journal.blank
    journal.keep("batches", [{"file": "f"}])
    assert not journal.blank
    journal.close()


def test_a_backbone_that_never_answers_stops_the_run_and_its_failures_are_not_final(tmp_path: Path) -> None:
    class Down(ScriptedBackbone):
        async def ask(self, messages: Messages, seed: int) -> Answer:
            self.asked += 1
            raise RequestFailed("no answer in 6 tries")

    backbone = Down()
    with pytest.raises(BackboneUnusable, match="none of the first 3 requests succeeded"):
        make(tmp_path / "run", backbone)
    assert backbone.asked == 3
    assert len(Run(tmp_path / "run").failures) == 0


PRICES = {"input": 1.0, "output": 1.0}


@pytest.mark.parametrize(
    ("limits", "over"),
    [({"max_requests": 40}, "requests"), ({"max_tokens": 2000}, "tokens"), ({"max_cost": 0.002}, "cost")],
)
@pytest.mark.parametrize("concurrency", [1, 7])
def test_a_budget_is_overdrawn_by_no_more_than_was_in_flight(
    tmp_path: Path, limits: dict[str, Any], over: str, concurrency: int
) -> None:
    with BackboneServer(moody, delay=0.01) as server, pytest.raises(BudgetReached):
        make(
            tmp_path / "run", "openai/test", limits=limits, prices=PRICES, concurrency=concurrency,
            api_base=server.url + "/v1", parameters={"api_key": "k"},
        )  # fmt: skip
    usage = Run(tmp_path / "run").usage
    tokens = usage.prompt_tokens + usage.completion_tokens
    largest = max(len(str(body["messages"]).split()) + 40 for body in server.bodies)  # tokens of a request, at most
    assert usage.requests == server.requests
    if over == "requests":
        assert server.requests == limits["max_requests"]
    else:
        assert 2000 <= tokens <= 2000 + concurrency * largest
        assert usage.cost == pytest.approx(tokens / 1e6)


def test_a_cost_that_nobody_can_know_is_no_budget_and_nothing_is_asked(tmp_path: Path) -> None:
    with BackboneServer(moody) as server:
        values: dict[str, Any] = {"api_base": server.url + "/v1", "parameters": {"api_key": "k"}}
        with pytest.raises(InputError, match="the price of openai/test is not known: give `prices`"):
            make(tmp_path / "run", "openai/test", limits={"max_cost": 1.0}, **values)
        assert server.requests == 0
        run = make(tmp_path / "run", "openai/test", **values)
    assert run.usage.cost is None


@pytest.mark.parametrize("limits", [{"requests_per_minute": 600}, {"tokens_per_minute": 20_000}])
def test_no_more_is_asked_than_a_minute_allows(tmp_path: Path, limits: dict[str, int]) -> None:
    started = time.monotonic()
    with BackboneServer(moody) as server:
        run = make(
            tmp_path / "run", "openai/test", n=10, draws=1, limits=limits, api_base=server.url + "/v1",
            parameters={"api_key": "k"},
        )  # fmt: skip
    seconds = time.monotonic() - started
    each = [o.provenance.usage for o in (*run.samples, *run.rejections, *run.failures)]
    tokens = [usage.prompt_tokens + usage.completion_tokens for usage in each]
    assert server.requests == len(each) == 30
    # A second's worth goes at once, and nobody waits for the last, which may be the largest.
    used = {"requests_per_minute": 29 - 10, "tokens_per_minute": sum(tokens) - max(tokens) - 333 - 1}
    assert all(seconds >= 60 * used[name] / n for name, n in limits.items())


@pytest.mark.parametrize(("limits", "most"), [({"max_requests": 10}, 10), ({"max_tokens": 300}, 30)])
def test_a_budget_holds_and_a_larger_one_continues(tmp_path: Path, limits: dict[str, int], most: int) -> None:
    with BackboneServer(moody) as server:
        values: dict[str, Any] = {"api_base": server.url + "/v1", "parameters": {"api_key": "k"}, "concurrency": 2}
        with pytest.raises(BudgetReached, match="run again to continue"):
            make(tmp_path / "run", "openai/test", limits=limits, **values)
        assert server.requests <= most
        with pytest.raises(BudgetReached):
            make(tmp_path / "run", "openai/test", limits=limits, **values)
        run = make(tmp_path / "run", "openai/test", **values)
        assert run.usage.requests == server.requests
    assert adds_up(run)


def test_a_check_that_breaks_rejects_and_does_not_stop_the_run(tmp_path: Path) -> None:
    from balsa_data.checks import Item, judge

    def broken(item: Item) -> Any:
        raise ZeroDivisionError("oh")

    item = Item(task="positive", clips=(), prompt="", response="Rain.")
    (verdict,) = judge(item, {"mine": broken})
    assert (verdict.ok, verdict.reason) == (False, "check_broke")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([], "the corpus has no clips"),
        ([AudioClip(id="a")], "'a' has no caption"),
        ([*clips(2), *clips(1)], "'c0' stands twice"),
    ],
)
def test_a_bad_corpus_is_refused_before_any_call(tmp_path: Path, bad: list[AudioClip], says: str) -> None:
    backbone = ScriptedBackbone()
    with pytest.raises(InputError, match=says):
        synthesize(bad, out=tmp_path / "r", backbone=backbone, progress=False)
    assert backbone.asked == 0


def test_an_engine_there_is_not_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown engine 'batches'; did you mean 'batch'"):
        make(tmp_path / "run", engine="batches")
    assert not (tmp_path / "run").exists()


def test_keys_are_nowhere_in_the_run(tmp_path: Path) -> None:
    with BackboneServer(moody) as server:
        make(tmp_path / "run", "openai/test", api_base=server.url + "/v1", parameters={"api_key": "sk-secret-123"})
    assert server.bodies[0]["_headers"]["Authorization"] == "Bearer sk-secret-123"
    for path in (tmp_path / "run").rglob("*"):
        assert not path.is_file() or b"sk-secret-123" not in path.read_bytes()


def test_a_recipe_whose_corpus_was_refused_may_be_mended_in_the_same_folder(tmp_path: Path) -> None:
    listing = tmp_path / "clips.jsonl"
    listing.write_text("".join(c.model_dump_json(exclude_defaults=True) + "\n" for c in clips(2)), encoding="utf-8")
    run = {"tasks": ["positive"], "out": tmp_path / "run", "backbone": ScriptedBackbone(), "progress": False}
    with pytest.raises(InputError, match="no such file"):
        synthesize("demo", corpora=[{"reader": "jsonl", "path": str(tmp_path / "clipz.jsonl")}], **run)
    made = synthesize("demo", corpora=[{"reader": "jsonl", "path": str(listing)}], **run)
    assert made.planned == 2
    with pytest.raises(RunError, match="was made otherwise"):
        synthesize("demo", corpora=[{"reader": "jsonl", "path": str(tmp_path / "clipz.jsonl")}], **run)
