"""A corpus of our own making for every reader: ``fixtures/<reader>/``, in the published layout.

Beside it ``case.json`` says:

* ``path``: what the reader is given, and with which ``options``;
* ``tables``: files it cannot do without, each with a line that would corrupt it (``cut``: half of the document would);
* ``pieces``: files of which there are many, or that need not be there, likewise (null: every text is right there);
* ``column``: a column that must be there;
* ``audio``: audio files that the layout itself needs, made here, empty;
* ``first``: the first clip as it must come out, with ``{root}`` for the folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from balsa_data.corpora import CORPORA, Clips, load
from balsa_data.errors import CorpusError

FIXTURES = Path(__file__).parent / "fixtures"


@dataclass(frozen=True)
class Case:
    """One reader's corpus, as a copy that a test may spoil."""

    reader: str
    root: Path
    says: dict[str, Any]

    def load(self, **arguments: Any) -> Clips:
        return load(self.reader, self.root / self.says["path"], options=self.says.get("options"), **arguments)

    def refusal(self) -> str:
        """Return what the spoiled corpus is refused with: one sentence that names a file."""
        with pytest.raises(CorpusError) as caught:
            list(self.load())
        message = str(caught.value)
        assert "\n" not in message
        assert len(message.replace(str(self.root), "")) < 400
        assert str(self.root) in message
        return message.replace(f"{self.root}/", "")


@pytest.fixture
def corpus(tmp_path: Path) -> Callable[[str], Case]:
    """What makes a reader's corpus anew."""

    def make(reader: str) -> Case:
        case = FIXTURES / reader / "case.json"
        assert case.is_file(), f"give the reader {reader!r} a corpus: {case}"
        root = tmp_path / "corpus"
        shutil.copytree(case.parent, root, ignore=shutil.ignore_patterns("case.json"))
        says = json.loads(case.read_text("utf-8"))
        for name in says.get("audio", ()):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
        return Case(reader, root, says)

    return make


@pytest.fixture(params=CORPORA.names())
def case(request: pytest.FixtureRequest, corpus: Callable[[str], Case]) -> Case:
    """Every reader's corpus."""
    return corpus(request.param)
