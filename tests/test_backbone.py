"""The backbone, through litellm and directly, against servers that speak the providers' wire formats: one suite for both."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from servers import BackboneServer

from balsa_data.backbone import LiteLLM, connect
from balsa_data.client import Client
from balsa_data.errors import BackboneUnusable, BudgetReached, RequestFailed
from balsa_data.journal import Answer
from balsa_data.recipe import Prices
from balsa_data.transport import Direct

MESSAGES = [{"role": "system", "content": "Listen."}, {"role": "user", "content": "What can you hear?"}]
PREFIXES = {
    "openai": ("openai/test", "/v1"),
    "hosted_vllm": ("hosted_vllm/test", "/v1"),
    "anthropic": ("anthropic/test", ""),
    "ollama": ("ollama/test", ""),
    "ollama_chat": ("ollama_chat/test", ""),
}
WAYS = [*((LiteLLM, prefix) for prefix in PREFIXES), (Direct, "openai"), (Direct, "hosted_vllm")]
every_way = pytest.mark.parametrize(("kind", "prefix"), WAYS, ids=lambda v: getattr(v, "__name__", v))
both = pytest.mark.parametrize("kind", [LiteLLM, Direct])
Kind = type[Client]


def parrot(messages: list[dict[str, str]], seed: int | None) -> str:
    return f"  You said: {messages[-1]['content'].strip()[-18:]}\n"


def ask(server: BackboneServer, kind: Kind, prefix: str = "openai", **options: Any) -> Answer:
    model, path = PREFIXES[prefix]
    parameters = {"api_key": "sk-secret", "max_tokens": 50, **options.pop("parameters", {})}
    return asked(kind(model, [server.url + path], parameters, **{"longest_wait": 0.05, **options}))


def asked(backbone: Client, times: int = 1) -> Answer:
    async def main() -> Answer:
        try:
            return (await asyncio.gather(*(backbone.ask(MESSAGES, seed=11) for _ in range(times))))[-1]
        finally:
            await backbone.aclose()

    return asyncio.run(main())


def answering(*statuses: int, **kwargs: Any) -> Callable[[web.Request], Awaitable[web.StreamResponse | None]]:
    """A server that gives these statuses first, and then answers."""
    left = list(statuses)

    async def fault(_: web.Request) -> web.StreamResponse | None:
        return (
            web.json_response({"error": {"message": "no luck", "type": "x"}}, status=left.pop(0), **kwargs)
            if left
            else None
        )

    return fault


@every_way
def test_every_wire_format_brings_the_text_verbatim_with_its_usage(kind: Kind, prefix: str) -> None:
    with BackboneServer(parrot) as server:
        answer = ask(server, kind, prefix)
    assert answer.text == "  You said: What can you hear?\n"
    assert answer.finish_reason == "stop"
    assert answer.usage.requests == 1
    assert answer.usage.prompt_tokens > 0
    assert answer.usage.completion_tokens > 0
    assert "Listen." in str(server.bodies[0])


@both
def test_parameters_and_the_seed_are_sent(kind: Kind) -> None:
    extra = {"extra_headers": {"X-Team": "audio"}, "extra_body": {"top_k": 4}}
    with BackboneServer(parrot) as server:
        ask(server, kind, parameters={"temperature": 0.3, **extra})
    assert server.bodies[0]["model"] == "test"
    assert server.bodies[0]["messages"] == MESSAGES
    assert server.bodies[0]["top_k"] == 4
    headers = {name.lower(): value for name, value in server.bodies[0]["_headers"].items()}
    assert headers["x-team"] == "audio"
    assert headers["authorization"] == "Bearer sk-secret"
    assert not {"api_key", "timeout", "extra_headers", "extra_body"} & set(server.bodies[0])
    assert server.bodies[0]["temperature"] == 0.3
    assert server.bodies[0]["max_tokens"] == 50
    assert server.bodies[0]["seed"] == 11


@both
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_what_can_pass_is_tried_again_and_counted(kind: Kind, status: int) -> None:
    with BackboneServer(parrot, answering(status, status)) as server:
        answer = ask(server, kind)
    assert server.requests == answer.usage.requests == 3


@both
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_that_asks_to_wait_is_waited_for(kind: Kind, form: str) -> None:
    now = 1_700_000_000  # by the server's clock, which is not ours
    headers = {"Retry-After": "0.7"}
    if form == "date":
        headers = {"Retry-After": formatdate(now + 1, usegmt=True), "Date": formatdate(now, usegmt=True)}
    with BackboneServer(parrot, answering(429, headers=headers)) as server:
        started = time.monotonic()
        ask(server, kind, longest_wait=5)
    assert 0.7 <= time.monotonic() - started < 5


@both
def test_a_request_that_never_gets_an_answer_fails_with_its_tries(kind: Kind) -> None:
    with (
        BackboneServer(parrot, answering(*[500] * 9)) as server,
        pytest.raises(RequestFailed, match="no answer in 4 tries") as failed,
    ):
        ask(server, kind, tries=4)
    assert failed.value.requests == server.requests == 4


@pytest.mark.parametrize(
    ("status", "says"), [(401, "refuses the key"), (403, "denies access"), (404, "does not exist")]
)
@every_way
def test_a_wrong_key_or_model_makes_the_backbone_unusable_at_once(
    kind: Kind, prefix: str, status: int, says: str
) -> None:
    with (
        BackboneServer(parrot, answering(*[status] * 9)) as server,
        pytest.raises(BackboneUnusable, match=says) as error,
    ):
        ask(server, kind, prefix)
    assert server.requests == 1
    assert "sk-secret" not in str(error.value)
    assert "\n" not in str(error.value)


@both
def test_a_request_too_long_or_against_policy_fails_alone(kind: Kind) -> None:
    async def too_long(_: web.Request) -> web.StreamResponse:
        message = "This model's maximum context length is 2048 tokens. Please reduce the length of the messages."
        return web.json_response({"error": {"message": message, "code": "context_length_exceeded"}}, status=400)

    with (
        BackboneServer(parrot, too_long) as server,
        pytest.raises(RequestFailed, match="longer than the model's context"),
    ):
        ask(server, kind)
    assert server.requests == 1


@pytest.mark.parametrize(
    "body",
    [{"choices": []}, {"choices": [{"message": {"role": "assistant", "content": None}, "finish_reason": "stop"}]}],
)
@both
def test_an_answer_without_text_is_asked_for_again(kind: Kind, body: dict[str, Any]) -> None:
    wrong = [web.json_response({"id": "1", "object": "chat.completion", "created": 0, "model": "t", **body})]

    async def fault(_: web.Request) -> web.StreamResponse | None:
        return wrong.pop() if wrong else None

    with BackboneServer(parrot, fault) as server:
        assert ask(server, kind).usage.requests == server.requests == 2


@both
def test_a_withheld_answer_fails_its_request(kind: Kind) -> None:
    with BackboneServer(parrot) as server:
        server.finish_reason = "content_filter"
        with pytest.raises(RequestFailed, match="content filter"):
            ask(server, kind)
    assert server.requests == 1


@both
def test_a_cut_answer_says_so(kind: Kind) -> None:
    with BackboneServer(parrot) as server:
        server.finish_reason = "length"
        assert ask(server, kind).finish_reason == "length"


@both
def test_cost_is_known_by_price_and_otherwise_unknown_never_zero(kind: Kind) -> None:
    with BackboneServer(parrot) as server:
        assert ask(server, kind).usage.cost is None
        priced = ask(server, kind, prices=Prices(input=1e6, output=2e6))
    assert priced.usage.cost == priced.usage.prompt_tokens + 2 * priced.usage.completion_tokens


@both
def test_several_addresses_share_the_load(kind: Kind) -> None:
    with BackboneServer(parrot, delay=0.1) as a, BackboneServer(parrot, delay=0.1) as b:
        asked(kind("openai/test", [a.url + "/v1", b.url + "/v1"], {"api_key": "k"}), times=8)
    assert a.requests == b.requests == 4


@both
def test_every_try_asks_for_permission_to_spend(kind: Kind) -> None:
    def broke() -> None:
        raise BudgetReached("no money")

    with BackboneServer(parrot) as server, pytest.raises(BudgetReached):
        ask(server, kind, spend=broke)
    assert server.requests == 0


def test_an_address_where_nobody_answers_is_named_before_any_call() -> None:
    with pytest.raises(BackboneUnusable, match=r"nobody answers at http://127.0.0.1:9/v1 .*vllm serve"):
        connect("openai/test", ["http://127.0.0.1:9/v1"])
    with pytest.raises(BackboneUnusable, match="is not an address"):
        connect("openai/test", ["127.0.0.1:8000"])


def test_a_model_string_that_means_nothing_is_unusable() -> None:
    with pytest.raises(BackboneUnusable, match="no-such-provider"):
        asyncio.run(LiteLLM("no-such-provider/x", (), {"api_key": "k"}).ask(MESSAGES, seed=1))


@pytest.mark.parametrize("name", ["local:nowhere/model.gguf", "local:/nowhere.gguf", "local:./x.gguf"])
def test_a_model_file_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(BackboneUnusable, match=name.partition(":")[2]):
        connect(name)


@pytest.mark.parts
def test_the_embedded_model_answers_the_same_twice(parts: Path) -> None:
    os.environ["BALSA_LOCAL_MODEL"] = str(next((parts / "smollm2").glob("*.gguf")))
    backbone = connect("local", parameters={"max_tokens": 8, "temperature": 0})
    one, two = asked(backbone), asked(backbone)
    assert one.text
    assert one.text == two.text
    assert one.finish_reason == "length"
    assert one.usage.cost == 0
    assert one.usage.prompt_tokens > 10
