"""The clips of a run, on disk: read once, checked once, then reached by position or in order without holding them.

The store freezes a corpus into the run: continuing a run does not read the corpus again, and what was planned over can
be reported and exported when the corpus is long gone. Audio bytes go to files beside it, named by their hash.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from balsa_data.errors import CorpusError, RunError
from balsa_data.schemas import AudioClip
from balsa_data.stated import Words

__all__ = ["ClipStore", "Stored"]

_CLIPS = TypeAdapter(AudioClip)  # writes a clip in half the time that the clip itself does
BATCH = 2000
COLUMNS = 7
NONE = frozenset[str]()
SCHEMA = """
CREATE TABLE IF NOT EXISTS clips (
    position INTEGER PRIMARY KEY, id TEXT UNIQUE, json TEXT NOT NULL,
    recording TEXT, dataset TEXT, heard TEXT NOT NULL, doubted TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Stored(NamedTuple):
    """A clip as it lies in the store: read when it is asked for, so that thousands can be at hand."""

    id: str
    text: str
    recording: str | None
    dataset: str | None
    heard: frozenset[str]
    doubted: frozenset[str] = NONE

    @property
    def clip(self) -> AudioClip:
        """The clip itself."""
        return _clip(self.text)

    @property
    def words(self) -> Words:
        """What its metadata says: less than half the work of making the clip."""
        return Words.of(from_json(self.text))


class ClipStore:
    """Clips by position, with the sounds heard in each.

    Args:
        folder: The run's folder, which must exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._db = sqlite3.connect(folder / "clips.db", isolation_level=None, check_same_thread=False)
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
        except sqlite3.Error as error:
            raise RunError(f"cannot open {folder / 'clips.db'}: {error}") from None
        if len(self._db.execute("PRAGMA table_info(clips)").fetchall()) != COLUMNS:
            raise RunError(f"{folder} was made by another version of balsa-data: give another `out`")

    @property
    def complete(self) -> bool:
        """Whether the whole corpus is in."""
        return self.fact("digest") is not None

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM clips").fetchone()[0])

    def __iter__(self) -> Iterator[tuple[AudioClip, frozenset[str]]]:
        """Yield each clip with the sounds heard in it, in the corpus' order."""
        for text, heard in self._db.cursor().execute("SELECT json, heard FROM clips ORDER BY position"):
            yield _read(text, heard)

    def __getitem__(self, position: int) -> tuple[AudioClip, frozenset[str]]:
        row = self._db.execute("SELECT json, heard FROM clips WHERE position = ?", (position,)).fetchone()
        if row is None:
            raise IndexError(position)
        return _read(*row)

    def many(self, positions: Iterable[int]) -> list[Stored]:
        """Return the clips at these positions, with the sounds heard in each, in the order given."""
        query = (
            "SELECT c.id, c.json, c.recording, c.dataset, c.heard, c.doubted FROM json_each(?) AS at "
            "CROSS JOIN clips AS c ON c.position = at.value ORDER BY at.key"
        )
        rows = self._db.execute(query, (json.dumps(list(positions)),)).fetchall()
        found = from_json(f"[{','.join([row[4] for row in rows])}]")  # one by one takes twice as long
        return [
            Stored(
                name,
                text,
                recording,
                dataset,
                frozenset(heard),
                frozenset(from_json(doubted)) if doubted != "[]" else NONE,
            )
            for (name, text, recording, dataset, _, doubted), heard in zip(rows, found, strict=True)
        ]

    def heard(self) -> Iterator[frozenset[str]]:
        """Yield the sounds heard in each clip, in the corpus' order."""
        for (heard,) in self._db.cursor().execute("SELECT heard FROM clips ORDER BY position"):
            yield frozenset(from_json(heard))

    def fact(self, name: str) -> str | None:
        """Return a figure kept with the clips (their digest, the statistics over them); None where there is none."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep(self, name: str, value: str) -> None:
        """Keep a figure with the clips."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def fill(
        self,
        clips: Iterable[AudioClip],
        heard: Callable[[AudioClip], frozenset[str]],
        doubted: Callable[[AudioClip], frozenset[str]] = lambda _: frozenset(),
    ) -> None:
        """Take in a whole corpus, or, where one is in already, make sure that it is the same.

        Args:
            clips: The corpus.
            heard: Finds the sounds heard in a clip.
            doubted: Finds those of which its metadata is not sure, where that will be asked of the clips (`many`).

        Raises:
            CorpusError: Two clips have the same id, one has no metadata, or there are none at all.
            RunError: The run was made with other clips.
        """
        digest, stream, position = hashlib.sha256(), iter(clips), 0
        known = self.fact("digest")
        if known is None:
            self._db.execute("DELETE FROM clips")
        while batch := list(islice(stream, BATCH)):
            for clip in batch:
                if not clip.described:
                    raise CorpusError(
                        f"clip {clip.id!r} has no caption, sound event, speech or attribute: give one or leave it out"
                    )
            texts = [_CLIPS.dump_json(self._with_audio_on_disk(clip), exclude_defaults=True) for clip in batch]
            digest.update(b"".join(texts))
            if known is None:
                self._insert(
                    [
                        (
                            at,
                            clip.id,
                            text.decode(),
                            clip.recording,
                            clip.dataset,
                            _json(heard(clip)),
                            _json(doubted(clip)),
                        )
                        for at, clip, text in zip(count(position), batch, texts, strict=False)
                    ]
                )
            position += len(batch)
        if not position:
            raise CorpusError("the corpus has no clips: hand in at least one")
        if known is None:
            self.keep("digest", digest.hexdigest())
        elif known != digest.hexdigest():
            raise RunError(
                f"{self._folder} was made with other clips: give another `out`, or the same clips to continue"
            )

    def hear_again(
        self, heard: Callable[[AudioClip], frozenset[str]], doubted: Callable[[AudioClip], frozenset[str]]
    ) -> None:
        """Find the sounds of every clip anew: the taxonomy, or what reads captions by it, is another than it was."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute("DELETE FROM facts WHERE name = 'statistics'")
            for position, text in self._db.cursor().execute("SELECT position, json FROM clips ORDER BY position"):
                clip = _clip(text)
                found = (_json(heard(clip)), _json(doubted(clip)), position)
                self._db.execute("UPDATE clips SET heard = ?, doubted = ? WHERE position = ?", found)

    def _insert(self, rows: list[tuple[int, str, str, str | None, str | None, str, str]]) -> None:
        self._db.execute("BEGIN")
        try:
            self._db.executemany("INSERT INTO clips VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        except sqlite3.IntegrityError:
            self._db.execute("ROLLBACK")
            seen: set[str] = set()
            for _, name, *_ in rows:
                if name in seen or self._db.execute("SELECT 1 FROM clips WHERE id = ?", (name,)).fetchone():
                    raise CorpusError(f"clip id {name!r} stands twice in the corpus: ids must be unique") from None
                seen.add(name)
            raise
        self._db.execute("COMMIT")

    def _with_audio_on_disk(self, clip: AudioClip) -> AudioClip:
        if not isinstance(clip.audio, bytes):
            return clip
        path = self._folder / "audio" / hashlib.sha256(clip.audio).hexdigest()
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(clip.audio)
        return clip.model_copy(update={"audio": str(path)})

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _json(sounds: frozenset[str]) -> str:
    return to_json(sorted(sounds)).decode() if sounds else "[]"


def _read(text: str, heard: str) -> tuple[AudioClip, frozenset[str]]:
    return AudioClip.model_validate_json(text), frozenset(from_json(heard))


@lru_cache(maxsize=1024)  # all tasks ask about a clip before the next, and want it again when they are answered
def _clip(text: str) -> AudioClip:
    return AudioClip.model_validate_json(text)
