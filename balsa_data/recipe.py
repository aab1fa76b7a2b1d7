"""Recipes: one YAML file says which corpora, tasks, backbone, checks and publishing make a dataset.

A recipe holds data only, never code. ``${NAME}`` in a value is an environment variable, ``${NAME:-default}`` one with a
default. Paths are relative to where the command is run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, field_validator

from balsa_data.errors import InputError, RecipeError, nearest
from balsa_data.redact import secret
from balsa_data.schemas import Record, Text
from balsa_data.specs import (
    SECRET,
    Addresses,
    CorpusSpec,
    Count,
    JudgeSpec,
    Limits,
    NegativeSpec,
    PairingSpec,
    Parameters,
    Prices,
    PublishSpec,
    Share,
    several,
)

__all__ = [
    "SECRET",
    "CorpusSpec",
    "JudgeSpec",
    "Limits",
    "NegativeSpec",
    "PairingSpec",
    "Prices",
    "PublishSpec",
    "Recipe",
    "nested",
    "recipe_headlines",
    "recipe_names",
    "recipe_opening",
]

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def _shares(value: Any) -> Any:
    if isinstance(value, str):
        return {value: 1.0}
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return dict.fromkeys(value, 1.0)
    return value


class Recipe(Record):
    """A dataset's plan; everything that decides what is asked is in here.

    Attributes:
        name: Of the recipe, and of its runs.
        description: What it is for.
        size: Of its corpora, in clips and hours, as published.
        corpora: Where clips come from; empty where they are handed to `synthesize`.
        tasks: Samples per clip of each task; a list means one of each.
        seed_description: How metadata is written: ``auto``, ``captions``, ``tags`` or ``timed``.
        negatives: How sounds to deny are chosen.
        pairing: How clips are put together for samples about several.
        prompts: A folder whose templates and pools take the place of ours.
        taxonomy: Files that extend the sound taxonomy.
        backbone: Any litellm model string, ``local``, or ``local:`` and a GGUF file.
        api_base: Where it answers; several addresses share the load.
        parameters: What is sent with each request (temperature, max_tokens, …); keys among them are never written down.
        prices: For models litellm has no price of.
        checks: Options by check's name; ``false`` turns one off.
        judge: A model to ask where the checks cannot tell.
        draws: How often a request is asked until a response passes, at most.
        limits: Where a run stops by itself.
        publish: How the dataset is published.
        seed: Decides every draw.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=96)] = "clips"
    description: str = ""
    size: str = ""
    corpora: Annotated[tuple[CorpusSpec, ...], BeforeValidator(several)] = ()
    tasks: Annotated[dict[str, Share], BeforeValidator(_shares)] = {"positive": 1.0, "negative": 1.0, "combined": 1.0}
    seed_description: Literal["auto", "captions", "tags", "timed"] = "auto"
    negatives: NegativeSpec = NegativeSpec()
    pairing: PairingSpec = PairingSpec()
    prompts: Path | None = None
    taxonomy: Annotated[tuple[Path, ...], BeforeValidator(several)] = ()
    backbone: Text = "local"
    api_base: Addresses = ()
    parameters: Parameters = {}
    prices: Prices | None = None
    checks: dict[str, dict[str, Any] | bool | None] = {}
    judge: JudgeSpec | None = None
    draws: Count = 3
    limits: Limits = Limits()
    publish: PublishSpec = PublishSpec()
    seed: int = 0

    @field_validator("tasks")
    @classmethod
    def _some_task(cls, tasks: dict[str, float]) -> dict[str, float]:
        if not sum(tasks.values()):
            raise ValueError("at least one task needs a share above 0")
        return tasks

    @classmethod
    def make(cls, **values: Any) -> Recipe:
        """Return the recipe with these values.

        Raises:
            RecipeError: A key is unknown (the nearest known one is named) or a value is wrong; all are named at once.
        """
        try:
            recipe = cls.model_validate(values)
        except ValidationError as error:
            raise RecipeError(f"{values.get('name', 'recipe')}: {_explain(error)}") from None
        try:
            recipe.refuse_unknown_parts()
        except InputError as error:  # a part that does not exist: here it is the recipe that is wrong
            raise RecipeError(str(error)) from None
        return recipe

    @classmethod
    def load(cls, name: str | Path, **overrides: Any) -> Recipe:
        """Return a recipe by the name of one of ours, or by the path of a file, with values overridden.

        Raises:
            RecipeError: There is none, or it is wrong somewhere.
        """
        path = _find(name)
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"cannot read the recipe {path}: {error}") from None
        except yaml.YAMLError as error:
            where = (
                f":{error.problem_mark.line + 1}"
                if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark
                else ""
            )
            raise RecipeError(f"{path}{where} is not valid YAML: {getattr(error, 'problem', error)}") from None
        if not isinstance(values, dict):
            raise RecipeError(f"{path} is not a recipe: write keys and values, as in `balsa show demo`")
        values = nested({"name": path.stem, **values}, overrides)
        try:
            return cls.make(**_substituted(values, str(path)))
        except RecipeError as error:
            raise RecipeError(f"{path.name}: {error}" if str(path.name) not in str(error) else str(error)) from None

    def with_values(self, **overrides: Any) -> Recipe:
        """Return this recipe with values overridden and checked."""
        return self.make(**{**dict(self), **overrides})

    def refuse_unknown_parts(self) -> None:
        """Refuse tasks, checks and readers that do not exist, and options they do not have."""
        from balsa_data.checks import CHECKS
        from balsa_data.corpora import CORPORA
        from balsa_data.tasks import TASKS

        for task in self.tasks:
            TASKS.module(task)
        for check, options in self.checks.items():
            CHECKS.bind(check, options if isinstance(options, dict) else None)
        for corpus in self.corpora:
            CORPORA.bind(corpus.reader, corpus.options)

    def identity(self) -> dict[str, Any]:
        """Return what decides the plan and its answers, as plain data: what a run directory is held against."""
        passing = dict.fromkeys(("description", "size", "api_base", "limits", "publish", "prices"), True)
        return self.model_dump(mode="json", exclude={**passing, "judge": {"api_base", "prices"}})


def nested(values: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with others in their place; a dotted key (``checks.length.max_words``) reaches inside and leaves the rest.

    Raises:
        RecipeError: A dotted key leads into something that has no keys.
    """
    merged = dict(values)
    for key, value in overrides.items():
        *parents, last = key.split(".")
        inner = merged
        for parent in parents:
            below = inner.get(parent) or {}
            if not isinstance(below, Mapping):
                raise RecipeError(f"{key}: {parent} has no keys of its own, it is {below!r}: set it as a whole")
            inner[parent] = dict(below)
            inner = inner[parent]
        inner[last] = value
    return merged


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the library."""
    return sorted(
        p.name.removesuffix(".yaml") for p in (files("balsa_data") / "recipes").iterdir() if p.name.endswith(".yaml")
    )


def recipe_headlines() -> list[dict[str, str]]:
    """Return what each recipe that comes with the library is, for a table, whatever the environment lacks.

    Returns:
        ``name``, ``corpora`` (their readers), ``licence`` (of the audio, as the readers tell it), ``size`` and ``description``.
    """
    from balsa_data.corpora import CORPORA

    lines = []
    for name in recipe_names():
        values = yaml.safe_load(_find(name).read_text(encoding="utf-8"))
        readers = list(dict.fromkeys(corpus["reader"] for corpus in several(values["corpora"])))
        licences = dict.fromkeys(CORPORA.module(reader).LICENSE or "each clip's own" for reader in readers)
        lines.append({
            "name": name, "corpora": ", ".join(readers), "licence": " | ".join(licences),
            "size": str(values.get("size", "")), "description": str(values.get("description", "")),
        })  # fmt: skip
    return lines


def recipe_opening(name: str | Path) -> str:
    """Return the comment a recipe's file opens with: what it is for, where to get its corpora, licence, command."""
    lines = _find(name).read_text(encoding="utf-8").splitlines()
    return "\n".join(takewhile(lambda line: line.startswith("#"), lines))


def _find(name: str | Path) -> Path:
    if Path(name).suffix in {".yaml", ".yml"} or os.sep in str(name):
        if not Path(name).is_file():
            raise RecipeError(f"there is no recipe file {name}")
        return Path(name)
    if str(name) not in recipe_names():
        raise RecipeError(f"unknown recipe {str(name)!r}{nearest(str(name), recipe_names())} (or give a .yaml file)")
    return Path(str(files("balsa_data") / "recipes" / f"{name}.yaml"))


def _substituted(value: Any, where: str, key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _substituted(v, where, f"{key}.{k}" if key else str(k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_substituted(v, where, f"{key}.{i}") for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value

    def lookup(match: re.Match[str]) -> str:
        if secret(match[1]) and not secret(key):  # a stranger's recipe could put it into an address
            raise RecipeError(
                f"{Path(where).name}: {key} may not use {match[1]}, which is named like a secret: keys go to parameters.api_key"
            )
        found = os.environ.get(match[1], match[2])
        if found is None:
            raise RecipeError(
                f"{Path(where).name}: {key} needs the environment variable {match[1]}, which is not set: set it"
            )
        return found

    return _VARIABLE.sub(lookup, value)


def _explain(error: ValidationError) -> str:
    """Say all that is wrong in one line; for an unknown key, the nearest key there is."""
    said = []
    for problem in error.errors():
        *parents, key = problem["loc"] or ("recipe",)
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = f"unknown key{nearest(str(key), _keys(parents))}"
        said.append(f"{'.'.join(map(str, problem['loc']))}: {message}")
    return "; ".join(said)


def _keys(parents: Iterable[Any]) -> Iterable[str]:
    spec: Any = Recipe
    models: dict[str, type[BaseModel]] = {
        "corpora": CorpusSpec, "negatives": NegativeSpec, "pairing": PairingSpec, "limits": Limits, "prices": Prices, "publish": PublishSpec,
        "judge": JudgeSpec,
    }  # fmt: skip
    for name in parents:
        spec = models.get(str(name), spec)
    return list(spec.model_fields)
