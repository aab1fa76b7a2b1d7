"""What comes next is made while the model computes."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

from balsa_data.errors import InputError

__all__ = ["prefetched"]

T = TypeVar("T")


class prefetched(Iterator[T]):  # noqa: N801  # used as a context, like the standard library's
    """Iterates in a thread, two items ahead: audio is read and decoded while the model computes."""

    def __init__(self, items: Iterator[T]) -> None:
        self._queue: Queue[tuple[T | None, BaseException | None]] = Queue(maxsize=2)
        self._items, self._closed = items, Event()
        self._thread = Thread(target=self._fill, daemon=True)

    def __enter__(self) -> prefetched[T]:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        while self._thread.is_alive():
            while not self._queue.empty():
                self._queue.get_nowait()
            self._thread.join(0.01)

    def __next__(self) -> T:
        item, error = self._queue.get()
        if error is not None:
            raise error
        assert item is not None
        return item

    def _fill(self) -> None:
        try:
            for item in self._items:
                self._queue.put((item, None))
                if self._closed.is_set():
                    return
            raise InputError("there are no more rows")
        except BaseException as error:
            self._queue.put((None, error))
