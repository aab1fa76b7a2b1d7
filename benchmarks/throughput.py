"""How fast samples are made: the whole of `synthesize` beside bare clients, against one server with a fixed latency.

python benchmarks/throughput.py [--requests 10000] [--concurrency 100 256] [--latency 0.2] [--rounds 2] [--late 0.01]

Every client runs in a process of its own and the server in another, which answers after `latency` with a true answer of
some 40 words. Columns: requests a second, its share of the ideal (concurrency / latency), CPU a request, peak memory.
`synthesize` is everything: plan, render, call, journal (fsync), checks, samples; the others only call. Peers (`peers.py`) run
where they are installed, the others are named. With `--late`, that share of the answers takes 5 seconds, and a run that asks
again after half a second (`limits.hedge_after`) goes beside those that do not. On a shared machine read CPU and the ratio to
bare aiohttp, which suffers alike.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peers import PEERS, installed

SOUNDS = "dog barking,rain,car horn,church bell,applause,violin,helicopter,cat meowing,whistle,thunder,siren,footsteps"
LATE = 5.0  # seconds
MESSAGES = [
    {"role": "user", "content": "[Begin of audio]\nSounds: dog barking, rain.\n[End of audio]\n\nWhat can you hear?"}
]


class Protocol(asyncio.Protocol):
    """As little of an HTTP server as answers chat completions: keep-alive, Content-Length, no parsing beyond need."""

    # ruff: noqa: D102 (asyncio's names)
    def __init__(self, latency: float, late: float) -> None:
        self.latency, self.late, self.data = latency, late, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.data += data
        while (end := self.data.find(b"\r\n\r\n")) >= 0:
            head = self.data[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self.data) < end + 4 + length:
                return
            body, self.data = self.data[end + 4 : end + 4 + length], self.data[end + 4 + length :]
            latency = LATE if random.random() < self.late else self.latency
            asyncio.get_running_loop().call_later(latency, self.answer, body)

    def answer(self, body: bytes) -> None:
        if self.transport.is_closing():
            return
        data = json.dumps({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "bench",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": answer_to(json.loads(body)["messages"])}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 90, "completion_tokens": 50, "total_tokens": 140},
        }).encode()  # fmt: skip
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        self.transport.write(head.encode() + data)


def answer_to(messages: list[dict[str, Any]]) -> str:
    """A true answer to a request, in some 40 words: the sounds heard, and what is to be denied or else bagpipes."""
    content = messages[-1]["content"] if messages else ""  # curator asks for nothing first, for the rate limits
    text = content if isinstance(content, str) else content[0]["text"]
    heard = text.partition("Sounds: ")[2].partition("\n")[0].rstrip(".").split(", ")
    guided = text.partition("you do not hear ")[2].partition(".")[0]
    return (
        f"The recording begins with the clear sound of {heard[0]}, close to the microphone. After a short while I can also "
        f"hear {heard[-1]}, and the two go on together until the end. I do not hear {guided or 'bagpipes'}."
    )


def serve(latency: float, port: Any, late: float = 0.0) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(
            lambda: Protocol(latency, late), "127.0.0.1", 0, backlog=1024
        )
        port.send(server.sockets[0].getsockname()[1])
        while os.getppid() != 1:
            await asyncio.sleep(1)

    asyncio.run(main())


async def rushed(n: int, concurrency: int, ask: Callable[[], Any]) -> None:
    left = iter(range(n))

    async def work() -> None:
        for _ in left:
            await ask()

    await asyncio.gather(*(work() for _ in range(concurrency)))


def run_synthesize(
    n: int, concurrency: int, base: str, *, backbone: Any = "hosted_vllm/bench", **limits: float
) -> None:
    from balsa_data import AudioClip, SoundEvent, synthesize

    draw, sounds = random.Random(0), SOUNDS.split(",")
    clips = (
        AudioClip(id=f"c{i}", audio=f"{i}.wav", events=[SoundEvent(label=s) for s in draw.sample(sounds, 2)])
        for i in range(n // 2)
    )
    with tempfile.TemporaryDirectory() as folder:
        run = synthesize(
            clips, tasks=("positive", "negative"), backbone=backbone, api_base=base, out=Path(folder) / "run",
            concurrency=concurrency, parameters={"api_key": "k", "max_tokens": 100}, draws=1, progress=False,
            limits=limits,
        )  # fmt: skip
        assert run.planned == len(run.samples) + len(run.rejections) + len(run.failures)
        assert len(run.failures) == 0
        assert len(run.samples) > 0.8 * n, run


def run_aiohttp(n: int, concurrency: int, base: str) -> None:
    import aiohttp

    async def main() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def ask() -> None:
                async with session.post(f"{base}/chat/completions", json={"model": "b", "messages": MESSAGES}) as reply:
                    await reply.json()

            await rushed(n, concurrency, ask)

    asyncio.run(main())


def run_litellm(n: int, concurrency: int, base: str) -> None:
    import litellm

    async def ask() -> None:
        await litellm.acompletion(model="openai/bench", messages=MESSAGES, api_base=base, api_key="k")

    asyncio.run(rushed(n, concurrency, ask))


def run_through_litellm(n: int, concurrency: int, base: str) -> None:
    from balsa_data.backbone import LiteLLM

    run_synthesize(n, concurrency, base, backbone=LiteLLM("openai/bench", [base], {"api_key": "k", "max_tokens": 100}))


def run_hedged(n: int, concurrency: int, base: str) -> None:
    run_synthesize(n, concurrency, base, hedge_after=0.5)


CLIENTS: dict[str, tuple[Callable[[int, int, str], None], float]] = {  # and the share of the requests each is given
    "aiohttp, bare": (run_aiohttp, 1.0),
    "synthesize": (run_synthesize, 1.0),
    "synthesize, hedged": (run_hedged, 1.0),
    "litellm, bare": (run_litellm, 0.2),
    "synthesize, litellm": (run_through_litellm, 0.2),
    **{name: (run, 0.2) for name, run in installed().items()},
}


def measured(client: Callable[[int, int, str], None], n: int, concurrency: int, base: str, pipe: Any) -> None:
    """In a process of its own: run a client, and say what it took (start-up is counted)."""
    started = time.perf_counter()
    client(n, concurrency, base)
    seconds = time.perf_counter() - started
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    pipe.send((seconds, sum(u.ru_utime + u.ru_stime for u in uses), sum(u.ru_maxrss for u in uses) / 1024))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[100, 256])
    parser.add_argument("--latency", type=float, default=0.2, help="seconds")
    parser.add_argument("--late", type=float, default=0.0, help=f"share of the answers that take {LATE:g} s")
    parser.add_argument("--rounds", type=int, default=1, help="of which the best counts")
    parser.add_argument("--only", nargs="+", choices=CLIENTS)
    args = parser.parse_args()
    clients = args.only or [name for name in CLIENTS if args.late or name != "synthesize, hedged"]
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    server = spawn.Process(target=serve, args=(args.latency, theirs, args.late), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{ours.recv()}/v1"
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, latency {args.latency:g} s")
    for concurrency in args.concurrency:
        ideal = concurrency / args.latency if args.latency else float("inf")
        print(
            f"\nconcurrency {concurrency}, ideal {ideal:,.0f}/s\n{'client':<22}{'req/s':>9}{'of ideal':>10}{'ms CPU':>9}{'MB':>7}{'load':>7}"
        )
        for name in clients:
            client, share = CLIENTS[name]
            n, taken = int(args.requests * share), []
            for _ in range(args.rounds):
                process = spawn.Process(target=measured, args=(client, n, concurrency, base, theirs))
                process.start()
                process.join()
                if process.exitcode:
                    sys.exit(f"{name} failed")
                taken.append(ours.recv())
            seconds, _, memory = min(taken)
            print(
                f"{name:<22}{n / seconds:>9.0f}{n / seconds / ideal:>10.0%}{1000 * min(t[1] for t in taken) / n:>9.2f}"
                f"{memory:>7.0f}{os.getloadavg()[0]:>7.1f}", flush=True
            )  # fmt: skip
    print("\npeers, not installed here: " + (", ".join(sorted(set(PEERS) - set(CLIENTS))) or "none"))
    server.terminate()


if __name__ == "__main__":
    main()
