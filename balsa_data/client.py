"""How a backbone is asked: tried again where another try may succeed, paced, counted; what is sent is a subclass's.

What can pass (429, 5xx, timeouts, resets, an answer that is no answer) is tried again after a jittered, growing wait, or
after the wait the server asks for; what cannot fails the request at once (`RequestFailed`), and what would fail every
request stops the run (`BackboneUnusable`).
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from pydantic_core import from_json

from balsa_data.audio import public_uri
from balsa_data.deadline import Deadline
from balsa_data.errors import BackboneError, BackboneUnusable, BudgetReached, RequestFailed
from balsa_data.hedging import Hedge
from balsa_data.journal import Answer
from balsa_data.pacing import Endpoint, Pool, Rate, Turn
from balsa_data.schemas import Usage
from balsa_data.specs import SECRET, Prices
from balsa_data.total import Total

__all__ = ["Client", "Passing", "complaint", "completion", "refused", "retry_after"]

TRIES = 6
FIRST_WAIT = 0.5  # seconds, at most, before the second try; doubled before each further one
LONGEST_WAIT = 60.0  # seconds; a server that asks for more is not waited for longer
SHORTEST_KEY = 6  # characters; what is shorter is no key, and blotting it out would blot out words
TIMEOUT = 300.0  # seconds for one try
STOPPED = {"eos_token": "stop", "stop_sequence": "stop"}  # TGI's words for it
LONGEST_TEXT = 1_000_000  # characters; no backbone means to answer a question about a clip with more
_TOO_LONG = re.compile(
    r"context.?(?:length|window|size)|maximum.{0,40}(?:tokens|length)|too (?:long|many tokens)", re.IGNORECASE
)
_POLICY = re.compile(r"content.?(?:policy|filter|management)|responsible.?ai", re.IGNORECASE)


class Passing(BackboneError):
    """This try failed, and another may not.

    Args:
        message: What happened.
        after: How many seconds the server asks to wait.
        crowded: Whether it says that it has too much to do.
    """

    def __init__(self, message: str, after: float | None = None, *, crowded: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.crowded = crowded


class Client:
    """A model at one address or several that share the load.

    Args:
        model: A litellm model string.
        api_bases: Addresses; none for the provider's own.
        parameters: Sent with each request.
        prices: Where litellm knows none.
        tries: For one request, at most.
        longest_wait: Between two tries, in seconds.
        spend: Called before every try; raises `BudgetReached` when there is nothing left to spend.
        rate: What the provider allows a minute.
        hedge_after: Seconds without an answer after which a request is sent a second time, if possible to another
            address; the first answer counts. None for never.
    """

    def __init__(
        self,
        model: str,
        api_bases: Sequence[str] = (),
        parameters: dict[str, Any] | None = None,
        *,
        prices: Prices | None = None,
        tries: int = TRIES,
        longest_wait: float = LONGEST_WAIT,
        spend: Callable[[], None] = lambda: None,
        rate: Rate | None = None,
        hedge_after: float | None = None,
    ) -> None:
        self._model = model
        self._pool = Pool([Endpoint(base) for base in api_bases] or [Endpoint(None)], rate)
        self._parameters = {"timeout": TIMEOUT, **(parameters or {})}
        self._seconds = _seconds(self._parameters["timeout"])
        self._deadline = Deadline(self._seconds)
        self._prices = prices
        self._tries = tries
        self._longest_wait = longest_wait
        self._spend = spend
        self._hedge = None if hedge_after is None else Hedge(hedge_after, (Passing, BudgetReached))

    async def ask(self, messages: Sequence[dict[str, str]], seed: int) -> Answer:
        """See `Backbone.ask`."""
        asked = Total()
        asking = partial(self._try, messages, seed, asked)
        for tries in range(1, self._tries + 1):
            turn = await self._pool.take()
            try:
                answer = await (self._hedged(self._hedge, asking, turn) if self._hedge else asking(turn))
            except Passing as error:
                last = error
            except RequestFailed as error:
                raise RequestFailed(str(error), asked.requests) from None
            else:
                if asked.requests == 1:
                    return answer
                return answer.model_copy(update={"usage": answer.usage.model_copy(update={"requests": asked.requests})})
            if tries < self._tries:
                await asyncio.sleep(self._wait(tries, last.after))
        raise RequestFailed(f"no answer in {self._tries} tries, the last: {last}", asked.requests)

    async def _try(self, messages: Sequence[dict[str, str]], seed: int, asked: Total, turn: Turn) -> Answer:
        """Ask once, count it in `asked`, and give the turn back."""
        endpoint, taken = turn
        started, tokens = time.monotonic(), 0
        try:
            self._spend()
            asked.requests += 1
            answer = await self._in_time(self._send(endpoint, messages, seed))
            tokens = answer.usage.prompt_tokens + answer.usage.completion_tokens
            endpoint.answered(time.monotonic() - started)
        except Passing as error:
            endpoint.failed(crowded=error.crowded, after=error.after)
            raise
        except asyncio.CancelledError:
            endpoint.given_up(time.monotonic() - started)
            tokens = int(taken)  # whoever gave it up, the provider may count it
            raise
        finally:
            self._pool.release(endpoint, taken, tokens)
        return answer

    async def _hedged(self, hedge: Hedge, asking: Callable[[Turn], Coroutine[Any, Any, Answer]], turn: Turn) -> Answer:
        """Ask, and once more where that is late; what is given up is taken to cost as much as what it is given up for."""

        def again() -> Coroutine[Any, Any, Answer] | None:
            spare = self._pool.spare(but=turn[0])
            return asking(spare) if spare else None

        answer, given_up = await hedge.first_of(asking(turn), again)
        return answer.model_copy(update={"usage": sum([answer.usage] * given_up, answer.usage)})

    async def aclose(self) -> None:
        """Let go of what is open; the client can be used again."""

    async def _send(self, endpoint: Endpoint, messages: Sequence[dict[str, str]], seed: int) -> Answer:
        """Ask once; each way of asking has its own."""
        raise NotImplementedError

    async def _in_time(self, sending: Coroutine[Any, Any, Answer]) -> Answer:
        # a client's own limit does not hold in every case: aiohttp's not where a server talks into its own answer
        try:
            return await self._deadline.wait_for(sending)
        except TimeoutError:
            raise Passing(f"no answer in {self._seconds:g} seconds", crowded=True) from None

    def _wait(self, tries: int, asked: float | None) -> float:
        """Seconds until the next try: what the server asks for, or a random part of a growing span, so that requests spread."""
        longest = min(self._longest_wait, FIRST_WAIT * 2.0 ** (tries - 1))
        return random.uniform(0.0, longest) if asked is None else min(asked, self._longest_wait)

    def _said(self, text: str) -> str:
        """What an error says, on one line, without any key."""
        said = " ".join(text.split())
        for key in {*_secrets(self._parameters), *_secrets(os.environ)}:
            if len(key) >= SHORTEST_KEY:
                said = said.replace(key, "***")
        return said[:300]

    def _answer(self, text: Any, finish_reason: Any, usage: Any, cost: float | None = None) -> Answer:
        """Return what a server sent as an answer, or say why it is none."""
        if finish_reason == "content_filter":
            raise RequestFailed("the provider's content filter withheld the answer")
        if not isinstance(text, str):
            raise Passing("the answer has no text")
        if len(text) > LONGEST_TEXT:
            raise Passing(f"the answer has {len(text):,} characters")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Passing("the answer is not valid Unicode") from None
        sent, written = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
        if self._prices:
            known = None not in (sent, written) or not (self._prices.input or self._prices.output)
            cost = ((sent or 0) * self._prices.input + (written or 0) * self._prices.output) / 1e6 if known else None
        return Answer(
            text=text,
            finish_reason=finish_reason if isinstance(finish_reason, str) else None,
            usage=Usage(requests=1, prompt_tokens=sent or 0, completion_tokens=written or 0, cost=cost),
        )

    def _at(self, endpoint: Endpoint) -> str:
        return f"{self._model} at {public_uri(endpoint.base)}" if endpoint.base else self._model


def completion(told: Mapping[str, Any]) -> tuple[Any, str | None, Any]:
    """Return text, finish reason and usage of a completion in the OpenAI protocol.

    Raises:
        Passing: It has no choice to take them from.
    """
    choices = told.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Passing("the answer has no choices")
    message, reason = choices[0].get("message"), choices[0].get("finish_reason")
    text = message.get("content") if isinstance(message, dict) else None
    return text, STOPPED.get(reason, reason) if isinstance(reason, str) else None, told.get("usage")


def complaint(data: bytes) -> str:
    """Return what the body of a refusal says, whatever its form."""
    try:
        told = from_json(data)
    except ValueError:
        return data[:1000].decode(errors="replace")
    error = told.get("error", told) if isinstance(told, dict) else told
    if not isinstance(error, dict):
        return str(error)
    said = error.get("message") or error.get("detail") or error
    return f"{said} ({error['code']})" if isinstance(error.get("code"), str) else str(said)


def refused(status: int, said: str, model: str, after: float | None = None) -> BackboneError:
    """Say of an HTTP status whether it passes, ends the request, or ends the run."""
    if status == 401:
        return BackboneUnusable(
            f"{model} refuses the key: set the provider's API key in its environment variable ({said})"
        )
    if status == 403:
        return BackboneUnusable(f"{model} denies access: use a key that may call it ({said})")
    if status == 404:
        return BackboneUnusable(f"{model} does not exist: check the model's name and api_base ({said})")
    if status >= 500 or status in {408, 409, 425, 429}:
        return Passing(said, after, crowded=status in {429, 503, 529})
    if _TOO_LONG.search(said):
        return RequestFailed(f"the request is longer than the model's context ({said})")
    if _POLICY.search(said):
        return RequestFailed(f"refused by the provider's content policy ({said})")
    return RequestFailed(f"refused with status {status} ({said})")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a server asks to wait, from a number or a date; by the server's own clock where it tells it."""
    asked = headers.get("retry-after")
    if asked is None:
        return None
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        told = headers.get("date")
        now = parsedate_to_datetime(told).timestamp() if told else time.time()
        return max(0.0, parsedate_to_datetime(asked).timestamp() - now)
    except ValueError:
        return None


def _seconds(timeout: Any) -> float:
    try:
        seconds = float(timeout)
    except (TypeError, ValueError):
        seconds = 0.0
    if not seconds > 0:
        raise BackboneUnusable(f"the parameter timeout is {timeout!r}: give the seconds that one try may take")
    return seconds


def _count(usage: Any, name: str) -> int | None:
    """A number of tokens as a server tells it; None where it tells nonsense or nothing."""
    told = usage.get(name) if isinstance(usage, Mapping) else getattr(usage, name, None)
    return told if type(told) is int and 0 <= told < 2**40 else None


def _secrets(values: Mapping[str, Any], *, all_of_them: bool = False) -> Iterator[str]:
    for name, value in values.items():
        secret = all_of_them or bool(SECRET.search(name))
        if isinstance(value, Mapping):
            yield from _secrets(value, all_of_them=secret)
        elif secret and isinstance(value, str):
            yield from (value, value.removeprefix("Bearer ").strip())
