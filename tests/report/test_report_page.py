"""The file itself: one, whole, within its size, the same each time, and closed to what metadata brings."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from report_source import Records, Run, outcome_at, run, tone

from balsa_data.errors import InputError
from balsa_data.report import render
from balsa_data.schemas import Sample


def data_of(page: str) -> dict:
    return json.loads(page.split('<script type="application/json" id="data">', 1)[1].split("</script>", 1)[0])


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    source = run(tmp_path, 120, [tone(tmp_path / f"{i}.wav", 300 + i) for i in range(3)])
    one, two = render(source, tmp_path / "deep" / "one.html"), render(source, tmp_path / "two.html")
    assert one.read_bytes() == two.read_bytes()
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["two.html"]


def test_stays_within_its_size_with_exact_totals(tmp_path: Path) -> None:
    source = run(tmp_path, 1500, [tone(tmp_path / "a.wav", 300)])
    out = render(source, tmp_path / "r.html", limit_mb=1, audio=0)
    assert 700_000 < out.stat().st_size <= 1_000_000
    data = data_of(out.read_text())
    assert data["counts"] == {
        "sample": len(source.samples),
        "rejection": len(source.rejections),
        "failure": len(source.failures),
    }
    assert sum(n for *_, n in data["strata"]) == 1500 > len(data["entries"])
    assert {(e["task"], e["outcome"], e["reason"]) for e in data["entries"]} == {tuple(s[:3]) for s in data["strata"]}


def test_a_limit_without_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"limit_mb is 0\.1, too small for a report: give at least 0\.5"):
        render(run(tmp_path, 1, [tone(tmp_path / "a.wav", 300)]), tmp_path / "r.html", limit_mb=0.1)


def test_clips_and_recordings_are_held_once(tmp_path: Path) -> None:
    source = run(tmp_path, 60, [tone(tmp_path / f"{i}.wav", 300 + i) for i in range(3)])
    data = data_of(render(source, tmp_path / "r.html", audio=2).read_text())
    assert len(data["clips"]) == 3
    assert data["inlined"] == sum("uri" in clip for clip in data["clips"]) == 2


def test_an_empty_run_has_a_report(tmp_path: Path) -> None:
    nothing = Records(0, lambda: iter(()))
    out = render(Run(tmp_path, nothing, nothing, nothing, planned=10), tmp_path / "r.html")
    assert data_of(out.read_text())["counts"] == {"sample": 0, "rejection": 0, "failure": 0}


HOSTILE = "</script><!--<script>alert(1)</script>\u2028'\"&`${1}{{ 7*7 }}javascript:alert(1)"


def hostile(folder: Path) -> Run:
    """A run with markup in everything that is text."""
    clip = tone(folder / "a.wav", 300).model_copy(update={"id": HOSTILE, "license": HOSTILE, "dataset": HOSTILE})
    path = clip.model_copy(update={"audio": "javascript:alert(1)//" + HOSTILE})
    found = next(o for i in range(999) if isinstance(o := outcome_at(i, [clip]), Sample))
    change = {"earlier": (), "task": HOSTILE, "prompt": HOSTILE, "response": HOSTILE, "seed_description": HOSTILE}
    samples = [
        found.model_copy(
            update={**change, "id": f"{i}{HOSTILE}", "clips": (c,), "present": (HOSTILE,), "absent": (HOSTILE,)}
        )
        for i, c in enumerate((clip, path))
    ]
    recipe = {"name": HOSTILE, "backbone": {"model": HOSTILE}, HOSTILE: HOSTILE}
    none = Records(0, lambda: iter(()))
    return Run(folder, Records(2, lambda: iter(samples)), none, none, planned=2, recipe=recipe)


def test_metadata_cannot_end_the_script_it_is_in(tmp_path: Path) -> None:
    page = render(hostile(tmp_path), tmp_path / "r.html").read_text()
    assert len(re.findall(r"<script", page)) == len(re.findall(r"</script", page)) == 2
    assert "<!--" not in page
    assert "\u2028" not in page.split('id="data">', 1)[1]
    data = data_of(page)
    assert {e["prompt"] for e in data["entries"]} == {HOSTILE}
    assert {e["attempts"][-1]["text"] for e in data["entries"]} == {HOSTILE}


def test_only_the_pages_own_script_and_style_may_act(tmp_path: Path) -> None:
    page = render(hostile(tmp_path), tmp_path / "r.html").read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    rules = policy[1].replace("&#39;", "'").split("; ")
    style = page.split("<style>", 1)[1].split("</style>", 1)[0]
    script = page.split("<script>", 1)[1].split("</script>", 1)[0]
    for rule, text in (("style-src", style), ("script-src", script)):
        assert f"{rule} 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in rules
    assert rules[0] == "default-src 'none'"
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)


def test_keys_in_the_recipe_are_redacted(tmp_path: Path) -> None:
    source = run(tmp_path, 3, [tone(tmp_path / "a.wav", 300)])
    source.recipe["backbone"] |= {"extra_headers": {"Authorization": "Bearer abc123"}, "max_tokens": 400}
    page = render(source, tmp_path / "r.html").read_text()
    assert "verysecret" not in page
    assert "abc123" not in page
    assert "max_tokens: 400" in data_of(page)["recipe"]


@pytest.mark.parametrize("there", [True, False])
def test_sounds_are_marked_by_the_recipes_own_taxonomy(there: bool, tmp_path: Path) -> None:
    own = tmp_path / "project/own.yaml"
    if there:
        own.parent.mkdir()
        own.write_text("sounds:\n  theremin:\n    is: musical instrument\n    nouns: etherphone\n")
    clips = [tone(tmp_path / "a.wav", 300)]
    made = next(o for i in range(99) if isinstance(o := outcome_at(i, clips), Sample)).model_copy(
        update={"response": "An etherphone plays.", "present": ("theremin",), "absent": (), "earlier": ()}
    )
    nothing = Records(0, lambda: iter(()))
    source = Run(tmp_path / "project/runs/one", Records(1, lambda: iter([made])), nothing, nothing, planned=1)
    source.recipe["taxonomy"] = ["own.yaml"]  # from where the run was made
    data = data_of(render(source, tmp_path / "r.html").read_text())
    marks = data["entries"][0]["attempts"][0]["marks"]
    assert marks == ([[3, 13, "present", "theremin"]] if there else [])
    assert ("own.yaml is not there" in data["note"]) != there
