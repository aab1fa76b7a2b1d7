"""Which outcomes a page shows: within its size, every stratum, drawn without favour, the same ones each time."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from balsa_data.report.selection import Selection, Stratum

STRATA = st.tuples(st.sampled_from("ab"), st.sampled_from(("sample", "rejection", "failure")), st.sampled_from("xyz"))


def chosen(offers: list[tuple[Stratum, int]], budget: int) -> tuple[Selection, list[str]]:
    selection = Selection(budget)
    for i, (stratum, size) in enumerate(offers):
        text = f"{'/'.join(stratum)}#{i}".ljust(size, ".")
        selection.offer(stratum, f"id-{i}", lambda text=text: text, ())
    return selection, [text for text, _ in selection]


@given(st.lists(st.tuples(STRATA, st.integers(20, 60)), max_size=200), st.integers(1000, 4000))
def test_stays_within_its_bytes_counts_all_and_shows_each_stratum(
    offers: list[tuple[Stratum, int]], budget: int
) -> None:
    selection, texts = chosen(offers, budget)
    assert sum(map(len, texts)) <= budget
    assert selection.counts == Counter(stratum for stratum, _ in offers)
    budget_fits_one_of_each = 60 * len(selection.counts) <= budget
    if budget_fits_one_of_each:
        assert {text.split("#")[0] for text in texts} == {"/".join(stratum) for stratum, _ in offers}
    assert texts == chosen(offers, budget)[1]


def test_shows_everything_that_fits_once() -> None:
    offers = [(("a", "sample", ""), 30)] * 40
    _, texts = chosen(offers, 40 * 30)
    assert sorted(texts) == sorted(f"a/sample/#{i}".ljust(30, ".") for i in range(40))


def test_shows_what_is_rare_whole_and_shares_the_rest() -> None:
    common, rare = ("a", "sample", ""), ("a", "rejection", "x")
    offers = [(common, 20)] * 5000 + [(rare, 20)] * 7
    _, texts = chosen(offers, 2000)
    kinds = Counter(text.split("/")[1] for text in texts)
    assert kinds == {"sample": 93, "rejection": 7}


def test_draws_early_and_late_ones_alike() -> None:
    _, texts = chosen([(("a", "sample", ""), 20)] * 20_000 + [(("b", "sample", ""), 20)] * 20_000, 20 * 1000)
    late = sum(int(text.split("#")[1].rstrip(".")) % 20_000 >= 10_000 for text in texts)
    assert 420 < late < 580  # 500 ± 5 standard deviations


def test_leaves_out_and_counts_what_would_fill_the_page() -> None:
    selection, texts = chosen([(("a", "sample", ""), 20), (("a", "sample", ""), 900)], 2000)
    assert len(texts) == 1
    assert selection.oversized == 1


def test_takes_turns_between_outcomes_and_tasks() -> None:
    offers = [((task, outcome, ""), 20) for outcome in ("failure", "rejection", "sample") for task in "ba"] * 2
    _, texts = chosen(offers, 2000)
    turns = [tuple(text.split("/")[:2]) for text in texts]
    expected = [(task, outcome) for outcome in ("sample", "rejection", "failure") for task in "ab"]
    assert turns == expected * 2
