"""The backbone: any litellm model string, asked until it answers or cannot.

The only module that knows litellm; how often and how fast is asked is `balsa_data.client`'s.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from balsa_data import local
from balsa_data.audio import public_uri
from balsa_data.client import Client, Passing, refused, retry_after
from balsa_data.errors import BackboneError, BackboneUnusable, RequestFailed
from balsa_data.journal import Answer
from balsa_data.pacing import Endpoint
from balsa_data.specs import Prices
from balsa_data.transport import Direct, speaks

__all__ = ["Backbone", "LiteLLM", "connect", "count_tokens", "import_litellm", "price", "sorted_out"]


class Backbone(Protocol):
    """What synthesis asks; a double for tests has this one method."""

    async def ask(self, messages: Sequence[dict[str, str]], seed: int) -> Answer:
        """Return the answer to one request, verbatim; its usage counts every try.

        Raises:
            RequestFailed: This request cannot succeed; its `requests` counts the tries.
            BackboneUnusable: No request can.
        """


class LiteLLM(Client):
    """A model behind litellm: any provider's; see `Client` for the arguments."""

    def __init__(
        self, model: str, api_bases: Sequence[str] = (), parameters: dict[str, Any] | None = None, **options: Any
    ) -> None:
        super().__init__(model, api_bases, parameters, **options)
        self._litellm = import_litellm()
        self._seeded = (
            "seed" in (self._litellm.get_supported_openai_params(model) or ()) and "seed" not in self._parameters
        )

    async def _send(self, endpoint: Endpoint, messages: Sequence[dict[str, str]], seed: int) -> Answer:
        sent = {**self._parameters, **({"seed": seed} if self._seeded else {})}
        if endpoint.base:
            sent["api_base"] = endpoint.base
        try:
            response = await self._litellm.acompletion(
                model=self._model, messages=list(messages), num_retries=0, max_retries=0, **{"no-log": True}, **sent
            )
        except Exception as error:  # litellm's and its providers' errors share no base class
            said = self._said(str(error)).removeprefix("litellm.")
            raise sorted_out(self._litellm, error, said, self._at(endpoint)) from None
        if not getattr(response, "choices", None):
            raise Passing("the answer has no choices")
        choice = response.choices[0]
        cost = getattr(response, "_hidden_params", {}).get("response_cost")
        return self._answer(  # litellm says that the cost is 0 as well where it knows no price
            choice.message.content,
            choice.finish_reason,
            getattr(response, "usage", None),
            float(cost) if cost else None,
        )


def connect(
    model: str,
    api_bases: Sequence[str] = (),
    parameters: dict[str, Any] | None = None,
    *,
    prices: Prices | None = None,
    **options: Any,
) -> Client:
    """Return the backbone that a model string names, after a look whether somebody is at its address.

    Servers that speak the OpenAI protocol are asked directly, unless litellm knows what the model costs; all else goes
    through litellm. The options are `Client`'s.

    Raises:
        BackboneUnusable: Nobody answers at an address, or the embedded model cannot start.
        MissingExtra: The embedded backbone's library is not installed.
    """
    if model == "local" or model.startswith("local:"):
        _, base = local.serve(local.model_file(model))
        free = prices or Prices(input=0, output=0)
        parameters = {"max_tokens": 256, **(parameters or {}), "api_key": "none"}
        return Direct("openai/local", [base], parameters, prices=free, **options)
    for base in api_bases:
        _knock(base)
    direct = speaks(model, api_bases, parameters or {}) and (prices or not _listed(model))
    kind: type[Client] = Direct if direct else LiteLLM
    return kind(model, api_bases, parameters, prices=prices, **options)


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
        serve = "ollama serve" if parts.port == 11434 else f"vllm serve MODEL --port {parts.port or 8000}"
        raise BackboneUnusable(
            f"nobody answers at {public_uri(base)} ({error.strerror or error}): start a server there, for instance "
            f"`{serve}`, or use --backbone local"
        ) from None


def import_litellm() -> Any:
    """Return litellm, which says nothing and asks the network for nothing."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or its import asks the network for prices
    import litellm

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.disable_hf_tokenizer_download = True  # or each count of a Llama's tokens may ask the Hub
    return litellm


def sorted_out(litellm: Any, error: Exception, said: str, model: str) -> BackboneError:
    """Say of an error of litellm's whether it passes, ends the request, or ends the run."""
    if isinstance(error, BackboneError):
        return error
    if isinstance(error, litellm.ContextWindowExceededError):
        return RequestFailed(f"the request is longer than the model's context ({said})")
    if isinstance(error, litellm.ContentPolicyViolationError):
        return RequestFailed(f"refused by the provider's content policy ({said})")
    if isinstance(error, litellm.exceptions.UnsupportedParamsError) or "LLM Provider NOT provided" in said:
        return BackboneUnusable(f"{model} cannot be called so ({said})")
    if isinstance(error, litellm.Timeout | TimeoutError):
        return Passing(said, crowded=True)
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        return Passing(f"{type(error).__name__}: {said}")
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or getattr(error, "litellm_response_headers", None)
    return refused(status, said, model, retry_after(headers or {}))


@cache
def _price_list() -> dict[str, Any]:
    """What litellm knows of prices, without the second that its import takes."""
    spec = find_spec("litellm")
    folder = Path(spec.origin or "").parent if spec else Path()
    try:
        found: dict[str, Any] = json.loads((folder / "model_prices_and_context_window_backup.json").read_bytes())
    except (OSError, ValueError):
        return dict(import_litellm().model_cost)
    return found


def _listed(model: str) -> dict[str, Any]:
    """What litellm knows of a model's price; nothing where it knows none."""
    known = _price_list().get(model) or _price_list().get(model.partition("/")[2]) or {}
    return known if known.get("input_cost_per_token") else {}


def count_tokens(model: str, messages: Sequence[dict[str, str]]) -> int:
    """Return about how many tokens a request has, by the model's own tokenizer where litellm brings it, else by a usual one."""
    return int(import_litellm().token_counter(model=model, messages=list(messages)))


def price(
    model: str, prices: Prices | None, prompt_tokens: int, completion_tokens: int, *, batch: bool = False
) -> float | None:
    """Return what tokens cost in US dollars, asked at once or by batch; None where the price is not known."""
    if prices is None and (model == "local" or model.startswith("local:")):
        prices = Prices(input=0, output=0)
    if prices is None:
        known, kind = _listed(model), "_batches" if batch else ""
        if f"input_cost_per_token{kind}" not in known or f"output_cost_per_token{kind}" not in known:
            return None
        prices = Prices(
            input=known[f"input_cost_per_token{kind}"] * 1e6, output=known[f"output_cost_per_token{kind}"] * 1e6
        )
    return (prompt_tokens * prices.input + completion_tokens * prices.output) / 1e6
