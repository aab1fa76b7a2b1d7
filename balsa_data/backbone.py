"""The backbone: any litellm model string, asked until it answers or cannot.

The only module that knows litellm. What can pass (429, 5xx, timeouts, resets, an answer that is no answer) is tried again
after a jittered, growing wait, or after the wait the server asks for; what cannot fails the request at once
(`RequestFailed`), and what would fail every request stops the run (`BackboneUnusable`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from balsa_data import local
from balsa_data.errors import BackboneError, BackboneUnusable, RequestFailed
from balsa_data.journal import Answer
from balsa_data.recipe import SECRET, Prices
from balsa_data.schemas import Usage

__all__ = ["Backbone", "LiteLLM", "Passing", "connect"]

TRIES = 6
LONGEST_WAIT = 60.0  # seconds; a server that asks for more is not waited for longer
SHORTEST_KEY = 6  # characters; what is shorter is no key, and blotting it out would blot out words
TIMEOUT = 300.0  # seconds for one try


class Passing(BackboneError):
    """This try failed, and another may not.

    Args:
        message: What happened.
        after: How many seconds the server asks to wait.
    """

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Backbone(Protocol):
    """What synthesis asks; a double for tests has this one method."""

    async def ask(self, messages: Sequence[dict[str, str]], seed: int) -> Answer:
        """Return the answer to one request, verbatim; its usage counts every try.

        Raises:
            RequestFailed: This request cannot succeed; its `requests` counts the tries.
            BackboneUnusable: No request can.
        """


@dataclass
class _Endpoint:
    base: str | None
    in_flight: int = 0


class LiteLLM:
    """A model behind litellm, at one address or several that share the load.

    Args:
        model: A litellm model string.
        api_bases: Addresses; none for the provider's own.
        parameters: Sent with each request.
        prices: Where litellm knows none.
        tries: For one request, at most.
        longest_wait: Between two tries, in seconds.
        spend: Called before every try; raises `BudgetReached` when there is nothing left to spend.
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
    ) -> None:
        self._litellm = _import_litellm()
        self._model = model
        self._endpoints = [_Endpoint(base) for base in api_bases] or [_Endpoint(None)]
        self._parameters = {"timeout": TIMEOUT, **(parameters or {})}
        self._prices = prices
        self._tries = tries
        self._backoff = wait_random_exponential(multiplier=0.5, max=longest_wait)
        self._longest_wait = longest_wait
        self._spend = spend
        self._seeded = (
            "seed" in (self._litellm.get_supported_openai_params(model) or ()) and "seed" not in self._parameters
        )

    async def ask(self, messages: Sequence[dict[str, str]], seed: int) -> Answer:
        """See `Backbone.ask`."""
        tries = 0
        try:
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(self._tries),
                wait=self._wait,
                retry=retry_if_exception_type(Passing),
                reraise=True,
            ):
                with attempt:
                    self._spend()
                    tries += 1
                    answer = await self._try(messages, seed)
        except Passing as error:
            raise RequestFailed(f"no answer in {tries} tries, the last: {error}", tries) from None
        except RequestFailed as error:
            raise RequestFailed(str(error), tries) from None
        return answer.model_copy(update={"usage": answer.usage.model_copy(update={"requests": tries})})

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, Passing) else None
        return self._backoff(state) if asked is None else min(asked, self._longest_wait)

    async def _try(self, messages: Sequence[dict[str, str]], seed: int) -> Answer:
        endpoint = min(self._endpoints, key=lambda e: e.in_flight)
        endpoint.in_flight += 1
        sent = {**self._parameters, **({"seed": seed} if self._seeded else {})}
        if endpoint.base:
            sent["api_base"] = endpoint.base
        try:
            response = await self._litellm.acompletion(
                model=self._model, messages=list(messages), num_retries=0, max_retries=0, **{"no-log": True}, **sent
            )
        except Exception as error:  # litellm's and its providers' errors share no base class
            raise _sorted_out(self._litellm, error, self._said(error), self._model, endpoint.base) from None
        finally:
            endpoint.in_flight -= 1
        return self._answer(response)

    def _said(self, error: Exception) -> str:
        """What an error says, on one line, without any key."""
        said = " ".join(str(error).split()).removeprefix("litellm.")
        keys = [v for k, v in self._parameters.items() if SECRET.search(k)] + [
            v for k, v in os.environ.items() if SECRET.search(k)
        ]
        for key in keys:
            if isinstance(key, str) and len(key) >= SHORTEST_KEY:
                said = said.replace(key, "***")
        return said[:300]

    def _answer(self, response: Any) -> Answer:
        if not getattr(response, "choices", None):
            raise Passing("the answer has no choices")
        choice = response.choices[0]
        text = choice.message.content
        if choice.finish_reason == "content_filter":
            raise RequestFailed("the provider's content filter withheld the answer")
        if not isinstance(text, str):
            raise Passing("the answer has no text")
        used = getattr(response, "usage", None)
        usage = Usage(
            requests=1,
            prompt_tokens=getattr(used, "prompt_tokens", 0) or 0,
            completion_tokens=getattr(used, "completion_tokens", 0) or 0,
        )
        return Answer(
            text=text,
            finish_reason=choice.finish_reason,
            usage=usage.model_copy(update={"cost": self._cost(response, usage)}),
        )

    def _cost(self, response: Any, usage: Usage) -> float | None:
        if self._prices:
            return (usage.prompt_tokens * self._prices.input + usage.completion_tokens * self._prices.output) / 1e6
        cost = getattr(response, "_hidden_params", {}).get("response_cost")
        return float(cost) if cost else None  # litellm says 0 as well where it knows no price


def connect(
    model: str,
    api_bases: Sequence[str] = (),
    parameters: dict[str, Any] | None = None,
    *,
    prices: Prices | None = None,
    spend: Callable[[], None] = lambda: None,
) -> LiteLLM:
    """Return the backbone that a model string names, after a look whether somebody is at its address.

    Raises:
        BackboneUnusable: Nobody answers at an address, or the embedded model cannot start.
        MissingExtra: The embedded backbone's library is not installed.
    """
    if model == "local" or model.startswith("local:"):
        _, base = local.serve(local.model_file(model))
        free = prices or Prices(input=0, output=0)
        parameters = {"max_tokens": 256, **(parameters or {}), "api_key": "none"}
        return LiteLLM("openai/local", [base], parameters, prices=free, spend=spend)
    for base in api_bases:
        _knock(base)
    return LiteLLM(model, api_bases, parameters, prices=prices, spend=spend)


def _knock(base: str) -> None:
    import socket

    parts = urlsplit(base)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BackboneUnusable(f"api_base {base!r} is not an address: write it like http://127.0.0.1:8000/v1")
    try:
        socket.create_connection(
            (parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)), timeout=10
        ).close()
    except OSError as error:
        raise BackboneUnusable(
            f"nobody answers at {base} ({error.strerror or error}): start a server there, for instance "
            f"`vllm serve MODEL --port {parts.port or 8000}`, or use --backbone local"
        ) from None


def _import_litellm() -> Any:
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or its import asks the network for prices
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    return litellm


def _sorted_out(litellm: Any, error: Exception, said: str, model: str, base: str | None) -> BackboneError:
    """Say of an error of litellm's whether it passes, ends the request, or ends the run."""
    if isinstance(error, BackboneError):
        return error
    at = f" at {base}" if base else ""
    status = getattr(error, "status_code", None)
    if status == 401:
        return BackboneUnusable(
            f"{model}{at} refuses the key: set the provider's API key in its environment variable ({said})"
        )
    if status == 403:
        return BackboneUnusable(f"{model}{at} denies access: use a key that may call it ({said})")
    if status == 404:
        return BackboneUnusable(f"{model}{at} does not exist: check the model's name and api_base ({said})")
    if isinstance(error, litellm.ContextWindowExceededError):
        return RequestFailed(f"the request is longer than the model's context ({said})")
    if isinstance(error, litellm.ContentPolicyViolationError):
        return RequestFailed(f"refused by the provider's content policy ({said})")
    if isinstance(error, litellm.exceptions.UnsupportedParamsError) or "LLM Provider NOT provided" in said:
        return BackboneUnusable(f"{model} cannot be called so ({said})")
    passing = isinstance(status, int) and (status >= 500 or status in {408, 409, 425, 429})
    if passing or isinstance(error, (litellm.APIConnectionError, litellm.Timeout, OSError, asyncio.TimeoutError)):
        return Passing(said, _retry_after(error))
    if isinstance(status, int):
        return RequestFailed(f"refused with status {status} ({said})")
    return Passing(f"{type(error).__name__}: {said}")


def _retry_after(error: Exception) -> float | None:
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or getattr(error, "litellm_response_headers", None) or {}
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def count_tokens(model: str, messages: Sequence[dict[str, str]]) -> int:
    """Return how many tokens a request has, by the model's own tokenizer where litellm has it, else by a usual one."""
    return int(_import_litellm().token_counter(model=model, messages=list(messages)))


def price(model: str, prices: Prices | None, prompt_tokens: int, completion_tokens: int) -> float | None:
    """Return what tokens cost in US dollars; None where the price is not known."""
    if prices is None and (model == "local" or model.startswith("local:")):
        prices = Prices(input=0, output=0)
    if prices is None:
        known = (
            _import_litellm().model_cost.get(model) or _import_litellm().model_cost.get(model.partition("/")[2]) or {}
        )
        if not known.get("input_cost_per_token"):
            return None
        prices = Prices(input=known["input_cost_per_token"] * 1e6, output=known["output_cost_per_token"] * 1e6)
    return (prompt_tokens * prices.input + completion_tokens * prices.output) / 1e6
