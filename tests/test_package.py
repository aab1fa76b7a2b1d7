"""The package as a whole: light to import, its names as promised, its imports pointing down."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import balsa_data
from balsa_data.checks import CHECKS, false
from balsa_data.corpora import CORPORA
from balsa_data.exports import EXPORTS
from balsa_data.registry import Registry
from balsa_data.schemas import Verdict
from balsa_data.tasks import TASKS

ROOT = Path(balsa_data.__file__).parent
LAYERS = [  # each imports from those below it only
    {"cli", "demo", "doctor", "evalset"},
    {"checking", "estimate", "looking", "summary", "synthesis", "exports", "hub", "report"},
    {"engines"},
    {"card", "configs", "dataset", "opinion", "planning", "preference", "request", "run", "progress", "settling"},
    {
        "backbone",
        "batches",
        "cache",
        "client",
        "corpora",
        "journal",
        "judging",
        "local",
        "pacing",
        "rows",
        "testing",
        "transport",
    },
    {"checks", "recipe", "specs", "negatives", "pairing", "tasks", "prompting"},
    {
        "attribution",
        "audio",
        "claims",
        "clipstore",
        "facts",
        "licences",
        "redact",
        "shards",
        "splits",
        "stated",
        "taxonomy",
    },
    {"cycles", "deadline", "draws", "hedging", "memory", "registry", "schemas", "total"},
    {"errors"},
]


def test_all_names_are_there_and_nothing_else_is_promised() -> None:
    for name in balsa_data.__all__:
        assert getattr(balsa_data, name).__module__.startswith("balsa_data")
    assert sorted(balsa_data._HOMES) == balsa_data.__all__ == dir(balsa_data)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        balsa_data.nonsense  # noqa: B018 (the access is the test)


@pytest.mark.parametrize(
    "module", ["balsa_data", "balsa_data.schemas", "balsa_data.recipe", "balsa_data.cli", "balsa_data.taxonomy"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    heavy = "torch", "litellm", "datasets", "transformers", "pyarrow", "xllamacpp", "numpy"
    code = f"import sys, {module}; print([m for m in {heavy!r} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def imports(path: Path) -> set[str]:
    """The parts of the library that a file imports when it is imported itself."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("balsa_data."):
            found.add((node.module or "").split(".")[1])
    return found


def test_imports_point_down() -> None:
    level = {name: i for i, layer in enumerate(LAYERS) for name in layer}
    wrong = []
    for path in ROOT.rglob("*.py"):
        part = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if part not in {"__init__", "train", "prompts", "recipes"}:
            assert part in level, f"{part} has no layer yet"
            wrong += [
                f"{path.name} imports {name}" for name in imports(path) if name != part and level[name] < level[part]
            ]
    assert not wrong


def test_train_is_not_to_be_imported_from_the_top() -> None:
    told = subprocess.run([sys.executable, "-c", "import train"], capture_output=True, text=True, cwd=ROOT.parent)
    assert "import balsa_data.train" in told.stderr


@pytest.mark.parametrize("registry", [CHECKS, CORPORA, EXPORTS, TASKS], ids=lambda r: r.kind)
def test_every_part_is_found_has_a_docstring_and_binds(registry: Registry) -> None:
    assert registry.names()
    for name in registry.names():
        module = registry.module(name)
        assert (module.__doc__ or "").strip()
        assert (getattr(module, registry.function).__doc__ or "").strip()
        assert callable(getattr(module, registry.function))


@pytest.mark.parametrize("name", CHECKS.names())
def test_every_check_tells_its_reasons_in_a_sentence(name: str) -> None:
    reasons = CHECKS.module(name).REASONS
    assert reasons
    assert all(len(sentence.split()) > 3 for sentence in reasons.values())
    assert getattr(CHECKS.module(name), "FALSE", set()) <= set(reasons)


def test_what_says_something_false_is_told_from_what_says_it_badly() -> None:
    def verdict(check: str, reason: str) -> Verdict:
        return Verdict(ok=False, check=check, reason=reason, detail="d")

    assert false(verdict("absence", "contradicted"))
    assert false(verdict("source", "source"))
    assert not false(verdict("identity", "persona"))
    assert not false(verdict("truncated", "truncated"))
    assert not false(verdict("somebody_elses", "reason"))  # of a package that is gone


def test_a_third_partys_part_is_found_by_its_entry_point(tmp_path: Path) -> None:
    package = tmp_path / "theirs"
    (package / "theirs-1.0.dist-info").mkdir(parents=True)
    (package / "theirs-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (package / "theirs-1.0.dist-info" / "entry_points.txt").write_text(
        "[balsa_data.checks]\nshouting = theirs_shouting\n"
    )
    (package / "theirs_shouting.py").write_text(
        '"""No shouting."""\nfrom balsa_data.checks import failed, passed\nREASONS = {"shouting": "it is all in capitals"}\n'
        'def check(item, *, at_most: float = 0.5):\n    """No."""\n'
        '    return failed("shouting", "shouting", "it shouts") if item.response.isupper() else passed("shouting")\n'
    )
    code = (
        "from balsa_data import AudioClip, check\n"
        "found = check('positive', [AudioClip(id='c', captions=['A dog barks.'])], prompt='?', response='A DOG BARKS.')\n"
        "print([v.reason for v in found if not v.ok])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": f"{ROOT.parent}:{package}"}
    )
    assert told.stdout.strip() == "['shouting']", told.stderr
    assert EntryPoint("a", "b", "balsa_data.checks").group == CHECKS.package
