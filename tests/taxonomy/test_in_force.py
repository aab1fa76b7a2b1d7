"""A recipe's taxonomy holds for everything of its run: what is planned, what is checked, what is found in a sample."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from balsa_data import AudioClip, synthesize
from balsa_data.checking import check_file
from balsa_data.checks import Item
from balsa_data.judging import Judge
from balsa_data.taxonomy import default, extended, in_force
from balsa_data.testing import ScriptedBackbone

CLIP = AudioClip(id="1", captions=("A quokka chitters",))


@pytest.fixture
def quokkas(tmp_path: Path) -> Path:
    path = tmp_path / "quokkas.yaml"
    path.write_text("sounds:\n  quokka:\n    is: wild animals\n    nouns: quokka\n    verbs: chitter\n")
    return path


def test_outside_a_context_the_shipped_one_is_in_force(quokkas: Path) -> None:
    with in_force(extended([quokkas])):
        assert "quokka" in default().sounds
    assert "quokka" not in default().sounds


def test_a_run_is_checked_by_its_recipe_s_taxonomy(tmp_path: Path, quokkas: Path) -> None:
    for name, response, ok in (("denied", "There is no quokka.", 0), ("heard", "A quokka chitters.", 1)):
        run = synthesize(
            [CLIP], out=tmp_path / name, tasks=["positive"], taxonomy=quokkas, draws=1, progress=False,
            backbone=ScriptedBackbone(lambda *_, response=response: response),
        )  # fmt: skip
        assert len(run.samples) == ok
    assert next(iter(run.samples)).present == ("quokka",)
    assert check_file(tmp_path / "heard")["passed"] == 1


def test_samples_made_elsewhere_are_too(tmp_path: Path, quokkas: Path) -> None:
    row = {
        "task": "negative",
        "prompt": "What is not heard?",
        "response": "No quokka is heard.",
        "captions": [*CLIP.captions],
    }
    samples = tmp_path / "samples.jsonl"
    samples.write_text(json.dumps(row))
    assert check_file(samples)["reasons"].keys().isdisjoint({"contradicted"})
    assert check_file(samples, taxonomy=[quokkas])["reasons"]["contradicted"] == 1


def test_so_are_the_checks_in_processes_of_their_own(quokkas: Path) -> None:
    item = Item(
        task="positive", clips=(CLIP,), prompt="What is heard?", response="There is no quokka.", finish_reason="stop"
    )

    async def main() -> set[str | None]:
        async with Judge({}, processes=1, taxonomy=[quokkas]) as judge:
            while not judge._ready:
                await asyncio.sleep(0.01)
            return {v.reason for v in (await judge(item)).wrong}

    assert "contradicted" in asyncio.run(asyncio.wait_for(main(), 120))
