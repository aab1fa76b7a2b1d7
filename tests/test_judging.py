"""Judging in processes of their own: the same verdicts, whatever becomes of the process."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from test_synthesis import clips

from balsa_data.checks import Item, selected
from balsa_data.judging import PAYS, Judge, Judgement, judged, worthwhile

RESPONSES = [
    "I can hear a dog barking.",
    "",
    "I do not hear any dog barking.",
    "I'm sorry, I can't.",
    "Rain, and \x00 \u2028 rain.",
]
ITEMS = [
    Item(task=task, clips=(clip,), prompt="What can you hear?", response=response, finish_reason="stop")
    for task in ("positive", "negative")
    for clip in clips(3)
    for response in RESPONSES
]


async def ready(judge: Judge) -> None:
    started = time.monotonic()
    while not judge._ready:
        assert time.monotonic() - started < 60
        await asyncio.sleep(0.01)


def children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()]


@pytest.mark.parametrize("kill", [False, True])
def test_a_process_says_what_this_one_would_and_may_die(
    kill: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more handed over than it has judged, and in a folder with a file of a module's name."""
    monkeypatch.setattr("balsa_data.judging.BATCH", 4)
    (tmp_path / "random.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {"length": {"max_words": 4}, "language": False}
    before = set(children())

    async def main() -> list[Judgement]:
        async with Judge(options, processes=1) as judge:
            await ready(judge)
            (process,) = set(children()) - before
            told = [asyncio.create_task(judge(item)) for item in ITEMS]
            if kill:
                await asyncio.sleep(0)
                os.kill(process, signal.SIGKILL)
            return await asyncio.wait_for(asyncio.gather(*told), 30) + [await judge(item) for item in ITEMS[:3]]

    expected = [judged(item, selected(options)) for item in ITEMS]
    assert asyncio.run(main()) == expected + expected[:3]
    assert set(children()) <= before


def test_a_short_run_starts_no_process() -> None:
    before = children()

    async def main() -> Judgement:
        async with Judge({}, worthwhile(PAYS - 1)) as judge:
            return await judge(ITEMS[0])

    assert asyncio.run(main()) == judged(ITEMS[0], selected({}))
    assert children() == before
