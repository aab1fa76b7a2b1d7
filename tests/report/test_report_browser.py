"""The page in a real browser: headless Chromium, driven as a reader would, with every complaint of it collected."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from report_source import Run, TimedRun, run, tone
from test_report_page import HOSTILE, hostile

from balsa_data.report import render

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (pip install playwright)")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if not CHROMIUM:
    pytest.skip("there is no Chromium (apt-get install chromium)", allow_module_level=True)

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=root)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> TimedRun:
    folder = tmp_path_factory.mktemp("run")
    return run(folder, 400, [tone(folder / f"tone-{i}.wav", 200 + 50 * i, 0.5) for i in range(8)], planned=420)


@pytest.fixture
def visit(chromium: Any, tmp_path: Path) -> Iterator[Open]:
    """Render a run and open its page; in the end the page must have asked for nothing and complained of nothing."""
    trouble: list[str] = []
    contexts = []

    def opened(source: Run, *, audio: int = 48, **options: Any) -> Any:
        out = render(source, tmp_path / "report.html", audio=audio)
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda message: trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (trouble.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request", lambda request: trouble.append(f"request: {request.url[:80]}") if foreign(request.url) else None
        )
        page.goto(out.as_uri())
        return page

    def foreign(url: str) -> bool:
        return not url.startswith("data:") and url != (tmp_path / "report.html").as_uri()

    yield opened
    for context in contexts:
        context.close()
    assert not trouble


def until(page: Any, condition: str) -> None:
    """Wait for a condition; the page's policy forbids Playwright's own way, which evaluates in the page."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"not in 5 s: {condition}")


def shown(page: Any) -> list[dict[str, Any]]:
    """The entries that the filters leave, as the list would show them."""
    return page.evaluate("state.found.map((i) => data.entries[i])")


def test_says_what_became_of_the_run(visit: Open, source: TimedRun) -> None:
    page = visit(source)
    overview = page.locator("#overview").inner_text()
    assert f"{len(source.samples)} of 420 planned requests became samples; the run is not finished." in overview
    for kind, records in (("Accepted", source.samples), ("Rejected", source.rejections), ("Failed", source.failures)):
        assert f"{kind}\n{len(records)}" in overview
    assert page.locator("#outcome table").first.locator("tbody tr").count() == 5
    by_draw = page.locator("figure", has_text="By draw").locator("tbody tr").all_inner_texts()
    assert [int(row.split()[-1]) for row in by_draw] == page.evaluate("data.draws")
    assert {"Sounds", "Yes and no", "Response length", "Phrasings", "Tokens and cost", "Answers over time"} <= set(
        page.locator("figure h3").all_inner_texts()
    )


def test_filters_by_outcome_task_reason_sound_and_text(visit: Open, source: TimedRun) -> None:
    page = visit(source)
    assert len(shown(page)) == 400
    page.get_by_role("radio", name="Rejected").check(force=True)
    assert {e["outcome"] for e in shown(page)} == {"rejection"}
    assert len(shown(page)) == len(source.rejections)
    page.get_by_label("Reason", exact=True).select_option("truncated")
    assert {e["reason"] for e in shown(page)} == {"truncated"}
    page.get_by_role("button", name="Clear filters").click()
    assert len(shown(page)) == 400
    page.get_by_label("Task", exact=True).select_option("negative")
    assert {e["task"] for e in shown(page)} == {"negative"}
    page.get_by_label("Sound", exact=True).fill("siren")
    assert shown(page)
    assert all("siren" in (*e["present"], *e["absent"]) for e in shown(page))
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_label("Search", exact=True).fill("INDOORS room")
    assert shown(page)
    assert all("recorded indoors, in a small room" in str(e["attempts"]) for e in shown(page))
    assert page.locator(".detail mark.hit").first.inner_text().lower() in ("indoors", "room")
    page.get_by_label("Search", exact=True).fill("no such words")
    assert page.get_by_role("status").inner_text() == "Nothing in this page matches."
    assert page.locator(".row").count() == 0


def test_a_sampled_page_tells_the_runs_totals(visit: Open, tmp_path: Path) -> None:
    large = run(tmp_path, 900, [tone(tmp_path / "a.wav", 300)])
    page = visit(large)
    page.evaluate("data.entries.splice(50)")  # as though fewer had fitted
    page.get_by_role("radio", name="Accepted").check(force=True)
    here = len(shown(page))
    assert page.get_by_role("status").inner_text() == f"{here} in this page · {len(large.samples)} in the run"


def test_a_chart_leads_to_what_it_counts(visit: Open, source: TimedRun) -> None:
    page = visit(source)
    page.locator(".reasons button", has_text="metadata_talk").click()
    assert {e["reason"] for e in shown(page)} == {"metadata_talk"}
    page.locator(".butterfly").get_by_role("button", name="thunder").click()
    assert all("thunder" in (*e["present"], *e["absent"]) for e in shown(page))


def test_plays_one_recording_at_a_time(visit: Open, source: TimedRun) -> None:
    page = visit(source)
    page.get_by_label("Task", exact=True).select_option("difference")
    page.get_by_label("With audio").check()
    assert page.locator(".player audio").count() == 2
    until(page, "[...document.querySelectorAll('audio')].every((a) => a.duration > 0.4 && !a.error)")
    page.get_by_role("button", name="Play clip 1").click()
    until(page, "document.querySelectorAll('audio')[0].currentTime > 0.05")
    page.get_by_role("button", name="Play clip 2").click()
    until(page, "document.querySelectorAll('audio')[1].currentTime > 0.05")
    assert page.evaluate("document.querySelectorAll('audio')[0].paused")
    seek = page.get_by_label("Position in clip 1")
    seek.fill("0.3")
    assert page.evaluate("document.querySelectorAll('audio')[0].currentTime") == pytest.approx(0.3, abs=0.02)


def test_a_clip_without_its_recording_says_so(visit: Open, source: TimedRun) -> None:
    page = visit(source, audio=0)
    assert page.locator("audio").count() == 0
    assert ".wav is not in this page" in page.locator(".player").first.inner_text()
    assert page.get_by_label("With audio").count() == 0


def test_a_rejection_shows_each_draw_its_verdicts_and_where(visit: Open, source: TimedRun) -> None:
    page = visit(source)
    page.get_by_label("Reason", exact=True).select_option("claimed_absent")
    entry = shown(page)[0]
    last = entry["attempts"][-1]
    verdict = next(v for v in last["verdicts"] if not v["ok"])
    detail = page.locator("#detail")
    assert detail.locator(".attempt").first.locator(".response").inner_text() == last["text"]
    flagged = "".join(detail.locator(".attempt").first.locator("mark.flagged").all_inner_texts())
    assert flagged == last["text"][slice(*verdict["span"])]
    assert verdict["detail"] in detail.locator(".verdict.wrong").first.inner_text()
    detail.get_by_text("2 earlier draws").click()
    assert detail.locator(".attempt:visible").count() == 3


def test_goes_by_keyboard_alone(visit: Open, source: TimedRun) -> None:
    page = visit(source)
    at, focused = "state.at", "document.activeElement.id"
    page.keyboard.press("j")
    assert (page.evaluate(at), page.evaluate(focused)) == (1, "list")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("j")
    assert page.evaluate(at) == 2
    assert page.locator("#list").get_attribute("aria-activedescendant") == "row-2"
    assert page.locator("#row-2").get_attribute("aria-selected") == "true"
    page.keyboard.press("End")
    assert page.evaluate(at) == 399
    assert page.locator("#row-399").is_visible()
    page.keyboard.press("Home")
    page.keyboard.press("p")
    until(page, "!document.querySelector('audio').paused || document.querySelector('audio').currentTime > 0")
    page.keyboard.press("/")
    assert page.evaluate(focused) == "f-text"
    page.keyboard.type("jk/p")
    assert page.input_value("#f-text") == "jk/p"
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    assert page.evaluate(focused) == "list"
    page.keyboard.press("Enter")
    assert page.evaluate(focused) == "detail"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_every_control_has_a_name_and_ids_are_unique(visit: Open, source: TimedRun) -> None:
    page = visit(source)
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input, select, [tabindex]")].filter((node) =>
             !node.getAttribute("aria-label") && !node.labels?.length && !node.textContent.trim()).map((n) => n.outerHTML)"""
    )
    assert nameless == []
    assert page.evaluate(
        "(ids => ids.length === new Set(ids).size)([...document.querySelectorAll('[id]')].map((n) => n.id))"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_follows_the_systems_colours_until_told_otherwise(visit: Open, source: TimedRun, scheme: str) -> None:
    page = visit(source, color_scheme=scheme)
    lightness = "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]) > 128 ? 'light' : 'dark'"
    assert page.evaluate(lightness) == scheme
    page.get_by_role("button", name="Switch to").click()
    assert page.evaluate(lightness) != scheme


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_that_wcag_asks_for(visit: Open, source: TimedRun, scheme: str) -> None:
    page = visit(source, color_scheme=scheme)
    low = page.evaluate(
        """() => {
          const probe = document.body.appendChild(document.createElement("i"));
          const luminance = (name) => {
            probe.style.color = `var(--${name})`;
            const [r, g, b] = getComputedStyle(probe).color.match(/[\\d.]+/g).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
          return ["ink", "soft", "present", "absent", "sample", "rejection", "focus"].flatMap((name) =>
            ["paper", "card", "sunk"].map((ground) => [name, ground, ratio(name, ground)])).filter(([, , value]) => value < 4.5);
        }"""
    )
    assert low == []


@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_fits_its_window_and_no_text_is_cut_without_a_way_to_it(visit: Open, source: TimedRun, width: int) -> None:
    page = visit(source, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        """[...document.querySelectorAll("main *:not(.row *, .aside, .aside *, .scroll, .events *)")].filter((node) =>
             node.clientWidth && node.innerText?.trim() && getComputedStyle(node).overflowX !== "visible"
             && node.scrollWidth > node.clientWidth + 1).map((node) => node.outerHTML.slice(0, 80))"""
    )  # a row of the list is opened to be read; a wide table scrolls; an event has a title
    assert cut == []


def test_hostile_metadata_is_text(visit: Open, tmp_path: Path) -> None:
    page = visit(hostile(tmp_path), viewport={"width": 420, "height": 800})
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("#detail .response").first.inner_text() == HOSTILE
    assert page.locator("#detail .seed pre").text_content() == HOSTILE
    assert page.locator("script").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
    sources = page.evaluate(
        "[...document.querySelectorAll('[src], [href]')].map((n) => n.getAttribute('src') ?? n.getAttribute('href'))"
    )
    assert all(value.startswith(("#", "data:")) for value in sources)
    page.keyboard.press("j")
    assert "javascript:alert(1) is not in this page" in page.locator(".player .note").inner_text()


def test_only_draws_the_rows_in_view(visit: Open, source: TimedRun) -> None:
    page = visit(source)
    assert page.locator(".row").count() < 30
    assert page.locator(".rows").evaluate("(node) => node.clientHeight") == 400 * page.evaluate("ROW")
    assert page.locator("#row-0").evaluate("(node) => node.clientHeight + 1") == page.evaluate("ROW")
