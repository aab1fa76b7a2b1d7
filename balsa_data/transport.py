"""The short way to servers that speak the OpenAI protocol: vLLM, SGLang, TGI, llama.cpp, one's own proxy.

litellm goes to every provider and takes some 3 ms of CPU for a request, ten times what such a server's wire format needs.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass
from uuid import uuid4

import aiohttp
from pydantic_core import from_json, to_json

from balsa_data.client import Client, Passing, complaint, completion, refused, retry_after
from balsa_data.journal import Answer
from balsa_data.pacing import Endpoint

__all__ = ["Direct", "speaks"]

PREFIXES = {"openai": "OPENAI_API_KEY", "hosted_vllm": "HOSTED_VLLM_API_KEY"}
LARGEST_BODY = 2**23  # bytes; room for log probabilities beside the text
NOT_SENT = {"api_key", "timeout", "extra_headers", "extra_body"}
LITELLMS = frozenset(
    "additional_drop_params allowed_openai_params api_version cache caching client custom_llm_provider default_headers "
    "drop_params fallbacks headers max_retries metadata mock_response num_retries organization ssl_verify stream".split()
)
"""Parameters that mean something to litellm, not to the server: with one of them, litellm is asked."""
_TRY = re.compile(r"balsa-[0-9a-f]{12}-\d+")  # what `X-Request-Id` says: a client's mark, a try's number


def speaks(model: str, api_bases: Sequence[str], parameters: Mapping[str, Any]) -> bool:
    """Whether a model is reached directly: its prefix says OpenAI protocol, its address is given, and no parameter is litellm's own."""
    return bool(api_bases) and model.partition("/")[0] in PREFIXES and not LITELLMS & set(parameters)


class Direct(Client):
    """A model behind the OpenAI protocol (``hosted_vllm/…``, ``openai/…``), asked over kept connections.

    The key is the parameter ``api_key``, or what ``HOSTED_VLLM_API_KEY`` or ``OPENAI_API_KEY`` holds. Each try carries an
    ``X-Request-Id`` of its own; an answer that bears another try's, of whatever client, is not taken.
    """

    def __init__(
        self, model: str, api_bases: Sequence[str], parameters: dict[str, Any] | None = None, **options: Any
    ) -> None:
        super().__init__(model, api_bases, parameters, **options)
        prefix, _, self._name = model.partition("/")
        key = self._parameters.get("api_key") or os.environ.get(PREFIXES[prefix])
        self._headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        self._headers |= self._parameters.get("extra_headers") or {}
        self._body = {k: v for k, v in self._parameters.items() if k not in NOT_SENT and v is not None}
        self._body |= {"model": self._name, **(self._parameters.get("extra_body") or {})}
        self._addresses = {e: _Address(e.base or "") for e in self._pool.endpoints}
        self._numbers, self._mark = count(), f"balsa-{uuid4().hex[:12]}-"
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def aclose(self) -> None:
        """Close the connections; the client can be used again."""
        if self._session is not None and self._loop is asyncio.get_running_loop():
            await self._session.close()
        self._session = None

    def _open(self) -> aiohttp.ClientSession:
        """The session of the running loop, in which alone it can be used."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            self._loop, unlimited = loop, aiohttp.ClientTimeout()  # `Client` sees to the time
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), timeout=unlimited, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def _send(self, endpoint: Endpoint, messages: Sequence[dict[str, str]], seed: int) -> Answer:
        address, this = self._addresses[endpoint], f"{self._mark}{next(self._numbers)}"
        body = to_json({"messages": messages, "seed": seed, **self._body})
        try:
            async with self._open().post(
                address.url,
                data=aiohttp.BytesPayload(body),
                headers={**self._headers, "X-Request-Id": this},
                proxy=address.proxy,
            ) as response:
                data = await _read(response)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Passing(self._said(f"{type(error).__name__}: {error}")) from None
        if response.status >= 400:
            raise refused(
                response.status, self._said(complaint(data)), self._at(endpoint), retry_after(response.headers)
            )
        return self._parsed(data, this)

    def _parsed(self, data: bytes, this: str) -> Answer:
        try:
            told = from_json(data)
        except ValueError as error:
            raise Passing(f"the answer is not valid JSON: {self._said(str(error))}") from None
        if not isinstance(told, dict):
            raise Passing("the answer is not a JSON object")
        told_of = _TRY.search(str(told.get("id")))  # vLLM's ids are made of the requests', this client's or another's
        if told_of and told_of[0] != this:
            raise Passing("the answer is to another request")
        return self._answer(*completion(told))


class _Address:
    """Where requests go, and through which of the environment's proxies."""

    def __init__(self, base: str) -> None:
        self.url = base.rstrip("/").removesuffix("/chat/completions") + "/chat/completions"
        parts = urlsplit(base)
        self.proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_BODY:
            response.close()
            raise Passing(f"the answer has more than {LARGEST_BODY:,} bytes")
    return b"".join(chunks)
