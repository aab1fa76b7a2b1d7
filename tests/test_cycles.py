"""Cycles are looked for seldom in a run, and as often as before after it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from balsa_data import AudioClip, synthesize
from balsa_data.cycles import ALLOCATED, searched_seldom
from balsa_data.testing import ScriptedBackbone


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(("before", "within"), [(700, ALLOCATED), (10 * ALLOCATED, 10 * ALLOCATED), (0, 0)])
def test_a_process_that_looks_more_seldom_still_or_never_is_left_as_it_is(before: int, within: int) -> None:
    gc.set_threshold(before, 7, 8)
    with searched_seldom():
        assert gc.get_threshold() == (within, 7, 8)
    assert gc.get_threshold() == (before, 7, 8)


def test_a_run_does_so_and_puts_it_back(tmp_path: Path) -> None:
    seen = []

    def clips() -> Iterator[AudioClip]:
        seen.append(gc.get_threshold()[0])
        yield AudioClip(id="a", captions=["A dog barks."])

    before = gc.get_threshold()
    synthesize(clips(), tasks=("positive",), backbone=ScriptedBackbone(), out=tmp_path / "run", progress=False)
    assert seen == [max(ALLOCATED, before[0])]
    assert gc.get_threshold() == before
