"""Answers shared by runs: what was asked once, by whichever run, is not asked again. Opt-in.

A key is a hash of all that is sent: the model, the parameters but keys, the messages, and the seed, which is another for
each draw of each request. So a sample is what it would have been without a cache, and a clip that is asked about twenty
times has twenty answers. A cached answer took nothing: no request, no tokens, no cost.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic_core import to_json

from balsa_data import local
from balsa_data.errors import InputError
from balsa_data.journal import Answer
from balsa_data.recipe import Recipe
from balsa_data.schemas import Usage

__all__ = ["Cache"]

SCHEMA = "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, text TEXT, finish_reason TEXT) WITHOUT ROWID"
FREE = Usage(cost=0.0)


class Cache:
    """Answers by what was sent.

    Args:
        path: The cache's file, made if it is not there; several processes may use it at once.
        recipe: Says what is sent beside messages and seed.

    Raises:
        InputError: The file cannot be used.
    """

    def __init__(self, path: Path, recipe: Recipe) -> None:
        model = recipe.backbone
        if model.partition(":")[0] == "local":  # the name alone says less than a provider's does
            file = local.model_file(model)
            model = f"local:{file.name}:{file.stat().st_size}"
        self._sent = to_json([model, recipe.model_dump()["parameters"]])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=60)
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise InputError(f"cannot use the cache {path}: {error}: give another file, or mend this one") from None

    def known(self, messages: Sequence[dict[str, str]], seed: int) -> Answer | None:
        """Return the answer to the very same; None where there is none yet."""
        query = "SELECT text, finish_reason FROM answers WHERE key = ?"
        found = self._db.execute(query, (self._key(messages, seed),)).fetchone()
        return Answer(text=found[0], finish_reason=found[1], usage=FREE) if found else None

    def keep(self, messages: Sequence[dict[str, str]], seed: int, answer: Answer) -> None:
        """Keep an answer for other runs; where that cannot be, this run has it in its journal all the same."""
        with suppress(sqlite3.Error):
            row = self._key(messages, seed), answer.text, answer.finish_reason
            self._db.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", row)

    def _key(self, messages: Sequence[dict[str, str]], seed: int) -> bytes:
        return hashlib.sha256(self._sent + to_json([messages, seed])).digest()

    def close(self) -> None:
        """Close the file."""
        self._db.close()
