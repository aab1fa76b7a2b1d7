"""The commands, as a person runs them: a mistake is one sentence and exit 2, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers import BackboneServer
from test_synthesis import clips, moody

from balsa_data.recipe import recipe_names

COMMANDS = [
    "recipes", "show", "synthesize", "estimate", "check", "report", "export", "publish", "evalset", "train", "evaluate", "ask", "demo",
    "init", "doctor",
]  # fmt: skip


def balsa(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "balsa_data.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "clips.jsonl"
    path.write_text("".join(c.model_dump_json(exclude_defaults=True) + "\n" for c in clips(6)), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(
        f"corpora: {{reader: jsonl, path: {path}}}\nbackbone: openai/test\n", encoding="utf-8"
    )
    return tmp_path / "mine.yaml"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    told = balsa(command, "--help")
    assert told.returncode == 0
    assert f"Example: balsa {command}" in told.stdout


def test_the_list_of_commands_cuts_none_of_their_sentences() -> None:
    told = balsa("--help").stdout.partition("Commands:")[2].splitlines()
    assert len([line for line in told if line.endswith(".") and not line.endswith("..")]) == len(COMMANDS), told


def test_the_version_and_the_recipes_are_told() -> None:
    assert balsa("--version").stdout.startswith("balsa-data ")
    assert {line["name"] for line in json.loads(balsa("recipes", "--json").stdout)} == set(recipe_names())


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("balsa rec", "recipes"), ("balsa show audios", "audioset"), ("balsa export r --format sw", "swift")],
)
def test_a_shell_completes_commands_recipes_and_formats(typed: str, offered: str) -> None:
    """As the script that `balsa --install-completion` installs asks for it."""
    asked = {"_BALSA_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    code = "from balsa_data.cli import app; app(prog_name='balsa')"
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **asked}, timeout=60)
    assert offered in told.stdout.split(), told


def test_a_recipe_is_shown_with_a_clip_of_each_task_as_it_will_be_sent(corpus: Path) -> None:
    shown = balsa("show", corpus).stdout
    for task in ("positive", "negative", "combined"):
        assert f"--- {task}: clip c0" in shown
    assert (
        shown.count("[Begin of audio]\nSounds: dog barking, helicopter\n[End of audio]") >= 3
        or "[Begin of audio]" in shown
    )


def test_synthesize_check_and_estimate_agree(corpus: Path, tmp_path: Path) -> None:
    with BackboneServer(moody) as server:
        made = balsa(
            "synthesize",
            corpus,
            "--out",
            tmp_path / "run",
            "--api-base",
            server.url + "/v1",
            "--set",
            "parameters.api_key=k",
            "--json",
        )
    figures = json.loads(made.stdout)
    assert figures["planned"] == figures["samples"] + figures["rejections"] + figures["failures"] == 18
    assert figures["usage"]["requests"] == server.requests
    checked = balsa("check", tmp_path / "run", "--json")
    assert (checked.returncode, json.loads(checked.stdout)["passed"]) == (0, figures["samples"])
    estimated = json.loads(balsa("estimate", corpus, "--json").stdout)
    assert estimated["requests"] == 18
    assert estimated["prompt_tokens"] > 18 * 50
    assert estimated["cost"] is None


def test_samples_made_elsewhere_are_judged_with_a_table_by_reason(tmp_path: Path) -> None:
    rows = [
        {
            "task": "negative",
            "captions": ["A dog barks."],
            "prompt": "What can you not hear?",
            "response": "I do not hear rain.",
        },
        {
            "task": "negative",
            "events": ["dog barking"],
            "prompt": "What can you not hear?",
            "response": "There is no barking.",
        },
        {
            "task": "positive",
            "captions": ["A dog barks."],
            "prompt": "Describe it.",
            "response": "As an AI, I can't listen.",
        },
    ]
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    told = balsa("check", path)
    assert told.returncode == 1
    assert "1 of 3 samples pass" in told.stdout
    assert "samples.jsonl:2: " in told.stdout
    assert "samples.jsonl:3: refusal: " in told.stdout


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"task": "positive"', "samples.jsonl:1: not valid JSON"),
        ('{"task": "positive", "prompt": "x"}', "samples.jsonl:1: response: Field required"),
        (
            '{"task": "postive", "prompt": "x", "response": "y", "captions": ["z"]}',
            "samples.jsonl:1: task: unknown task 'postive'",
        ),
        ('{"task": "positive", "prompt": "x", "response": "y"}', "samples.jsonl:1: nothing says what is heard"),
        ("", "has no samples"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "samples.jsonl").write_text(line + "\n", encoding="utf-8")
    told = balsa("check", tmp_path / "samples.jsonl")
    assert told.returncode == 2
    assert says in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("corpus_line", "says"),
    [
        ("{reader: jsonl, path: nowhere.jsonl}", "nowhere.jsonl"),
        ("{reader: csv, path: t.csv, options: {columns: {captions: txt}}}", "no column 'txt'"),
        ("{reader: jsonl, path: bare.jsonl}", "bare.jsonl:1: clip 'a'"),
        ("{reader: jsonl, path: twice.jsonl}", "twice.jsonl:2: clip 'a' is there twice"),
        ("{reader: jsonl, path: minus.jsonl}", "minus.jsonl:1: duration"),
        ("{reader: jsonl, path: silent.jsonl, audio: require}", "silent.jsonl:1: clip 'a' has no audio file at"),
        ("{reader: jsonl, path: empty.jsonl}", "the corpus is empty"),
        ("{reader: jsonl, path: '${NOT_SET_ANYWHERE}'}", "NOT_SET_ANYWHERE"),
        ("{reader: jsonl, pth: x}", "unknown key; did you mean 'path'?"),
    ],
)
def test_a_bad_corpus_is_one_sentence_and_exit_2(tmp_path: Path, corpus_line: str, says: str) -> None:
    files = {
        "t.csv": "id,text\n1,A dog.\n",
        "bare.jsonl": '{"id": "a"}\n',
        "twice.jsonl": '{"id": "a", "caption": "A dog."}\n' * 2,
        "minus.jsonl": '{"id": "a", "caption": "A dog.", "duration": -1}\n',
        "silent.jsonl": '{"id": "a", "caption": "A dog.", "audio": "gone.wav"}\n',
        "empty.jsonl": "",
        "r.yaml": f"corpora: {corpus_line}\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = balsa("synthesize", "r.yaml", "--backbone", "openai/x", "--api-base", "http://127.0.0.1:9/v1", cwd=tmp_path)
    assert told.returncode == 2, told
    assert says in told.stderr
    assert told.stderr.count("\n") == 1
    assert told.stderr.startswith("balsa: ")


def test_an_endpoint_that_refuses_and_a_wrong_key_are_one_sentence_and_exit_2(corpus: Path, tmp_path: Path) -> None:
    from aiohttp import web

    told = balsa("synthesize", corpus, "--api-base", "http://127.0.0.1:9/v1", "--out", tmp_path / "a")
    assert (told.returncode, told.stderr.count("\n")) == (2, 1)
    assert "nobody answers at http://127.0.0.1:9/v1" in told.stderr

    async def unauthorized(_: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"message": "Incorrect API key provided: sk-oops-123"}}, status=401)

    with BackboneServer(moody, unauthorized) as server:
        told = balsa(
            "synthesize",
            corpus,
            "--api-base",
            server.url + "/v1",
            "--set",
            "parameters.api_key=sk-oops-123",
            "--out",
            tmp_path / "b",
        )
    assert server.requests == 1
    assert told.returncode == 2
    assert "refuses the key" in told.stderr
    assert "sk-oops-123" not in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    "arguments", [["synthesize", "nonsense"], ["show", "dem"], ["nonsense"], ["check", "nowhere"], ["synthesize"]]
)
def test_wrong_use_is_exit_2(arguments: list[str]) -> None:
    told = balsa(*arguments)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
