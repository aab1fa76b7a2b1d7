"""The committed dataset is what its recipe makes, its card says, and its users need; `make dataset` makes it."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from balsa_data.checks import Item, judge, selected
from balsa_data.clipstore import ClipStore
from balsa_data.dataset import load_rows, verify
from balsa_data.demo import RECORDINGS
from balsa_data.exports import export, formats
from balsa_data.planning import Request, lay_out
from balsa_data.prompting import Prompts
from balsa_data.recipe import Recipe
from balsa_data.tasks import TASKS

MINI = Path(__file__).parents[1] / "data" / "balsa-mini"
LARGEST = 5_000_000  # bytes of Parquet
ENOUGH = 6_000  # samples

pytestmark = pytest.mark.skipif(not MINI.exists(), reason="data/balsa-mini is not made yet: make dataset")


def recordings(parts: Path, folder: Path) -> Path:
    """The demo's listing, as `gather` writes it; the recordings are among the real parts."""
    rows = []
    for name, label in RECORDINGS.items():
        plain = name.replace("/", "-")
        source = next(parts.glob(f"sounds/stamps-{plain}.*"), None)
        if source is not None:
            shutil.copy(source, folder / (plain + source.suffix))
            rows.append({"id": plain, "audio": plain + source.suffix, "label": label, "license": "GPL-2.0"})
    listing = folder / "clips.jsonl"
    listing.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return listing


def planned(parts: Path, folder: Path, environment: pytest.MonkeyPatch) -> dict[str, Request]:
    environment.setenv("BALSA_PARTS", str(parts))
    environment.setenv("BALSA_DEMO_CLIPS", str(recordings(parts, folder)))
    recipe, store = Recipe.load("balsa-mini"), ClipStore(folder)
    try:
        return {request.id: request for request in lay_out(recipe, store, Prompts(recipe.prompts))}
    finally:
        store.close()


def rows() -> list[Mapping[str, Any]]:
    return [row for _, row in load_rows(MINI)]


def test_it_is_small_and_has_something_of_everything() -> None:
    made, found = verify(MINI), rows()
    assert sum(path.stat().st_size for path in MINI.rglob("*.parquet")) < LARGEST
    assert len(found) == made.total >= ENOUGH
    assert {row["task"] for row in found} == set(TASKS.names())
    assert {row["provenance"]["strategy"] for row in found} >= {"random", "popular", "adversarial"}
    assert {row["provenance"]["guided"] for row in found} == {True, False}
    assert {len(row["clip_ids"]) for row in found} == {1, 2, 3}
    spoken = Counter("spoken-prompts" in (row["dataset"] or "") for row in found)
    assert min(spoken[True], spoken[False]) > 100
    assert all(audio["bytes"] is None for row in found for audio in row["audios"] if audio)


def test_the_card_counts_what_is_there() -> None:
    card, made = (MINI / "README.md").read_text("utf-8"), verify(MINI)
    assert f"{made.total:,} samples for training" in card
    for task, splits in made.samples.items():
        row = re.search(rf"^\| {re.escape(task)}.*? \| ([\d,]+) \| ([\d,]+) \|", card.replace("\\", ""), re.MULTILINE)
        assert row
        assert [int(n.replace(",", "")) for n in row.groups()] == [splits.get("train", 0), splits.get("test", 0)]
    assert "read by hand" in card
    assert "not for training a model that is to be used" in card


@pytest.mark.parts
def test_every_row_is_of_the_recipes_plan_and_passes_every_check(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, checks = planned(parts, tmp_path, monkeypatch), selected(Recipe.load("balsa-mini").checks)
    wrong = {}
    for row in rows():
        request = plan[row["id"]]  # KeyError: the recipe yields another plan than it did
        assert [clip.id for clip in request.clips] == row["clip_ids"]
        item = Item(
            row["task"], request.clips, row["prompt"], row["response"], tuple(row["present"]), tuple(row["absent"])
        )
        if bad := [verdict.detail for verdict in judge(item, checks) if not verdict.ok]:
            wrong[row["id"]] = bad
    assert not wrong


def test_pairs_and_questions_are_configs_that_load_and_stream() -> None:
    made = verify(MINI)
    for config in ("preference", "hallucination_eval"):
        for split, count in made.others[config].items():
            assert load_dataset(str(MINI), config, split=split, streaming=True).info is not None
            assert sum(1 for _ in load_dataset(str(MINI), config, split=split, streaming=True).decode(False)) == count


@pytest.mark.parts
def test_with_the_recordings_at_hand_it_exports_to_every_format_and_trains_a_step(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its few hundred spoken prompts a handful, so that it takes seconds."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "train")
    from tiny import random_parts

    from balsa_data.train import TrainConfig, train
    from balsa_data.train.config import Stage

    datasets.config.HF_DATASETS_CACHE = tmp_path / "cache"
    few = tmp_path / "few"
    shutil.copytree(MINI, few)
    for path in few.glob("data/*/*.parquet"):
        table = pq.read_table(path)
        spoken = table.filter(pc.equal(table["dataset"], "spoken-prompts")).slice(0, 4)
        path.unlink()
        if len(spoken):
            pq.write_table(spoken, path)
    root = tmp_path / "audio"
    root.mkdir()
    (root / "spoken-prompts").symlink_to(parts / "speech")
    for name in formats():
        assert export(few, name, tmp_path / name, join=0.1, audio_root=root).clips > 0
    random_parts(tmp_path / "models")
    config = TrainConfig(
        dataset=str(few), out=str(tmp_path / "model"), backbone=str(tmp_path / "models/backbone"), any_backbone=True,
        encoder=str(tmp_path / "models/encoder"), stages=(Stage(steps=1),), audio_root=str(root), precision="fp32", warmup=0,
    )  # fmt: skip
    assert (train(config, say=lambda _: None) / "provenance.json").exists()
