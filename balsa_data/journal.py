"""What came back from the backbone, durably, once.

Every answer is on disk before it counts. Writes are gathered: whoever waits for one shares its transaction (and its
fsync) with all that arrived meanwhile. One process at a time holds a run; the lock dies with it, however it dies.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from balsa_data.errors import BalsaError, RunError
from balsa_data.schemas import Failure, Record, Rejection, Sample, Usage

__all__ = ["Answer", "Journal", "told_apart"]

Outcome = Sample | Rejection | Failure
KINDS: dict[str, type[Outcome]] = {"sample": Sample, "rejection": Rejection, "failure": Failure}
AT_ONCE = 4096  # positions read
MOST = 64  # rows written by one statement
JUDGING = {"checks", "draws", "judge", "taxonomy"}  # what may be another where all answers are judged again
SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (request TEXT, attempt INTEGER, time REAL, text TEXT, finish_reason TEXT, requests INTEGER,
    prompt_tokens INTEGER, completion_tokens INTEGER, cost REAL, asked TEXT, PRIMARY KEY (request, attempt)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes (position INTEGER PRIMARY KEY, request TEXT UNIQUE, kind TEXT, task TEXT, reason TEXT, json TEXT);
CREATE INDEX IF NOT EXISTS outcomes_by_kind ON outcomes (kind, position);
CREATE INDEX IF NOT EXISTS outcomes_counted ON outcomes (kind, task, reason);
"""
ROWS = "%s"  # stands for them in a statement
# What failed is replaced, and what answers other words. Where two engines were asked for the same, the first answer stays and
# both are counted; the same answer once more, from a batch that is fetched again, changes nothing.
_NEW = "answers.text IS NULL OR (answers.asked IS NOT excluded.asked AND excluded.text IS NOT NULL)"
_SUM = "{0} = iif(answers.text IS NULL, excluded.{0}, answers.{0} + excluded.{0})"
ANSWERED = f"""
INSERT INTO answers VALUES {ROWS} ON CONFLICT (request, attempt) DO UPDATE SET
    {", ".join(_SUM.format(name) for name in ("requests", "prompt_tokens", "completion_tokens", "cost"))},
    {", ".join(f"{name} = iif({_NEW}, excluded.{name}, answers.{name})" for name in ("time", "finish_reason", "text", "asked"))}
WHERE answers.text IS NOT excluded.text OR answers.asked IS NOT excluded.asked OR answers.text IS NULL
"""


class Answer(Record):
    """What one request brought: a text, or None where the backbone never gave one; `usage` counts retries.

    `asked` tells to which messages (`told_apart`): a request of the same id may be put into other words by another version
    of the library or its taxonomy, and an answer to those is none.
    """

    text: str | None
    finish_reason: str | None = None
    usage: Usage = Usage()
    asked: str | None = None


def told_apart(messages: list[dict[str, str]]) -> str:
    """Return what tells messages from any others."""
    return hashlib.blake2b(json.dumps(messages).encode(), digest_size=8).hexdigest()


class Journal:
    """The answers and outcomes of one run directory.

    Args:
        folder: Made if it is not there.
        writing: Take the lock; without it the journal can be read only, also while another process writes.

    Raises:
        RunError: Another process writes to this run, or the folder or its file cannot be used.
    """

    def __init__(self, folder: Path, *, writing: bool = True) -> None:
        self.folder = folder
        self._lock: int | None = None
        self._waiting: list[tuple[str, tuple[Any, ...], asyncio.Future[None]]] = []
        self._guard = threading.Lock()
        try:
            if writing:
                folder.mkdir(parents=True, exist_ok=True)
                self._take_lock()
            elif not (folder / "journal.db").exists():
                within = next((f"{found.parent}, which is one" for found in sorted(folder.glob("*/journal.db"))), None)
                raise RunError(
                    f"{folder} is not a run, it has no journal.db: give "
                    f"{within or 'a folder that `balsa synthesize` wrote'}"
                )
            torn = writing and self._torn()
            self._db = self._connect()
            if torn or (writing and self._unclean and self._db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",)):
                raise self._damaged("it was cut short")
            if writing:
                self._db.executescript("PRAGMA journal_mode=WAL;" + SCHEMA)
                if "asked" not in {column for _, column, *_ in self._db.execute("PRAGMA table_info(answers)")}:
                    self._db.execute("ALTER TABLE answers ADD COLUMN asked TEXT")  # a run from before there was one
                self._out = self._connect()  # the writer thread's own: readers see whole transactions only
        except (sqlite3.DatabaseError, OSError) as error:
            self._let_go()
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                raise self._damaged(str(error)) from None
            raise RunError(f"cannot use the run directory {folder}: {error}") from None
        except RunError:
            self._let_go()
            raise
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    def _torn(self) -> bool:
        """Whether the file is shorter than it says; after a crash its log may hold the rest, and all must be looked at."""
        path = self.folder / "journal.db"
        log = path.with_name("journal.db-wal")
        self._unclean = log.exists() and log.stat().st_size > 0
        if self._unclean or not path.exists() or not path.stat().st_size:
            return False
        with path.open("rb") as file:
            head = file.read(100)
        page = int.from_bytes(head[16:18]) or 1
        return len(head) < 100 or path.stat().st_size < (65536 if page == 1 else page) * int.from_bytes(head[28:32])

    def _damaged(self, how: str) -> RunError:
        return RunError(
            f"{self.folder / 'journal.db'} is damaged ({how}): put a copy of it back, or give another `out` to begin anew"
        )

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        try:
            for row in self._db.execute(query, values):  # noqa: UP028 (`yield from` would close the cursor after the file)
                yield row
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from None

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.folder / "journal.db", isolation_level=None, check_same_thread=False, timeout=60)
        db.execute("PRAGMA synchronous=FULL")
        return db

    def _take_lock(self) -> None:
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._lock, 32).decode() or "unknown"
            raise RunError(
                f"{self.folder} is in use by process {owner}: wait for it, or stop it, or give another `out`"
            ) from None
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    # -- what the run is -------------------------------------------------------------------------------------------

    def settle(self, identity: dict[str, Any], *, judge_again: bool = False) -> None:
        """Remember what the run is made of, or make sure that it is the same as before.

        Args:
            identity: What it is made of.
            judge_again: Whether how answers are judged may be another: every outcome is forgotten then.

        Raises:
            RunError: It differs; the message names what.
        """
        known = self.fact("identity")
        if known is None:
            self.keep("identity", identity)
            return
        differing = {k for k in {*known, *identity} if known.get(k) != identity.get(k)}
        if differing - JUDGING or (differing and not judge_again):
            told = "; ".join(f"{k} was {known.get(k)!r}, is {identity.get(k)!r}" for k in sorted(differing))
            hint = "give another `out`, or the former values to continue"
            if differing <= JUDGING:
                hint += ", or have all answers judged again (--judge-again)"
            raise RunError(f"{self.folder} was made otherwise ({told}): {hint}")
        if judge_again:
            with self._db:  # either of the two alone would be a run that mixes judgements
                self._db.execute("BEGIN")
                self._db.execute("DELETE FROM outcomes")
                self.forget("planned")
                self.keep("identity", identity)

    def fact(self, name: str) -> Any:
        """Return a fact of the run; None where it is not known."""
        row = next(self._rows("SELECT value FROM facts WHERE name = ?", (name,)), None)
        return None if row is None else json.loads(row[0])

    def keep(self, name: str, value: Any) -> None:
        """Keep a fact of the run."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    def forget(self, name: str) -> None:
        """Drop a fact of the run."""
        self._db.execute("DELETE FROM facts WHERE name = ?", (name,))

    # -- writing ---------------------------------------------------------------------------------------------------

    async def answered(self, request: str, attempt: int, answer: Answer) -> None:
        """Write an answer; it is on disk when this returns."""
        usage = answer.usage
        row = (request, attempt, time.time(), answer.text, answer.finish_reason, usage.requests,
               usage.prompt_tokens, usage.completion_tokens, usage.cost, answer.asked)  # fmt: skip
        await self._write(ANSWERED, row)

    async def settled(self, position: int, outcome: Outcome) -> None:
        """Write what became of a request; it is on disk when this returns."""
        reason = None if isinstance(outcome, Sample) else outcome.reason
        text = outcome.model_dump_json(exclude_defaults=True)
        row = (position, outcome.id, outcome.outcome, outcome.task, reason, text)
        await self._write(f"INSERT OR IGNORE INTO outcomes VALUES {ROWS}", row)

    async def _write(self, statement: str, row: tuple[Any, ...]) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._guard:
            self._waiting.append((statement, row, done))
            first = len(self._waiting) == 1
        if first:
            self._writer.submit(self._flush)
        await done  # a waiter that is cancelled does not undo its write

    def _flush(self) -> None:
        with self._guard:
            batch, self._waiting = self._waiting, []
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for statement, row, _ in batch:
            rows.setdefault(statement, []).append(row)
        reason: BalsaError | None = None
        try:
            self._out.execute("BEGIN")
            for statement, some in rows.items():
                for n in _powers(len(some)):  # a step a row would have to take the interpreter from the loop for each
                    self._out.execute(statement % _values(n, len(some[0])), list(chain.from_iterable(some[:n])))
                    some = some[n:]
            self._out.execute("COMMIT")
        except Exception as error:  # whatever it is, nobody may wait for it forever
            if self._out.in_transaction:
                self._out.execute("ROLLBACK")
            reason = BalsaError(
                f"cannot write to {self.folder / 'journal.db'}: {error}; free the disk or mend the folder, then run again to continue"
            )
        for loop in {done.get_loop() for *_, done in batch}:
            with suppress(RuntimeError):  # a loop that is closed has nobody waiting
                loop.call_soon_threadsafe(_tell, [done for *_, done in batch if done.get_loop() is loop], reason)

    def forget_failures(self) -> None:
        """Let the requests that failed be asked again."""
        self._db.execute("DELETE FROM outcomes WHERE kind = 'failure'")
        self.forget("planned")

    # -- reading ---------------------------------------------------------------------------------------------------

    def settled_positions(self, first: int = 0, last: int = 2**62) -> Iterator[int]:
        """Yield the positions of the requests with an outcome, in order.

        Some at a time: a reader that stays open while a run is written keeps its log from ever being emptied.
        """
        query = "SELECT position FROM outcomes WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ?"
        while some := [position for (position,) in self._rows(query, (first, last, AT_ONCE))]:
            yield from some
            first = some[-1] + 1

    def known(self, request: str) -> dict[int, Answer]:
        """Return the answers that a request without an outcome has already, by draw: paid for before the process ended."""
        query = (
            "SELECT attempt, text, finish_reason, requests, prompt_tokens, completion_tokens, cost, asked FROM answers "
            "WHERE request = ? AND text IS NOT NULL"
        )
        return {
            attempt: Answer(text=text, finish_reason=reason, usage=_usage(*usage), asked=asked)
            for attempt, text, reason, *usage, asked in self._rows(query, (request,))
        }

    def outcomes(self, kind: str) -> Iterator[Outcome]:
        """Yield the outcomes of one kind in the order of the plan."""
        for (text,) in self._rows("SELECT json FROM outcomes WHERE kind = ? ORDER BY position", (kind,)):
            yield KINDS[kind].model_validate_json(text)

    def outcome(self, kind: str, index: int) -> Outcome:
        """Return one outcome of one kind by its place among them."""
        query = "SELECT json FROM outcomes WHERE kind = ? ORDER BY position LIMIT 1 OFFSET ?"
        row = next(self._rows(query, (kind, index)), None)
        if row is None:
            raise IndexError(index)
        return KINDS[kind].model_validate_json(row[0])

    @property
    def blank(self) -> bool:
        """Whether nothing was ever answered, nor handed in as a file that may be."""
        query = "SELECT EXISTS (SELECT 1 FROM answers WHERE text IS NOT NULL) OR EXISTS (SELECT 1 FROM outcomes)"
        return not next(self._rows(query))[0] and not self.fact("batches")

    def counts(self) -> list[tuple[str, str, str | None, int]]:
        """Return (kind, task, reason, how many) for all outcomes."""
        return list(
            self._rows("SELECT kind, task, reason, count(*) FROM outcomes GROUP BY 1, 2, 3 ORDER BY 1, 2, 4 DESC")
        )

    def usage(self) -> Usage:
        """Return what all answers took, failed requests included."""
        query = (
            "SELECT coalesce(sum(requests), 0), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), "
            "CASE WHEN count(*) = count(cost) THEN coalesce(sum(cost), 0.0) END FROM answers"
        )
        return _usage(*next(self._rows(query))) + Usage(requests=self.fact("unanswered") or 0)

    def timeline(self) -> Iterator[tuple[float, str]]:
        """Yield when each answer came (seconds since 1970) and what became of its request, in the order of time."""
        query = "SELECT time, coalesce(kind, 'pending') FROM answers LEFT JOIN outcomes USING (request) ORDER BY time"
        yield from self._rows(query)

    def close(self) -> None:
        """Write what is left and let go of the run; again does nothing."""
        self._writer.shutdown(wait=True)
        self._db.close()
        if self._lock is not None:
            self._out.close()
        self._let_go()


def _tell(waiting: list[asyncio.Future[None]], reason: BalsaError | None) -> None:
    for done in waiting:
        if not done.done():
            done.set_exception(reason) if reason else done.set_result(None)


def _usage(requests: int, prompt_tokens: int, completion_tokens: int, cost: float | None) -> Usage:
    return Usage(requests=requests, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens, cost=cost)


def _powers(number: int) -> Iterator[int]:
    """Yield powers of two that add up to a number, so that few statements do for all numbers of rows."""
    while number:
        yield (n := 1 << min(number, MOST).bit_length() - 1)
        number -= n


def _values(rows: int, columns: int) -> str:
    return ", ".join([f"({', '.join('?' * columns)})"] * rows)
