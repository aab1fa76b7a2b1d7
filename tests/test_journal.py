"""The journal and the clip store: written once, durably, and read back in order."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from balsa_data.clipstore import ClipStore
from balsa_data.errors import BalsaError, CorpusError, RunError
from balsa_data.journal import Answer, Journal
from balsa_data.schemas import AudioClip, Usage
from tests.sources import clip, sample


@pytest.mark.parametrize("number", [1, 50, 64, 133])
def test_what_returns_is_on_disk(tmp_path: Path, number: int) -> None:
    journal = Journal(tmp_path)

    async def write() -> None:
        answers = (
            journal.answered(f"r{i}", 0, Answer(text=f"t{i}", usage=Usage(requests=2, cost=0.5))) for i in range(number)
        )
        await asyncio.gather(*answers)
        other = sqlite3.connect(tmp_path / "journal.db")
        assert set(other.execute("SELECT request, text FROM answers")) == {(f"r{i}", f"t{i}") for i in range(number)}
        other.close()

    asyncio.run(write())
    assert journal.usage() == Usage(requests=2 * number, cost=number / 2)
    journal.close()


def test_who_reads_what_is_settled_lets_the_log_be_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settled here and there, as by a calibration run: they are read through to the end while the rest is written."""
    monkeypatch.setattr("balsa_data.journal.AT_ONCE", 3)
    journal = Journal(tmp_path)

    def settle(positions: Iterable[int]) -> None:
        async def write() -> None:
            await asyncio.gather(*(journal.settled(i, sample(f"r{i}", [clip("c", "c.wav")])) for i in positions))

        asyncio.run(write())

    settle(range(0, 40, 4))
    read, seen = journal.settled_positions(), []
    for position in read:
        seen.append(position)
        settle([position - 1] if position else [])  # what is asked lies before what is read next
        with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
            busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy
    assert seen == list(range(0, 40, 4))
    assert list(journal.settled_positions(5, 12)) == [7, 8, 11, 12]
    journal.close()


def test_an_unpriced_answer_makes_the_cost_unknown(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    asyncio.run(journal.answered("a", 0, Answer(text="t", usage=Usage(requests=1, cost=0.5))))
    asyncio.run(journal.answered("b", 0, Answer(text="t", usage=Usage(requests=1, cost=None))))
    assert journal.usage().cost is None
    journal.close()


def test_a_write_that_is_no_longer_waited_for_is_still_made(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    async def impatient() -> None:
        task = asyncio.create_task(journal.answered("a", 0, Answer(text="t")))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(impatient())
    journal.close()
    assert list(Journal(tmp_path, writing=False).known("a")) == [0]


def test_a_folder_that_cannot_be_written_or_is_no_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot use the run directory"):
        Journal(tmp_path / "file" / "run")
    with pytest.raises(RunError, match=r"is not a run, it has no journal\.db"):
        Journal(tmp_path, writing=False)
    Journal(tmp_path / "run").close()
    with pytest.raises(RunError, match=r"give .*run, which is one"):
        Journal(tmp_path, writing=False)


def test_a_disk_that_refuses_is_told_and_what_was_written_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    asyncio.run(journal.answered("a", 0, Answer(text="t")))
    journal._out.execute("PRAGMA max_page_count = 1")  # as full as a disk can be
    with pytest.raises(BalsaError, match=r"cannot write to .*journal\.db.*run again to continue"):
        asyncio.run(journal.answered("b", 0, Answer(text="t" * 100_000)))
    journal.close()
    assert list(Journal(tmp_path, writing=False).known("a")) == [0]


def test_of_two_answers_to_the_same_the_first_stays_and_both_are_counted(tmp_path: Path) -> None:
    def answer(text: str | None, requests: int) -> Answer:
        tokens = 0 if text is None else 10
        return Answer(
            text=text, finish_reason="stop", usage=Usage(requests=requests, completion_tokens=tokens, cost=tokens)
        )

    journal = Journal(tmp_path)
    story = [(None, 1), (None, 2), ("first", 3), ("first", 3), ("second", 1), (None, 6)]
    known = []
    for text, requests in story:
        asyncio.run(journal.answered("a", 0, answer(text, requests)))
        known.append((journal.usage().requests, journal.usage().cost, [a.text for a in journal.known("a").values()]))
    journal.close()
    assert known == [
        (1, 0, []), (2, 0, []), (3, 10, ["first"]), (3, 10, ["first"]), (4, 20, ["first"]), (10, 20, ["first"]),
    ]  # fmt: skip


def test_many_written_at_once_are_as_if_written_one_by_one(tmp_path: Path) -> None:
    """Rows share a transaction: none is lost, and of two to the same the first stays there as well."""
    rows = [
        (f"r{i % 140}", Answer(text=f"text {i}" if i % 7 else None, usage=Usage(requests=1 + i))) for i in range(201)
    ]

    async def write(journal: Journal, *, at_once: bool) -> None:
        for some in [rows] if at_once else [[row] for row in rows]:
            await asyncio.gather(*(journal.answered(request, 0, answer) for request, answer in some))

    def told(folder: Path, *, at_once: bool) -> tuple[Usage, list[dict[int, Answer]]]:
        journal = Journal(folder)
        asyncio.run(write(journal, at_once=at_once))
        journal.close()
        read = Journal(folder, writing=False)
        return read.usage(), [read.known(request) for request, _ in rows]

    assert told(tmp_path / "a", at_once=True) == told(tmp_path / "b", at_once=False)


def clips(n: int) -> list[AudioClip]:
    return [AudioClip(id=f"c{i}", captions=[f"Sound {i}."]) for i in range(n)]


def nothing(_: AudioClip) -> frozenset[str]:
    return frozenset()


def test_clips_come_back_in_order_and_by_position(tmp_path: Path) -> None:
    store = ClipStore(tmp_path)
    store.fill(iter(clips(5000)), lambda clip: frozenset({clip.id}))
    assert len(store) == 5000
    assert store.complete
    assert [clip.id for clip, _ in store] == [f"c{i}" for i in range(5000)]
    assert store[4321] == (clips(5000)[4321], frozenset({"c4321"}))


def test_a_corpus_that_breaks_off_is_read_anew(tmp_path: Path) -> None:
    def broken() -> object:
        yield from clips(4000)
        raise CorpusError("line 4001 is wrong")

    store = ClipStore(tmp_path)
    with pytest.raises(CorpusError):
        store.fill(broken(), nothing)  # type: ignore[arg-type]  # a generator of clips
    assert not store.complete
    store.fill(clips(3), nothing)
    assert len(store) == 3


def test_the_same_clips_continue_and_others_are_refused(tmp_path: Path) -> None:
    ClipStore(tmp_path).fill(clips(10), nothing)
    ClipStore(tmp_path).fill(clips(10), nothing)
    with pytest.raises(RunError, match="made with other clips"):
        ClipStore(tmp_path).fill(clips(9), nothing)


def test_clips_at_hand_are_what_was_taken_in(tmp_path: Path) -> None:
    given = [AudioClip(id=f"c{i}", captions=[f"Sound {i}."], dataset=f"d{i % 2}", recording=f"r{i}") for i in range(9)]
    store = ClipStore(tmp_path)
    store.fill(given, lambda clip: frozenset({clip.id}), lambda clip: frozenset({"rain"} if clip.id == "c4" else ()))
    found = store.many([7, 4, 5])
    assert [one.clip for one in found] == [given[7], given[4], given[5]]
    assert [(one.recording, one.dataset) for one in found] == [("r7", "d1"), ("r4", "d0"), ("r5", "d1")]
    assert [one.heard for one in found] == [{"c7"}, {"c4"}, {"c5"}]
    assert [one.doubted for one in found] == [set(), {"rain"}, set()]


def test_clips_that_another_version_took_in_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "clips.db") as made:
        made.execute("CREATE TABLE clips (position INTEGER PRIMARY KEY, id TEXT, json TEXT, heard TEXT)")
    made.close()
    with pytest.raises(RunError, match="made by another version of balsa-data: give another `out`"):
        ClipStore(tmp_path)


def test_a_repeated_id_is_named_wherever_it_stands(tmp_path: Path) -> None:
    for name, corpus in {"near": [*clips(3), *clips(1)], "far": [*clips(4500), *clips(2)]}.items():
        (tmp_path / name).mkdir()
        with pytest.raises(CorpusError, match="clip id 'c0' stands twice"):
            ClipStore(tmp_path / name).fill(corpus, nothing)


def test_answers_of_a_run_from_before_they_told_what_they_answer_are_still_known(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    asyncio.run(journal.answered("a", 0, Answer(text="t")))
    journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as db:
        db.execute("ALTER TABLE answers DROP COLUMN asked")
    journal = Journal(tmp_path)
    asyncio.run(journal.answered("b", 0, Answer(text="u", asked="words")))
    assert [journal.known(name)[0].asked for name in ("a", "b")] == [None, "words"]
    journal.close()
