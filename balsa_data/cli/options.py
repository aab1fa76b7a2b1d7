"""What the commands share: the application, arguments that several have, and settings of KEY=VALUE."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from balsa_data import __version__
from balsa_data.errors import InputError

if TYPE_CHECKING:
    from balsa_data.recipe import Recipe

__all__ = [
    "CheckpointArgument",
    "Json",
    "Limit",
    "RecipeArgument",
    "RunArgument",
    "Set",
    "app",
    "known_recipes",
    "recipe_of",
    "values",
]

app = typer.Typer(
    name="balsa",
    help="Training data for audio-aware language models: written by the backbone itself, every claim checked.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def known_recipes(incomplete: str) -> list[str]:
    """Return what a shell may complete to."""
    from balsa_data.recipe import recipe_names

    return [name for name in recipe_names() if name.startswith(incomplete)]


RecipeArgument = Annotated[
    str,
    typer.Argument(help="One of `balsa recipes`, or a YAML file.", metavar="RECIPE", autocompletion=known_recipes),
]
RunArgument = Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")]
CheckpointArgument = Annotated[Path, typer.Argument(help="The folder that training wrote.", metavar="CKPT")]
Set = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Override a recipe's value, e.g. checks.length.max_words=80."),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many clips of each corpus, for a try.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def values(settings: list[str], **named: Any) -> dict[str, Any]:
    """Return the overrides of a recipe: named options that were given, and KEY=VALUE settings, whose keys may be dotted."""
    import yaml

    given = {key: value for key, value in named.items() if value not in (None, [], ())}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting}: write KEY=VALUE")
        try:
            given[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"--set {setting}: the value is not valid YAML") from None
    return given


def recipe_of(name: str, settings: list[str], limit: int | None = None, **named: Any) -> Recipe:
    """Return the recipe of this name or path, with what the command line overrides."""
    from balsa_data.recipe import Recipe

    made = Recipe.load(name, **values(settings, **named))
    if limit is None:
        return made
    few = tuple(spec.model_copy(update={"limit": min(limit, spec.limit or limit)}) for spec in made.corpora)
    return made.model_copy(update={"corpora": few})


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"balsa-data {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    pass
