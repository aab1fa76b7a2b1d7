"""Requests in files: OpenAI-batch JSONL, and who answers it: a provider's Batch API, or a runner the user starts.

One line a request, ``{"custom_id", "method", "url", "body"}``, and one line an answer, ``{"custom_id", "response":
{"status_code", "body"}, "error"}`` (OpenAI's Batch API reference; ``vllm run-batch`` reads and writes the same).
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic_core import from_json, to_json

from balsa_data.backbone import import_litellm, sorted_out
from balsa_data.client import Client, Passing, complaint, completion, refused
from balsa_data.errors import AnswersAwaited, BackboneError, BackboneUnusable, RequestFailed
from balsa_data.journal import Answer
from balsa_data.pacing import Endpoint
from balsa_data.recipe import SECRET, Prices, Recipe
from balsa_data.transport import LITELLMS, NOT_SENT

__all__ = ["Lines", "Office", "Provider", "Runner", "answers"]

LINES = 50_000  # in a file, at most, as OpenAI's API has it
BYTES = 100_000_000  # likewise; it allows twice as many
URL = "/v1/chat/completions"
FIRST_LOOK, LONGEST_LOOK = 0.5, 60.0  # seconds between two looks at a batch
# litellm makes a client for each call, which it leaves open, and fetches all answers itself to count their cost: not here.
CLOSE: dict[str, Any] = {"extra_headers": {"Connection": "close"}}
QUIET: dict[str, Any] = {"litellm_metadata": {"batch_ignore_default_logging": True}}
TIMES = 12  # a call to the provider is tried, at most
ENDED = {"completed", "expired", "cancelled"}  # what is answered of them can be had
CROWDED = "token_limit_exceeded"  # more is queued than the provider allows: later


class Lines:
    """Writes requests to files of a folder, as many as fit each.

    Args:
        recipe: Says what is sent beside messages and seed; keys are left out.
        model: As the files are to name it.
        folder: Where they go, as ``NNNN.jsonl``.
        first: The first one's number.
        lines: In a file, at most.
    """

    def __init__(self, recipe: Recipe, model: str, folder: Path, first: int, *, lines: int = LINES) -> None:
        given = recipe.parameters
        left_out = NOT_SENT | LITELLMS
        self._body = {k: v for k, v in given.items() if k not in left_out and v is not None and not SECRET.search(k)}
        self._body |= {"model": model, **(given.get("extra_body") or {})}
        self._folder, self._number, self._most = folder, first - 1, lines
        self._file: Any = None
        self.numbers: list[int] = []
        self.written = self._lines = self._bytes = 0

    def add(self, custom_id: str, messages: Sequence[dict[str, str]], seed: int) -> None:
        """Write one request."""
        body = {**self._body, "messages": messages, "seed": seed}
        line = to_json({"custom_id": custom_id, "method": "POST", "url": URL, "body": body}) + b"\n"
        if self._file is None or self._lines >= self._most or self._bytes + len(line) > BYTES:
            self._begin()
        self._file.write(line)
        self._lines, self._bytes, self.written = self._lines + 1, self._bytes + len(line), self.written + 1

    def _begin(self) -> None:
        self.close()
        self._number += 1
        self._folder.mkdir(exist_ok=True)
        self._file = (self._folder / f"{self._number:04}.jsonl").open("wb")
        self.numbers.append(self._number)
        self._lines = self._bytes = 0

    def close(self) -> None:
        """See that all is on disk."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


class Office(Protocol):
    """Who takes files of requests and gives back their answers."""

    model: str

    async def take(self, path: Path, mark: str, *, again: bool) -> str:
        """Hand a file in, unless (`again`) one of this mark was already; return the name it is known by."""

    async def give(self, name: str, path: Path) -> bytes | None:
        """Wait for a file's answers; return their lines, which may lack some, or None: it is to be handed in again.

        Raises:
            AnswersAwaited: They are not to be waited for.
            RequestFailed: The file is refused.
            BackboneUnusable: Nobody can be asked about it.
        """

    def read(self, line: dict[str, Any]) -> Answer | BackboneError:
        """Return the answer on a line, or what is wrong with it."""


class _Reader(Client):
    def read(self, line: dict[str, Any]) -> Answer | BackboneError:
        response, error = line.get("response"), line.get("error")
        try:
            if not isinstance(response, dict):
                raise Passing(self._said(complaint(to_json(error))) if error else "the line has no response")
            body, status = response.get("body"), response.get("status_code", 200)
            if isinstance(status, int) and status >= 400:
                return refused(status, self._said(complaint(to_json(body))), self._model)
            if not isinstance(body, dict) or error:
                raise Passing(self._said(complaint(to_json(error or body))))
            return self._answer(*completion(body))
        except (Passing, RequestFailed) as wrong:
            return wrong


class Provider(_Reader):
    """A provider's Batch API, by litellm's file and batch calls."""

    def __init__(self, recipe: Recipe, prices: Prices | None) -> None:
        super().__init__(recipe.backbone, recipe.api_base, recipe.parameters, prices=prices)
        self._litellm = import_litellm()
        base = recipe.api_base[0] if recipe.api_base else None
        self.model, provider, key, base = self._litellm.get_llm_provider(
            recipe.backbone, api_base=base, api_key=recipe.parameters.get("api_key")
        )
        self._where = {"custom_llm_provider": provider, "api_base": base, "api_key": key, "max_retries": 0}
        self._where["timeout"] = recipe.parameters.get("timeout", 600)
        self._endpoint = Endpoint(base)

    async def _call(self, name: str, made: Callable[[], Awaitable[Any]] | None = None, **arguments: Any) -> Any:
        """Call the API until it answers; between two tries, see whether the first has `made` what it was to make."""
        for tries in range(1, TIMES + 1):
            try:
                return await getattr(self._litellm, name)(**self._where, **arguments)
            except Exception as error:  # litellm's and its providers' errors share no base class
                said = self._said(str(error)).removeprefix("litellm.")
                wrong = sorted_out(self._litellm, error, said, self._at(self._endpoint))
            if not isinstance(wrong, Passing):
                raise BackboneUnusable(f"the Batch API of {self._at(self._endpoint)} refuses: {wrong}")
            if tries < TIMES:
                await asyncio.sleep(self._wait(tries, wrong.after))
            if made and (found := await made()):
                return found
        raise BackboneUnusable(
            f"the Batch API of {self._at(self._endpoint)} did not answer {TIMES} times, the last: {wrong}; what was handed "
            "in is kept: run again to go on"
        )

    async def take(self, path: Path, mark: str, *, again: bool) -> str:
        """See `Office.take`."""
        if again and (found := await self._find(mark)):
            return str(found.id)
        file = await self._call("acreate_file", file=(path.name, path.read_bytes()), purpose="batch", **CLOSE)
        batch = await self._call(
            "acreate_batch", lambda: self._find(mark), completion_window="24h", endpoint=URL, input_file_id=file.id,
            metadata={"balsa": mark}, **CLOSE,
        )  # fmt: skip
        return str(batch.id)

    async def _find(self, mark: str) -> Any:
        if self._where["custom_llm_provider"] not in {"openai", "azure", "hosted_vllm", "litellm_proxy"}:
            return None  # nothing to look it up by
        after = None
        while True:
            listed = await self._call("alist_batches", limit=100, **({"after": after} if after else {}))
            batches = list(getattr(listed, "data", None) or ())
            for batch in batches:
                if (getattr(batch, "metadata", None) or {}).get("balsa") == mark and batch.status != "failed":
                    return batch
            if not batches or not getattr(listed, "has_more", False):
                return None
            after = batches[-1].id

    async def give(self, name: str, path: Path) -> bytes | None:  # noqa: ARG002 (an office's signature)
        """See `Office.give`."""
        wait = FIRST_LOOK
        while (batch := await self._call("aretrieve_batch", batch_id=name, **CLOSE, **QUIET)).status not in ENDED:
            if batch.status == "failed":
                errors = getattr(getattr(batch, "errors", None), "data", None) or ()
                if any(getattr(error, "code", None) == CROWDED for error in errors):
                    await asyncio.sleep(LONGEST_LOOK)
                    return None
                said = self._said("; ".join(str(getattr(e, "message", e)) for e in errors) or "no reason given")
                raise RequestFailed(f"{self._at(self._endpoint)} refuses the batch {name}: {said}")
            await asyncio.sleep(wait)
            wait = min(LONGEST_LOOK, 1.5 * wait)
        files = (getattr(batch, "output_file_id", None), getattr(batch, "error_file_id", None))
        contents = [await self._call("afile_content", file_id=file, **CLOSE) for file in files if file]
        return b"\n".join(bytes(content.content) for content in contents)


class Runner(_Reader):
    """An offline runner that the user starts between two runs: ``NNNN.jsonl`` in, ``NNNN.out.jsonl`` out."""

    def __init__(self, recipe: Recipe, prices: Prices | None) -> None:
        super().__init__(recipe.backbone, (), recipe.parameters, prices=prices)
        self.model = recipe.backbone.partition("/")[2] or recipe.backbone

    async def take(self, path: Path, mark: str, *, again: bool) -> str:  # noqa: ARG002 (an office's signature)
        """See `Office.take`."""
        return path.stem

    async def give(self, name: str, path: Path) -> bytes | None:  # noqa: ARG002 (an office's signature)
        """See `Office.give`."""
        out = path.with_suffix(".out.jsonl")
        if not out.is_file():
            command = ["vllm", "run-batch", "-i", str(path), "-o", str(out), "--model", self.model]
            raise AnswersAwaited(f"the requests in {path} wait for a runner: `{shlex.join(command)}`, then run again")
        return out.read_bytes()


def answers(data: bytes, office: Office, asked: Iterable[str]) -> Iterator[tuple[str, Answer | BackboneError]]:
    """Yield what was asked for, by its id, with its answer or what is wrong; last, all of which the lines say nothing."""
    left = set(asked)
    for text in data.splitlines():
        try:
            line = from_json(text)
        except ValueError:  # cut short, or not for us: what it was to say is missing
            continue
        if isinstance(line, dict) and (name := line.get("custom_id")) in left:
            left.discard(name)
            yield name, office.read(line)
    for name in left:
        yield name, Passing("the batch ended without an answer to it")
