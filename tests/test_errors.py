"""Every message to a user has one voice: a sentence that begins with what is wrong and ends with what to do, or names it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from balsa_data import errors

ROOT = Path(__file__).parents[1]
OURS = {
    name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, errors.BalsaError)
}


def raised() -> Iterator[tuple[str, str]]:
    """Every place where one of our errors is made of a text, and the text with `…` for what is filled in."""
    for path in [*(ROOT / "balsa_data").rglob("*.py"), *(ROOT / "train").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                text = node.args[0]
                if name in OURS - {"MissingExtra"} and isinstance(text, ast.JoinedStr | ast.Constant):
                    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
                    said = (str(p.value) if isinstance(p, ast.Constant) else "…" for p in parts)
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", "".join(said)


MESSAGES = dict(raised())


def test_there_are_messages_to_look_at() -> None:
    assert len(MESSAGES) > 120


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda text: "\n" in text, "more than a line"),
        (lambda text: text.endswith((".", "!")), "a full stop: it is one sentence, put after `balsa: `"),
        (lambda text: text[:1].isupper() and not text.startswith(("HF_", "Hub")), "a capital: it follows `balsa: `"),
        (lambda text: "please" in text.lower() or "!" in text, "manners"),
        (lambda text: len(text) > 200, "too long"),
    ],
)
def test_none_has(wrong: object, says: str) -> None:
    assert not {place: text for place, text in MESSAGES.items() if wrong(text)}, says  # type: ignore[operator]
