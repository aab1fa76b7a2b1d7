"""Publishing over HTTP: to a local server that speaks the Hub's API, by its real client, and back by load_dataset."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_server import READ, WRITE, Hub
from sources import Source, demo

from balsa_data.errors import DatasetError, InputError
from balsa_data.hub import Published, publish

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # huggingface_hub's use of httpx

# a process of its own reads HF_ENDPOINT as a user's does
PUBLISH = """
import sys
from pathlib import Path
from sources import demo
from balsa_data.hub import publish
done = publish(demo(Path(sys.argv[1])), "me/demo", audio="embed")
print(done.commit)
"""
LOAD = """
import datasets
loaded = datasets.load_dataset("me/demo")
plain = loaded.cast_column("audios", [datasets.Audio(decode=False)])
print({split: rows.num_rows for split, rows in plain.items()}, sum(len(a["bytes"]) for r in plain["train"]["audios"] for a in r))
print(datasets.load_dataset("me/demo", "difference", split="train").num_rows)
streamed = datasets.load_dataset("me/demo", "negative", split="train", streaming=True).decode(False)
print([row["response"] for row in streamed])
"""

EXPORT = """
import sys
from balsa_data.exports import export
print(export("me/demo", "desta", sys.argv[1]).files)
"""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        yield server


@pytest.fixture
def run(tmp_path: Path) -> Source:
    return demo(tmp_path / "run")


@pytest.fixture(autouse=True)
def no_token_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))


def push(run: Source, hub: Hub, **options: Any) -> Published:
    return publish(run, "me/demo", **{"token": WRITE, "endpoint": hub.url} | options)


def start(code: str, hub: Hub, tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    tests = Path(__file__).parent
    path = os.pathsep.join([str(tests), str(tests.parent), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": WRITE,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONPATH": path,
    }
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output


def uploads(hub: Hub) -> list[str]:
    return [path for method, path in hub.log if method == "PUT"]


def test_what_is_published_loads_by_its_name(hub: Hub, run: Source, tmp_path: Path) -> None:
    commit = finish(start(PUBLISH, hub, tmp_path, str(tmp_path / "run"))).strip()
    repository = hub.repositories["datasets", "me/demo"]
    assert repository.branches["main"] == commit
    assert repository.private
    counts, difference, responses = finish(start(LOAD, hub, tmp_path)).splitlines()
    audio = sum(Path(str(c.audio)).stat().st_size for s in run.samples for c in s.clips)
    assert counts == f"{ {'train': len(run.samples)} } {audio}"
    assert int(difference) == 3
    assert responses == str([s.response for s in run.samples if s.task == "negative"])
    exported = finish(start(EXPORT, hub, tmp_path, str(tmp_path / "out")))
    assert exported.strip() == str({"train.jsonl": len(run.samples)})


def test_an_upload_that_was_killed_goes_on_where_it_was(hub: Hub, run: Source, tmp_path: Path) -> None:
    hub.stall_on = 3
    process = start(PUBLISH, hub, tmp_path, str(tmp_path / "run"))
    assert hub.stalled.wait(60), process.communicate()
    for _ in range(100):  # the other two travel beside it
        if len(hub.objects) == 2:
            break
        hub.closing.wait(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    repository = hub.repositories["datasets", "me/demo"]
    assert len(hub.objects) == 2
    assert len(repository.commits) == 1  # nobody sees half a dataset
    arrived, hub.stall_on = set(hub.objects), None
    hub.log.clear()
    finish(start(PUBLISH, hub, tmp_path, str(tmp_path / "run")))
    sent = {path.removeprefix("/lfs/") for path in uploads(hub)}
    assert len(sent) == 1
    assert not sent & arrived
    assert len(repository.commits) == 2
    assert finish(start(LOAD, hub, tmp_path)).startswith("{'train': 15}")


def test_a_second_time_only_what_changed_travels(hub: Hub, run: Source) -> None:
    first = push(run, hub)
    assert set(first.uploaded) == {"README.md", "balsa.json"} | {
        f"data/{task}/train-00000-of-00001.parquet" for task in ("difference", "negative", "positive")
    }
    again = push(run, hub)
    assert (again.commit, again.uploaded, again.deleted, again.unchanged) == (None, {}, (), 5)
    hub.log.clear()
    run.samples = [s for s in run.samples if s.task != "difference"][:-1]
    third = push(run, hub)
    assert set(third.uploaded) == {"README.md", "balsa.json", "data/negative/train-00000-of-00001.parquet"}
    assert third.deleted == ("data/difference/train-00000-of-00001.parquet",)
    assert len(uploads(hub)) == 1
    files = hub.repositories["datasets", "me/demo"].commits[str(third.commit)]
    assert not any("difference" in path for path in files)


def test_files_of_others_stay(hub: Hub, run: Source) -> None:
    push(run, hub)
    repository = hub.repositories["datasets", "me/demo"]
    files = repository.commits[repository.branches["main"]]
    repository.commit("main", files | {"LICENSE.txt": files["README.md"]}, "by hand")
    assert push(run, hub).commit is None
    assert "LICENSE.txt" in repository.commits[repository.branches["main"]]


def test_a_dry_run_changes_nothing(hub: Hub, run: Source) -> None:
    would = push(run, hub, dry_run=True)
    assert not hub.repositories
    assert len(would.uploaded) == 5
    assert would.commit is None
    assert (would.folder / "README.md").is_file()
    push(run, hub)
    before = dict(hub.repositories["datasets", "me/demo"].branches)
    run.samples = run.samples[:-1]
    hub.log.clear()
    assert "data/difference/train-00000-of-00001.parquet" in push(run, hub, dry_run=True).uploaded
    assert hub.repositories["datasets", "me/demo"].branches == before
    assert {method for method, _ in hub.log} == {"GET"}


def test_a_dry_run_needs_no_token(run: Source) -> None:
    assert publish(run, "me/demo", dry_run=True, endpoint="http://127.0.0.1:9").uploaded


def test_a_revision_is_a_branch(hub: Hub, run: Source) -> None:
    push(run, hub)
    main = hub.repositories["datasets", "me/demo"].branches["main"]
    run.samples = run.samples[:-1]
    second = push(run, hub, revision="v2")
    assert hub.repositories["datasets", "me/demo"].branches == {"main": main, "v2": second.commit}


def test_public_is_said_in_so_many_words(hub: Hub, run: Source) -> None:
    push(run, hub, private=False)
    assert not hub.repositories["datasets", "me/demo"].private
    with pytest.raises(InputError, match="me/demo is public on the Hub: say that it may be"):
        push(run, hub)
    hub.repositories["datasets", "me/demo"].private = True
    with pytest.raises(InputError, match="me/demo is private on the Hub: make it public"):
        push(run, hub, private=False)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"token": None}, "publishing needs a token of the Hub: run 'hf auth login'"),
        ({"token": READ}, "may only read: make one that may write"),
        ({"token": "hf_stale"}, "does not know this token"),
    ],
)
def test_a_token_that_will_not_do_is_one_sentence_before_anything_is_built(
    hub: Hub, run: Source, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says) as raised:
        push(run, hub, **options)
    assert "\n" not in str(raised.value)
    assert not (run.folder / "dataset").exists()


@pytest.mark.parametrize(
    ("name", "says"), [("demo", "has no owner"), ("me/de mo", "cannot be a dataset's name"), ("a/b/c", "cannot")]
)
def test_a_bad_name_is_one_sentence(hub: Hub, run: Source, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as raised:
        publish(run, name, token=WRITE, endpoint=hub.url)
    assert "\n" not in str(raised.value)


def test_anothers_namespace_is_refused(hub: Hub, run: Source) -> None:
    with pytest.raises(InputError, match="may not write to them/demo"):
        publish(run, "them/demo", token=WRITE, endpoint=hub.url)


@pytest.mark.parametrize("kind", ["model", "space"])
def test_a_name_that_is_a_repository_of_another_type_is_refused(hub: Hub, run: Source, kind: str) -> None:
    hub.create(f"{kind}s", "me/demo")
    with pytest.raises(InputError, match=f"me/demo is a {kind} on the Hub"):
        push(run, hub)


def test_no_network_is_one_sentence(run: Source) -> None:
    with pytest.raises(
        DatasetError, match=r"the connection to the Hub at http://127.0.0.1:9 failed .*run the same command"
    ) as raised:
        publish(run, "me/demo", token=WRITE, endpoint="http://127.0.0.1:9")
    assert "\n" not in str(raised.value)


def test_an_upload_that_the_storage_refuses_is_one_sentence(hub: Hub, run: Source) -> None:
    hub.fail_uploads = 400
    with pytest.raises(DatasetError, match="answered 400: the storage does not take it") as raised:
        push(run, hub)
    assert "\n" not in str(raised.value)
    assert len(hub.repositories["datasets", "me/demo"].commits) == 1


def test_metadata_that_the_hub_refuses_is_one_sentence(hub: Hub, run: Source, tmp_path: Path) -> None:
    (tmp_path / "mine.jinja").write_text("---\n{{ metadata }}\nlicense: {}\n---\n{{ name }}")
    with pytest.raises(InputError, match="the Hub does not take this card") as raised:
        push(run, hub, template=tmp_path / "mine.jinja")
    assert "\n" not in str(raised.value)
    assert not uploads(hub)
