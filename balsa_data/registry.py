"""Parts found by their file's name: corpora, tasks, checks, exports.

A part is a module with one public function (a check's is `check`, a corpus' is `read`); its name is the file's name and
its options are the function's keyword-only arguments. There is no list to edit. A third-party package adds a part with
an entry point in the group of the same name, e.g. ``[project.entry-points."balsa_data.checks"] mine = "my_package.mine"``.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from balsa_data.errors import InputError, RecipeError, nearest
from balsa_data.schemas import problems

__all__ = ["Registry"]


@dataclass(frozen=True)
class Registry:
    """The parts of one kind.

    Attributes:
        package: Where they are (``balsa_data.checks``), and the entry points' group.
        function: The function each part's module has.
        kind: What a part is called in messages.
    """

    package: str
    function: str
    kind: str

    def names(self) -> list[str]:
        """Return the names of all parts, sorted."""
        own = (m.name for m in pkgutil.iter_modules(import_module(self.package).__path__))
        theirs = (e.name for e in _entries(self.package))
        return sorted({n for n in own if not n.startswith("_")} | set(theirs))

    def module(self, name: str) -> ModuleType:
        """Return the module of one part.

        Raises:
            InputError: There is no such part, or a third-party one lacks the function.
        """
        if name not in self.names():
            raise InputError(f"unknown {self.kind} {name!r}{nearest(name, self.names())}")
        module = _import(self.package, name)
        if not callable(getattr(module, self.function, None)):
            raise InputError(f"{self.kind} {name!r} ({module.__name__}) has no function {self.function}()")
        return module

    def bind(self, name: str, options: Mapping[str, Any] | None = None) -> Callable[..., Any]:
        """Return a part's function with its options filled in, each checked against its annotation.

        Raises:
            InputError: There is no such part.
            RecipeError: An option is unknown or of the wrong type.
        """
        function = getattr(self.module(name), self.function)
        model = _options(function)
        if unknown := set(options or ()) - set(model.model_fields):
            raise RecipeError(
                f"{self.kind} {name!r} has no option {min(unknown)!r}{nearest(min(unknown), model.model_fields)}"
            )
        try:
            checked = model.model_validate(dict(options or {}))
        except ValidationError as error:
            raise RecipeError(f"{self.kind} {name!r}: {problems(error)}") from None
        return partial(function, **{key: getattr(checked, key) for key in model.model_fields})


@cache
def _entries(package: str) -> tuple[EntryPoint, ...]:
    """Of all packages installed: a look at each takes a millisecond."""
    return tuple(entry_points(group=package))


@cache
def _import(package: str, name: str) -> ModuleType:
    for entry in _entries(package):
        if entry.name == name:
            return import_module(entry.value)
    return import_module(f"{package}.{name}")


@cache
def _options(function: Callable[..., Any]) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        p.name: (hints[p.name], ... if p.default is p.empty else p.default)
        for p in inspect.signature(function).parameters.values()
        if p.kind is p.KEYWORD_ONLY
    }
    config = ConfigDict(extra="forbid", strict=False, arbitrary_types_allowed=True)
    return create_model("Options", __config__=config, **fields)
