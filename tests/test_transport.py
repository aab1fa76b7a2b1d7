"""What servers say wrongly, and both ways of asking, held to the same; then what the direct way has of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from faults import FaultyServer
from servers import BackboneServer
from test_backbone import Kind, ask, asked, both, parrot

from balsa_data.backbone import LiteLLM, connect
from balsa_data.client import LONGEST_TEXT
from balsa_data.errors import BackboneUnusable, RequestFailed
from balsa_data.recipe import Prices
from balsa_data.transport import Direct

Answering = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


def saying(text: Any, **changed: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    whole = {"id": "1", "object": "chat.completion", "created": 0, "model": "t", "choices": [choice], **changed}
    return json.dumps(whole).encode()


def once(data: bytes, content_type: str = "application/json") -> Answering:
    """A server that sends this first, and then answers."""
    left = [data]

    async def fault(_: web.Request) -> web.StreamResponse | None:
        return web.Response(body=left.pop(), content_type=content_type) if left else None

    return fault


NO_ANSWERS = {
    "nothing": b"",
    "half of it": saying("A dog barks.")[:60],
    "a page": b"<html><body>Welcome</body></html>",
    "no object": b'["a"]',
    "no list of choices": saying("", choices=None),
    "an empty choice": saying("", choices=[None]),
    "a number": saying(5),
    "invalid UTF-8": saying("@").replace(b"@", b"\xff\xfe"),
    "half a character": saying("\ud800"),
    "far too much": saying("a" * (LONGEST_TEXT + 1)),
}


@both
@pytest.mark.parametrize("data", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_is_asked_for_again(kind: Kind, data: bytes) -> None:
    with BackboneServer(parrot, once(data)) as server:
        answer = ask(server, kind)
    assert answer.text == "  You said: What can you hear?\n"
    assert answer.usage.requests == server.requests == 2


@both
@pytest.mark.parametrize("usage", [{"prompt_tokens": -5, "completion_tokens": -1, "total_tokens": -6}, None])
def test_nonsense_about_usage_is_no_usage_and_its_cost_unknown(kind: Kind, usage: Any) -> None:
    with BackboneServer(parrot, once(saying("A dog.", usage=usage))) as server:
        answer = ask(server, kind, prices=Prices(input=1, output=1))
    assert answer.text == "A dog."
    assert min(answer.usage.prompt_tokens, answer.usage.completion_tokens) >= 0
    assert answer.usage.cost is None or usage is None  # litellm counts words where a server tells nothing


@both
def test_a_server_that_takes_too_long_is_asked_again(kind: Kind) -> None:
    left = [1]

    async def slow(_: web.Request) -> None:
        if left:
            left.pop()
            await asyncio.sleep(5)

    with BackboneServer(parrot, slow) as server:
        started = time.monotonic()
        assert ask(server, kind, parameters={"timeout": 0.3}).usage.requests == 2
        assert time.monotonic() - started < 4


@both
def test_what_waits_forever_is_not_waited_for(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """As aiohttp does, whatever its own limit, where a server's second answer cuts into its first."""
    send, left = kind._send, [1]

    async def stuck(self: Any, *told: Any) -> Any:
        if left:
            left.pop()
            await asyncio.Event().wait()
        return await send(self, *told)

    monkeypatch.setattr(kind, "_send", stuck)
    with BackboneServer(parrot) as server:
        assert ask(server, kind, parameters={"timeout": 0.3}).usage.requests == 2


@pytest.mark.parametrize("timeout", ["soon", None, [5], float("nan"), 0])
def test_a_limit_in_no_seconds_is_refused(timeout: Any) -> None:
    with pytest.raises(BackboneUnusable, match="timeout"):
        Direct("openai/t", ["http://127.0.0.1:9/v1"], {"timeout": timeout})


@both
@pytest.mark.parametrize("status", [400, 401, 500])
def test_no_message_holds_a_key_though_the_server_repeats_it(
    kind: Kind, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "from-the-environment")

    async def telltale(request: web.Request) -> web.StreamResponse:
        message = f"bad: {request.headers['Authorization']} from-the-environment {request.headers.get('X-Token')}"
        return web.json_response({"error": {"message": message}}, status=status)

    headers = {"extra_headers": {"X-Token": "in-a-header"}}
    with BackboneServer(parrot, telltale) as server, pytest.raises((BackboneUnusable, RequestFailed)) as told:
        ask(server, kind, tries=1, parameters=headers)
    assert not {"sk-secret", "from-the-environment", "in-a-header"} & set(str(told.value).replace("*", " ").split())


# -- the direct way --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("prefix", "variable"), [("openai", "OPENAI_API_KEY"), ("hosted_vllm", "HOSTED_VLLM_API_KEY")])
def test_the_key_is_the_environments_where_none_is_given(
    prefix: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "sk-env")
    with BackboneServer(parrot) as server:
        ask(server, Direct, prefix, parameters={"api_key": None})
    assert server.bodies[0]["_headers"]["Authorization"] == "Bearer sk-env"


@pytest.mark.parametrize(
    ("model", "options", "kind"),
    [
        ("hosted_vllm/a/b", {}, Direct),
        ("openai/test", {}, Direct),
        ("openai/test", {"parameters": {"drop_params": True}}, LiteLLM),
        ("openai/gpt-4o-mini", {}, LiteLLM),  # litellm knows its price, discounts and all
        ("openai/gpt-4o-mini", {"prices": Prices(input=1, output=2)}, Direct),
        ("ollama/test", {}, LiteLLM),
    ],
)
def test_servers_that_speak_the_protocol_are_asked_directly(model: str, options: dict[str, Any], kind: Kind) -> None:
    with BackboneServer(parrot) as server:
        assert type(connect(model, [server.url + "/v1"], **options)) is kind


def test_an_answer_to_another_request_is_not_taken() -> None:
    with FaultyServer(lambda messages, seed: f"answer {seed}", {"someone_elses": 0.5}) as server:
        backbone = Direct("hosted_vllm/t", [server.url], {"api_key": "k"}, longest_wait=0.01, tries=20)

        async def main() -> list[str | None]:
            messages = [{"role": "user", "content": "?"}]
            answers = await asyncio.gather(*(backbone.ask(messages, seed=i) for i in range(50)))
            await backbone.aclose()
            return [a.text for a in answers]

        assert asyncio.run(main()) == [f"answer {i}" for i in range(50)]
    assert server.done["someone_elses"] > 10


def test_an_answer_to_another_client_is_not_taken() -> None:
    with FaultyServer(lambda *_: f"answer {i}", {"someone_elses": 0.9}) as server:
        for i in range(5):  # each client may be sent first what the one before it was told
            backbone = Direct("hosted_vllm/t", [server.url], {"api_key": "k"}, longest_wait=0.01, tries=200)
            assert asked(backbone).text == f"answer {i}"
    assert server.done["someone_elses"] > 5


def test_a_client_works_in_one_loop_after_the_other() -> None:
    with BackboneServer(parrot) as server:
        backbone = Direct("openai/test", [server.url + "/v1"], {"api_key": "k"})
        assert asked(backbone).text == asked(backbone).text


def test_a_refused_page_is_told_in_one_line() -> None:
    async def page(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>\n<h1>Bad\nGateway</h1>", status=502, content_type="text/html")

    with BackboneServer(parrot, page) as server, pytest.raises(RequestFailed, match="<html> <h1>Bad Gateway") as told:
        ask(server, Direct, tries=1)
    assert "\n" not in str(told.value)
