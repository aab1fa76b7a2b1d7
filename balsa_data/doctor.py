"""What is installed, what answers, and what is in the way: ten lines and the recipe's corpus, no key in any of them."""

from __future__ import annotations

import os
import platform
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from balsa_data import __version__
from balsa_data.audio import public_uri
from balsa_data.errors import BackboneUnusable, BalsaError
from balsa_data.recipe import Recipe

__all__ = ["Line", "examine"]

USUAL = {  # where servers listen when nothing else is said
    "vLLM": "http://127.0.0.1:8000/v1",
    "SGLang": "http://127.0.0.1:30000/v1",
    "llama.cpp": "http://127.0.0.1:8080/v1",
    "Ollama": "http://127.0.0.1:11434/v1",
}
KEYS = {"hosted_vllm": "HOSTED_VLLM_API_KEY", "openai": "OPENAI_API_KEY"}
PURPOSE = {
    "local": "the embedded backbone",
    "audio": "decoding audio: exports, training",
    "train": "the reference trainer",
    "ray": "a Ray cluster",
}
PATIENCE = 5.0  # seconds for an answer


@dataclass(frozen=True)
class Line:
    """One thing that was looked at; `state` is ``ok``, ``missing`` (and nothing needs it) or ``broken``."""

    what: str
    state: str
    said: str


def examine(recipe: Recipe | None = None, api_bases: tuple[str, ...] = ()) -> Iterator[Line]:
    """Yield a line for each thing a run may need; what the recipe needs and is not there is broken.

    Args:
        recipe: What is to be run; without one, nothing optional is needed.
        api_bases: Addresses that must answer, instead of the recipe's.
    """
    wanted = _wanted()
    yield Line("balsa-data", "ok", f"{__version__}, Python {platform.python_version()}, {_machine()}")
    yield _packages("core", wanted.pop(""), True, "")
    local = recipe is not None and recipe.backbone.partition(":")[0] == "local"
    for extra, purpose in PURPOSE.items():
        yield _packages(extra, wanted.get(extra, []), local and extra == "local", purpose)
    yield _weights(recipe.backbone if recipe and local else "local", local)
    yield _endpoints(recipe, api_bases or (recipe.api_base if recipe else ()))
    yield _keys(recipe)
    yield _hub()
    if recipe is not None and recipe.corpora:
        yield _corpus(recipe)


def _corpus(recipe: Recipe) -> Line:
    """Say whether the first clip of each corpus can be read; that of a large one is not read to its end."""
    from balsa_data.corpora import load_all

    try:
        for corpus in recipe.corpora:
            next(iter(load_all([corpus])), None)
    except BalsaError as error:
        return Line("corpus", "broken", str(error))
    return Line("corpus", "ok", ", ".join(str(corpus.path) for corpus in recipe.corpora))


def _machine() -> str:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return f"{len(os.sched_getaffinity(0))} cores, {free:,.0f} GB free on this disk"


def _wanted() -> dict[str, list[Requirement]]:
    """Return what the library requires, by extra; the core's is ``""``."""
    try:
        named = metadata("balsa-data").get_all("Provides-Extra") or []
        lines = [Requirement(line) for line in requires("balsa-data") or ()]
    except PackageNotFoundError:  # a checkout that is on the path without being installed
        project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
        found = {"": project["dependencies"], **project["optional-dependencies"]}
        return {extra: [Requirement(line) for line in listed] for extra, listed in found.items()}
    wanted = {"": [r for r in lines if r.marker is None or r.marker.evaluate({"extra": ""})]}
    for extra in named:
        of_it = [r for r in lines if r.marker is not None and r.marker.evaluate({"extra": extra})]
        wanted[extra] = [r for r in of_it if r not in wanted[""]]
    return wanted


def _packages(extra: str, wanted: list[Requirement], needed: bool, purpose: str) -> Line:
    told, lacking, wrong = [], [], []
    for requirement in wanted:
        if requirement.name == "balsa-data":
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            lacking.append(requirement.name)
            continue
        told.append(f"{requirement.name} {found}")
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} {found} is not {requirement.specifier}")
    what, install = (f"[{extra}]", f"'balsa-data[{extra}]'") if purpose else ("packages", "balsa-data")
    if not lacking and not wrong:
        return Line(what, "ok", ", ".join(told[:4]) + (f" and {len(told) - 4} more" if len(told) > 4 else ""))
    said = "; ".join([*wrong, *([f"no {', '.join(lacking)}"] if lacking else [])])
    return Line(
        what,
        "broken" if needed or wrong else "missing",
        f"{said}: pip install {install}{f' for {purpose}' if purpose else ''}",
    )


def _weights(model: str, needed: bool) -> Line:
    from balsa_data.local import model_file

    name = model.partition(":")[2]
    if name.count("/") > 1 and not name.startswith(("/", ".", "~")) and not Path(name).is_file():
        return Line("weights", "ok", f"{model} is fetched from the Hub when it is first used")
    try:
        path = model_file(model)
    except BackboneUnusable as error:
        return Line("weights", "broken" if needed else "missing", str(error))
    return Line("weights", "ok", f"{path.name}, {path.stat().st_size / 1e6:,.0f} MB, for `local`")


def _endpoints(recipe: Recipe | None, bases: tuple[str, ...]) -> Line:
    if bases:
        prefix = recipe.backbone.partition("/")[0] if recipe else "openai"
        key = (recipe.parameters.get("api_key") if recipe else None) or os.environ.get(KEYS.get(prefix, ""))
        answers = [_ask(base, key) for base in bases]
        fine = all(good for good, _ in answers)
        return Line("endpoint", "ok" if fine else "broken", "; ".join(said for _, said in answers))
    found = [f"{name}: {said}" for name, base in USUAL.items() for good, said in (_ask(base, None),) if good]
    if found:
        return Line("endpoint", "ok", "; ".join(found))
    return Line(
        "endpoint", "missing", f"nobody at the usual addresses of {', '.join(USUAL)}; ask another with --api-base"
    )


def _ask(base: str, key: str | None) -> tuple[bool, str]:
    """Return whether a server answers, and what it serves."""
    import httpx

    shown, loopback = public_uri(base), "//127.0.0.1" in base or "//localhost" in base
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx.Client(timeout=PATIENCE, trust_env=not loopback) as client:
            answer = client.get(base.rstrip("/") + "/models", headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False, f"nobody answers at {shown}"
    if answer.status_code in {401, 403}:
        return (
            False,
            f"{shown} refuses the key ({answer.status_code}); keys are read from {' and '.join(KEYS.values())}",
        )
    try:
        models = [str(model["id"]) for model in answer.json()["data"]]
    except (ValueError, KeyError, TypeError):
        return True, f"{shown} answers ({answer.status_code}), without a list of models"
    return True, f"{shown} answers: {', '.join(models[:3]) or 'no model'}"


def _keys(recipe: Recipe | None) -> Line:
    """Say which provider's key is set, by its variable's name alone."""
    from balsa_data.redact import secret

    known = sorted(name for name in os.environ if secret(name) and "_API_KEY" in name)
    said = f"set: {', '.join(known)}" if known else "no …_API_KEY is set; servers of your own mostly need none"
    if recipe is None or recipe.api_base or recipe.backbone.partition(":")[0] == "local":
        return Line("keys", "ok" if known else "missing", said)
    from balsa_data.backbone import import_litellm

    lacking = import_litellm().validate_environment(recipe.backbone)["missing_keys"]
    if lacking and "api_key" not in recipe.parameters:
        return Line("keys", "broken", f"{recipe.backbone} needs {', '.join(lacking)} in the environment")
    return Line("keys", "ok", said)


def _hub() -> Line:
    """Say whether the Hub knows the token that publishing would use."""
    from huggingface_hub import HfApi, get_token

    from balsa_data.hub import sentences

    token = get_token()
    if not token:
        return Line("Hub", "missing", "no token; publishing needs one: run 'hf auth login' or set HF_TOKEN")
    api = HfApi(token=token, library_name="balsa-data")
    try:
        with sentences(api, "a dataset"):
            told = api.whoami()
    except BalsaError as error:
        return Line("Hub", "broken", str(error))
    role = told.get("auth", {}).get("accessToken", {}).get("role") or "unknown"
    return Line("Hub", "ok", f"{api.endpoint} knows the token as {told.get('name')}'s, role {role}")
