"""What a run shows while it works: one live picture on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sources import demo

from balsa_data import progress
from balsa_data.progress import Progress, dollars
from balsa_data.schemas import Usage

USAGE = Usage(requests=1, prompt_tokens=100, completion_tokens=20, cost=0.01)
SHOW = """
import sys, time
from pathlib import Path
from sources import demo
from balsa_data.progress import Progress
from balsa_data.schemas import Usage
run = demo(Path(sys.argv[1]))
with Progress(40) as shown:
    for outcome in [*run.samples, *run.rejections]:
        shown.settled(outcome, Usage(requests=1, prompt_tokens=100, completion_tokens=20, cost=0.01))
    time.sleep(0.6)
"""


def test_where_there_is_no_terminal_it_is_plain_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)  # a constant, so that no test waits for it
    run = demo(tmp_path)
    with Progress(40, done=4) as shown:
        for outcome in [*run.samples, *run.rejections]:
            shown.settled(outcome, USAGE)
    printed = capsys.readouterr()
    last = printed.err.splitlines()[-1]
    assert printed.out == ""
    assert "\x1b" not in printed.err
    assert re.search(r"^20/40  [\d.]+/s  [\d:]+ left  accepted 15  rejected 1  failed 0  1,920 tokens  \$0\.16$", last)


def test_the_time_left_follows_the_rate_of_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample, now = demo(tmp_path).samples[0], 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    shown = Progress(1001, show=False)
    now = 60.0  # a model loads, which says nothing of what follows
    assert shown._line().startswith("0/1001  0.0/s  starting")
    for outcomes, a_second, told in (
        (600, 8, "600/1001  8.0/s  0:50 left"),
        (60, 1, "660/1001  1.0/s  5:41 left"),
        (341, 1, "1001/1001  1.9/s  done"),  # the whole's, at its end: 1,001 in 536 s
    ):
        for _ in range(outcomes):
            now += 1 / a_second
            shown.settled(sample, USAGE)
        assert shown._line().startswith(told)


def test_a_price_that_is_not_known_is_not_shown_as_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(1) as shown:
        shown.settled(demo(tmp_path).samples[0], USAGE.model_copy(update={"cost": None}))
    assert "cost unknown" in capsys.readouterr().err


def test_a_backbone_slower_than_that_has_a_time_left_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample, now = demo(tmp_path).samples[0], 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    shown = Progress(10, show=False)
    for _ in range(4):
        now += 90.0
        shown.settled(sample, USAGE)
    assert shown._line().startswith("4/10  0.0/s  9:00 left")


@pytest.mark.parametrize(
    ("cost", "read"),
    [(0.0, "$0.00"), (1e-5, "under $0.01"), (0.0099, "under $0.01"), (0.01, "$0.01"), (1234.5, "$1,234.50")],
)
def test_what_is_not_free_does_not_read_as_if_it_were(cost: float, read: str) -> None:
    assert dollars(cost) == read


def test_on_a_terminal_it_tells_tasks_and_reasons(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    tests = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{tests}:{tests.parent}", "TERM": "xterm", "COLUMNS": "160"}
    with subprocess.Popen(
        [sys.executable, "-c", SHOW, str(tmp_path)], stdout=subprocess.DEVNULL, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        seen = b""
        try:
            while chunk := os.read(ours, 65536):
                seen += chunk
        except OSError:  # Linux says so when the other end closes
            pass
    os.close(ours)
    assert process.returncode == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    for said in ("16/40", "/s", "left", "accepted: difference 3  negative 4  positive 8", "rejected: contradicted 1"):
        assert said in plain
    assert "1,920 tokens" in plain
    assert "$0.16" in plain


def test_told_to_be_silent_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(1, show=False) as shown:
        shown.settled(demo(tmp_path).samples[0], USAGE)
    assert capsys.readouterr() == ("", "")
    assert shown.accepted == {"positive": 1}
