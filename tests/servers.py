"""Small servers that speak the wire formats of backbones, on 127.0.0.1, for as long as a `with` lasts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Reply = Callable[[list[dict[str, str]], int | None], str]
Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


def tokens(text: str) -> int:
    return len(text.split())


class BackboneServer:
    """Answers in the OpenAI, Anthropic and Ollama formats by a function of messages and seed.

    Args:
        reply: Makes the answer's text.
        fault: Looks at each request first; a response it returns is sent instead.
        delay: Seconds before each answer.
    """

    def __init__(self, reply: Reply, fault: Fault | None = None, delay: float = 0.0) -> None:
        self.reply, self.fault, self.delay = reply, fault, delay
        self.bodies: list[dict[str, Any]] = []
        self.finish_reason = "stop"

    @property
    def requests(self) -> int:
        return len(self.bodies)

    def __enter__(self) -> BackboneServer:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()

        async def serve() -> None:
            app = web.Application(client_max_size=2**26)
            app.router.add_post("/v1/chat/completions", self._openai)
            app.router.add_post("/v1/messages", self._anthropic)
            app.router.add_post("/api/chat", self._ollama_chat)
            app.router.add_post("/api/generate", self._ollama_generate)
            app.router.add_post("/api/show", self._ollama_show)
            self.routes(app)
            self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
            await self._runner.setup()
            site = web.TCPSite(self._runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

        def target() -> None:
            self._loop.run_until_complete(serve())
            self._loop.call_soon(ready.set)  # not before: a stop that comes ahead of `run_forever` would stop nothing
            self._loop.run_forever()
            self._loop.run_until_complete(self._runner.cleanup())
            self._loop.close()

        self._thread = threading.Thread(target=target, daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def routes(self, app: web.Application) -> None:
        """More of them, of a subclass."""

    async def _answer(self, request: web.Request, seed: Callable[[dict[str, Any]], int | None]) -> tuple[Any, str, int]:
        body = await request.json()
        self.bodies.append({**body, "_headers": dict(request.headers)})
        if self.fault is not None and (wrong := await self.fault(request)) is not None:
            return wrong, "", 0
        await asyncio.sleep(self.delay)
        messages = [{"role": m["role"], "content": _text(m["content"])} for m in body.get("messages", [])]
        if "system" in body:
            messages.insert(0, {"role": "system", "content": _text(body["system"])})
        if "prompt" in body:
            messages = [{"role": "user", "content": body["prompt"]}]
        return None, self.reply(messages, seed(body)), sum(tokens(m["content"]) for m in messages)

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        wrong, text, sent = await self._answer(request, lambda b: b.get("seed"))
        if wrong is not None:
            return wrong
        return web.json_response({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "test",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": self.finish_reason}],
            "usage": {"prompt_tokens": sent, "completion_tokens": tokens(text), "total_tokens": sent + tokens(text)},
        })  # fmt: skip

    async def _anthropic(self, request: web.Request) -> web.StreamResponse:
        wrong, text, sent = await self._answer(request, lambda b: None)
        if wrong is not None:
            return wrong
        return web.json_response({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "test",
            "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": None,
            "usage": {"input_tokens": sent, "output_tokens": tokens(text)},
        })  # fmt: skip

    async def _ollama_chat(self, request: web.Request) -> web.StreamResponse:
        return await self._ollama(request, lambda text: {"message": {"role": "assistant", "content": text}})

    async def _ollama_generate(self, request: web.Request) -> web.StreamResponse:
        return await self._ollama(request, lambda text: {"response": text})

    async def _ollama(self, request: web.Request, shape: Callable[[str], dict[str, Any]]) -> web.StreamResponse:
        wrong, text, sent = await self._answer(request, lambda b: b.get("options", {}).get("seed"))
        if wrong is not None:
            return wrong
        return web.json_response({
            "model": "test", "created_at": "2026-01-01T00:00:00Z", "done": True, "done_reason": "stop",
            "prompt_eval_count": sent, "eval_count": tokens(text), **shape(text),
        })  # fmt: skip

    async def _ollama_show(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"template": "", "model_info": {}, "capabilities": ["completion"]})


def _text(content: Any) -> str:
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)
