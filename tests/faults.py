"""A server that misbehaves on purpose: chat completions with faults, each at a share of the requests, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from email.utils import formatdate
from random import Random
from typing import Any

from servers import Reply, tokens

JUNK_USAGE: list[Any] = [None, "many", [], {"prompt_tokens": -5, "completion_tokens": "7"}, {"prompt_tokens": 1e400}]


class Fault:
    """One exchange: what a fault may do with it."""

    def __init__(self, server: FaultyServer, transport: Any, body: dict[str, Any], mine: str, theirs: Any) -> None:
        self.server, self.transport, self.body, self.mine, self.theirs = server, transport, body, mine, theirs

    def whole(self, **changed: Any) -> dict[str, Any]:
        text = self.server.reply(self.body["messages"], self.body.get("seed"))
        return {
            "id": f"chatcmpl-{self.mine}", "object": "chat.completion", "created": 0, "model": "t",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 50, "completion_tokens": tokens(text), "total_tokens": 50 + tokens(text)}, **changed,
        }  # fmt: skip

    def saying(self, content: Any) -> dict[str, Any]:
        return self.whole(
            choices=[{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]
        )

    def send(self, what: Any, status: str = "200 OK", headers: str = "") -> bytes:
        data = what if isinstance(what, bytes) else json.dumps(what).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(data)}\r\n\r\n"
        self.transport.write(head.encode() + data)
        return head.encode() + data

    def later(self, seconds: float, do: Callable[[], Any]) -> None:
        asyncio.get_running_loop().call_later(seconds, lambda: self.transport.is_closing() or do())

    def crowded(self) -> None:
        self.send({"error": {"message": "slow down"}}, "429 Too Many Requests")

    def crowded_and_says_when(self) -> None:
        self.send({"error": {"message": "slow down"}}, "429 Too Many Requests", "Retry-After: 0.05\r\n")

    def crowded_until_a_date(self) -> None:
        headers = f"Date: {formatdate(usegmt=True)}\r\nRetry-After: {formatdate(time.time() + 1, usegmt=True)}\r\n"
        self.send({"error": {"message": "slow down"}}, "429 Too Many Requests", headers)

    def broken(self) -> None:
        self.send({"error": {"message": "oh"}}, "500 Internal Server Error")

    def gateway_page(self) -> None:
        self.send(b"<html><body><h1>502 Bad Gateway</h1></body></html>", "502 Bad Gateway")

    def silence(self) -> None:
        pass

    def reset(self) -> None:
        self.transport.abort()

    def half_a_body(self) -> None:
        data = json.dumps(self.whole()).encode()
        self.transport.write(
            f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data[: len(data) // 2]
        )
        self.transport.close()

    def half_a_json(self) -> None:
        data = json.dumps(self.whole()).encode()
        self.send(data[: len(data) // 2])

    def no_choices(self) -> None:
        self.send(self.whole(choices=self.server.random.choice([[], None, [None], "x"])))

    def no_content(self) -> None:
        self.send(self.saying(self.server.random.choice([None, 5, {"a": 1}])))

    def wrong_usage(self) -> None:
        self.send(self.whole(usage=self.server.random.choice(JUNK_USAGE)))

    def twice_at_once(self) -> None:
        self.transport.write(self.send(self.whole()))

    def twice(self) -> None:
        sent = self.send(self.whole())
        self.later(0.005, lambda: self.transport.write(sent))

    def drip(self) -> None:
        data = json.dumps(self.whole()).encode()
        self.transport.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(data)}\r\n\r\n".encode())
        step = len(data) // 8 + 1
        for i in range(8):
            self.later(0.01 * i, lambda i=i: self.transport.write(data[i * step : (i + 1) * step]))

    def someone_elses(self) -> None:
        self.send(self.theirs or self.whole())

    def unicode_junk(self) -> None:
        junk = json.dumps(self.saying("@")).encode()
        self.send(junk.replace(b'"@"', self.server.random.choice([b'"\xff\xfe\xc3"', b'"a\\ud800b"', b'"\\udc00"'])))

    def ten_megabytes(self) -> None:
        self.send(self.server.large.replace(b"<id>", self.mine.encode()))


FAULTS: Mapping[str, Callable[[Fault], None]] = {
    name: act
    for name, act in vars(Fault).items()
    if name[0] != "_" and name not in {"whole", "saying", "send", "later"}
}


class FaultyServer(asyncio.Protocol):
    """Answers like a vLLM (its ids are the requests'), but for a share of requests for each fault.

    Args:
        reply: Makes the answer's text.
        shares: By fault's name; they sum to 1 at most.
        seed: Decides which requests are hit.
    """

    def __init__(self, reply: Reply, shares: Mapping[str, float], seed: int = 0) -> None:
        self.reply, self.shares, self.random = reply, shares, Random(seed)
        self.done: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()  # by request
        self.last: Any = None
        text = "I can hear a dog barking. " * 400_000
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        self.large = json.dumps({"id": "chatcmpl-<id>", "choices": [choice]}).encode()

    def __enter__(self) -> FaultyServer:
        self._loop, ready = asyncio.new_event_loop(), threading.Event()

        async def serve() -> None:
            self._server = await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1024)
            self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
            ready.set()

        def target() -> None:
            self._loop.run_until_complete(serve())
            self._loop.run_forever()
            self._server.close()
            self._loop.run_until_complete(asyncio.sleep(0.01))
            self._loop.close()

        self._thread = threading.Thread(target=target, daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def answer(self, transport: Any, body: dict[str, Any], mine: str) -> None:
        self.asked[json.dumps([body["messages"], body.get("seed")])] += 1
        fault = Fault(self, transport, body, mine, self.last)
        self.last = fault.whole()
        name = self.random.choices([*self.shares, ""], [*self.shares.values(), 1 - sum(self.shares.values())])[0]
        self.done[name] += 1
        FAULTS[name](fault) if name else fault.send(self.last)


class _Connection(asyncio.Protocol):
    def __init__(self, server: FaultyServer) -> None:
        self.server, self.data = server, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = dict(line.lower().split(b": ", 1) for line in self.data[:end].split(b"\r\n")[1:])
            end += 4 + int(head[b"content-length"])
            if len(self.data) < end:
                return
            body, self.data = json.loads(self.data[self.data.find(b"\r\n\r\n") : end]), self.data[end:]
            self.server.answer(self.transport, body, head.get(b"x-request-id", b"").decode())
