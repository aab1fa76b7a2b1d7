"""`balsa doctor`: ten lines, never a key, and a status that says whether what is needed is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from aiohttp import web
from hub_server import WRITE, Hub
from servers import BackboneServer

from balsa_data.doctor import PURPOSE, examine
from balsa_data.recipe import Recipe


class Listing(BackboneServer):
    """Tells its models to whoever has the key."""

    def routes(self, app: web.Application) -> None:
        async def models(request: web.Request) -> web.Response:
            if request.headers.get("Authorization") != "Bearer sk-right-0123456789":
                return web.json_response({"error": "no"}, status=401)
            return web.json_response({"data": [{"id": "llama"}]})

        app.router.add_get("/v1/models", models)


def states(**arguments: object) -> dict[str, str]:
    return {line.what: line.state for line in examine(**arguments)}  # type: ignore[arg-type]  # what varies


def test_ten_lines_and_an_exit_that_tells(tmp_path: Path) -> None:
    """Nothing is needed when nothing is asked for; a recipe needs its backbone; no key is printed."""
    keys = {"OPENAI_API_KEY": "sk-secret-0123456789", "HF_TOKEN": WRITE}
    with Hub() as hub:
        environment = {**os.environ, **keys, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path)}
        for arguments, code in (([], 0), (["--api-base", "http://127.0.0.1:9/v1"], 1)):
            command = [sys.executable, "-m", "balsa_data.cli", "doctor", *arguments]
            told = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=120)
            assert (told.returncode, told.stderr, told.stdout.count("\n")) == (code, "", 10), told
            assert "knows the token as me's, role write" in told.stdout
            assert "set: OPENAI_API_KEY" in told.stdout
            assert not [key for key in keys.values() if key in told.stdout]
    assert "broken   endpoint    nobody answers at http://127.0.0.1:9/v1" in told.stdout


def test_a_recipes_corpus_is_looked_at(tmp_path: Path) -> None:
    listing = tmp_path / "clips.csv"
    listing.write_text("id,text\na,A dog barks\n")
    corpus = {"reader": "csv", "path": str(listing), "options": {"columns": {"captions": "text"}}, "audio": "ignore"}
    assert states(recipe=Recipe.make(corpora=[corpus]))["corpus"] == "ok"
    corpus["options"] = {"columns": {"captions": "caption"}}
    assert states(recipe=Recipe.make(corpora=[corpus]))["corpus"] == "broken"


def test_a_recipe_needs_its_endpoint_its_key_and_its_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "ANTHROPIC_API_KEY", "HOSTED_VLLM_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    recipe = Recipe.make(backbone="hosted_vllm/llama")
    with Listing(lambda messages, seed: "") as server:
        found = {line.what: line for line in examine(recipe, (server.url + "/v1",))}
        assert found["endpoint"].state == "broken"
        assert "refuses the key (401)" in found["endpoint"].said
        monkeypatch.setenv("HOSTED_VLLM_API_KEY", "sk-right-0123456789")
        found = {line.what: line for line in examine(recipe, (server.url + "/v1",))}
        assert (found["endpoint"].state, found["endpoint"].said.endswith("answers: llama")) == ("ok", True)
    assert states(recipe=Recipe.make(backbone="anthropic/claude-sonnet-4-5"))["keys"] == "broken"
    assert states(recipe=Recipe.make(backbone=f"local:{tmp_path}/gone.gguf"))["weights"] == "broken"


def test_every_extra_but_the_developers_has_a_line() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert set(PURPOSE) == set(project["optional-dependencies"]) - {"dev"}
    assert [json.dumps(line.state) for line in examine() if line.what == "packages"] == ['"ok"']
