"""A server that speaks the OpenAI protocol's files and batches, with failures at a share of its items and calls."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from aiohttp import web
from servers import BackboneServer, Reply, tokens

Item = dict[str, Any]


def _said(item: Item, status: int, body: Any) -> Item:
    response = {"status_code": status, "request_id": "r", "body": body}
    return {"id": "i", "custom_id": item["custom_id"], "response": response, "error": None}


def _error(item: Item, code: str) -> Item:
    return {"id": "i", "custom_id": item["custom_id"], "response": None, "error": {"code": code, "message": "no"}}


ITEMS: Mapping[str, Callable[[Item, Item], list[Item]]] = {  # what may become of an item: from it and its good answer
    "broken": lambda item, good: [_said(item, 500, {"error": {"message": "oh"}})],
    "expired": lambda item, good: [_error(item, "batch_expired")],
    "missing": lambda item, good: [],
    "twice": lambda item, good: [good, good],
    "someone_elses": lambda item, good: [{**good, "custom_id": "positive-0123456789abcdef.0"}],
    "no_choices": lambda item, good: [_said(item, 200, {"choices": []})],
    "no_content": lambda item, good: [_said(item, 200, {"choices": [{"message": {"content": None}}]})],
    "nonsense": lambda item, good: [{"custom_id": item["custom_id"], "response": "?"}],
}


class BatchServer(BackboneServer):
    """Takes files and batches, and answers a batch as soon as it was looked at twice.

    Args:
        reply: Makes an answer's text.
        shares: By what may become of an item (`ITEMS`).
        calls: Share of the calls to the API itself that fail.
        refuse: An error (code, message) with which the next batch fails as a whole.
    """

    def __init__(self, reply: Reply, shares: Mapping[str, float] = {}, calls: float = 0.0, seed: int = 0) -> None:
        super().__init__(reply)
        self.shares, self.calls, self.random = shares, calls, Random(seed)
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()  # by custom id
        self.done: Counter[str] = Counter()
        self.refuse: tuple[str, str] | None = None
        self.hold = False  # keeps batches in progress
        self.swallow = False  # makes the next batch, and never says so

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/v1/files", self._take_file)
        app.router.add_get("/v1/files/{id}/content", self._give_file)
        app.router.add_post("/v1/batches", self._take_batch)
        app.router.add_get("/v1/batches", self._list)
        app.router.add_get("/v1/batches/{id}", self._look)

    def _unwell(self) -> None:
        if self.random.random() < self.calls:
            raise self.random.choice([web.HTTPServiceUnavailable, web.HTTPTooManyRequests, web.HTTPBadGateway])

    async def _take_file(self, request: web.Request) -> web.StreamResponse:
        data = (await request.post())["file"]
        self._unwell()
        name = f"file-{len(self.files)}"
        self.files[name] = data.file.read()  # type: ignore[union-attr]  # a file's field
        return web.json_response({
            "id": name, "object": "file", "bytes": 1, "created_at": 0, "filename": "f", "purpose": "batch", "status": "processed",
        })  # fmt: skip

    async def _give_file(self, request: web.Request) -> web.StreamResponse:
        self._unwell()
        return web.Response(body=self.files[request.match_info["id"]])

    async def _take_batch(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self._unwell()
        assert body["endpoint"] == "/v1/chat/completions"
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {
            "id": name, "object": "batch", "endpoint": body["endpoint"], "completion_window": "24h", "created_at": 0,
            "input_file_id": body["input_file_id"], "status": "validating", "metadata": body.get("metadata"),
        }  # fmt: skip
        if self.swallow:
            self.swallow = False
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self.batches[name])

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self._unwell()
        listed = {"object": "list", "data": list(self.batches.values())[::-1], "has_more": False}
        response = web.json_response(listed)
        response.force_close()  # this call's client, which litellm leaves open, takes no header that says so
        return response

    async def _look(self, request: web.Request) -> web.StreamResponse:
        self._unwell()
        batch = self.batches[request.match_info["id"]]
        if self.refuse and batch["status"] == "validating":
            (code, message), self.refuse = self.refuse, None
            batch["status"] = "failed"
            batch["errors"] = {"object": "list", "data": [{"code": code, "message": message}]}
        elif batch["status"] == "validating":
            batch["status"] = "in_progress"
        elif batch["status"] == "in_progress" and not self.hold:
            self._answer_all(batch)
        return web.json_response(batch)

    def _answer_all(self, batch: dict[str, Any]) -> None:
        good, bad = [], []
        for item in map(json.loads, self.files[batch["input_file_id"]].splitlines()):
            self.asked[item["custom_id"]] += 1
            fault = self.random.choices([*self.shares, ""], [*self.shares.values(), 1 - sum(self.shares.values())])[0]
            self.done[fault] += 1
            said = self.answered(item)
            for line in ITEMS[fault](item, said) if fault else [said]:
                (bad if line.get("error") else good).append(line)
        self.random.shuffle(good)
        batch["status"] = "expired" if self.done["expired"] else "completed"
        for field, lines in (("output_file_id", good), ("error_file_id", bad)):
            if lines:
                batch[field] = f"file-{len(self.files)}"
                self.files[batch[field]] = "".join(json.dumps(line) + "\n" for line in lines).encode()

    def answered(self, item: Item) -> Item:
        """The good answer to an item, as a runner writes it too."""
        body = item["body"]
        text = self.reply(body["messages"], body.get("seed"))
        usage = {"prompt_tokens": 50, "completion_tokens": tokens(text), "total_tokens": 50 + tokens(text)}
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return _said(item, 200, {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage})
