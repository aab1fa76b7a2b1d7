"""The folder an export is written to: nothing leaves it, and it is there only once it is whole."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self, TextIO

from balsa_data.errors import InputError

__all__ = ["JSON_LIST", "Frame", "Output"]


class Frame(NamedTuple):
    """What stands before, between and after the records of a file; ``%d`` in `tail` is their number."""

    head: str
    separator: str
    tail: str


JSON_LINES = Frame("", "\n", "\n")
JSON_LIST = Frame("[\n", ",\n", "\n]\n")


class Output:
    """An export's folder, written beside its place and moved there at the end.

    Args:
        folder: Its place.
        packed: Whether the audio goes into archives, so that no audio folder stays.

    Attributes:
        folder: Its place, absolute.
        files: Records in each file written so far.
        notes: What the user should know of the files, in sentences.
    """

    def __init__(self, folder: Path, *, packed: bool = False) -> None:
        self.folder = folder.absolute()
        self.files: dict[str, int] = {}
        self.notes: list[str] = []
        self._packed = packed
        self._partial = self.folder.with_name(f"{self.folder.name}.partial")
        self._open: dict[str, tuple[TextIO, Frame]] = {}
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True)
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        for name, (file, frame) in self._open.items():
            file.write(frame.tail.replace("%d", str(self.files[name])))
        self._closing.close()
        if failed is not None:
            shutil.rmtree(self._partial, ignore_errors=True)
            return
        if self._packed:
            shutil.rmtree(self._partial / "audio", ignore_errors=True)
        if self.folder.exists():
            self.folder.rmdir()
        self._partial.replace(self.folder)

    def path(self, name: str) -> Path:
        """Return where a file is written now.

        Raises:
            InputError: `name` leads out of the folder.
        """
        path = (self._partial / name).resolve()
        if self._partial.resolve() not in path.parents:
            raise InputError(f"{name!r} leads out of {self.folder}")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def absolute(self, name: str) -> str:
        """Return where a file will be once the export is done."""
        return str(self.folder / name)

    def add(self, name: str, record: Any, frame: Frame = JSON_LINES, key: str | None = None) -> None:
        """Write one record, or one member of an object, to a JSON file.

        In ASCII, for loaders that open files in the machine's own encoding.
        """
        if name not in self._open:
            file = self._closing.enter_context(self.path(name).open("w", encoding="ascii", newline="\n"))
            file.write(frame.head)
            self._open[name] = file, frame
        else:
            self._open[name][0].write(frame.separator)
        self._open[name][0].write((f"{json.dumps(key)}: " if key is not None else "") + json.dumps(record))
        self.count(name)

    def count(self, name: str) -> None:
        """Count one more record in a file."""
        self.files[name] = self.files.get(name, 0) + 1

    def open(self, name: str) -> BinaryIO:
        """Open a file that is closed with the folder."""
        return self._closing.enter_context(self.path(name).open("wb"))

    def text(self, name: str, text: str) -> None:
        """Write a small file that holds no records."""
        self.path(name).write_text(text, "ascii", newline="\n")
