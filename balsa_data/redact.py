"""What may be published of a recipe or of request parameters: no keys, no passwords, no paths of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from balsa_data.audio import public_uri

__all__ = ["HIDDEN", "redact", "secret"]

HIDDEN = "[redacted]"
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[_-]|api)(?:keys?|tokens?|secrets?|pass(?:word|wd)?|authorization|credentials?|cookie)$"
)
_SECRET_VALUE = re.compile(r"\b(?:sk-[\w-]{16,}|hf_\w{16,}|gh[opsu]_\w{16,}|AKIA[A-Z0-9]{12,}|AIza[\w-]{20,})")


def secret(name: str) -> bool:
    """Return whether something of this name is never to be shown (``OPENAI_API_KEY``)."""
    return _SECRET_NAME.search(name) is not None


def redact(data: Any) -> Any:
    """Return plain data with secrets hidden, URIs without credentials, and paths from elsewhere cut to their last part.

    A value is secret by its key's name (``api_key``, ``Authorization``), by its looks (``sk-...``), or because it is what
    an environment variable with such a name holds. Numbers are never secret: ``max_tokens`` stays.
    """
    if isinstance(data, Mapping):
        return {
            key: HIDDEN
            if _SECRET_NAME.search(str(key)) and value is not None and not isinstance(value, int | float)
            else redact(value)
            for key, value in data.items()
        }
    if isinstance(data, list | tuple):
        return [redact(item) for item in data]
    if isinstance(data, Path):
        return redact(str(data))
    return _text(data) if isinstance(data, str) else data


def _text(text: str) -> str:
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_NAME.search(name):
            text = text.replace(value, HIDDEN)
    text = _SECRET_VALUE.sub(HIDDEN, text)
    if "\n" in text:
        return text
    if re.match(r"[a-z][a-z0-9+.-]*://\S+$", text):
        return public_uri(text) if not text.startswith("file:") else text.rstrip("/").rpartition("/")[2]
    if text.startswith(("/", "~", "../")) or PureWindowsPath(text).drive:
        return re.split(r"[\\/]", text.rstrip("\\/"))[-1]
    return text
