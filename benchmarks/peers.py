"""Other libraries that ask a model for many rows, each as its documentation says, for `throughput.py` to run where installed.

They pin one another's dependencies apart, so each wants an environment of its own, with balsa-data beside it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

__all__ = ["PEERS", "installed"]

PROMPT = "[Begin of audio]\nSounds: dog barking, rain.\n[End of audio]\n\nWhat can you hear?"


def run_curator(n: int, concurrency: int, base: str) -> None:
    """bespokelabs-curator with its own OpenAI client; the tokenizer it would fetch from the network is in litellm."""
    litellm = find_spec("litellm")
    assert litellm is not None
    tokenizers = Path(litellm.origin or "").parent / "litellm_core_utils" / "tokenizers"
    limits = {"max_requests_per_minute": 10**7, "max_tokens_per_minute": 10**9, "max_concurrent_requests": concurrency}
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"TIKTOKEN_CACHE_DIR": str(tokenizers), "CURATOR_DISABLE_CACHE": "1", "TELEMETRY_ENABLED": "0"}
        model = import_module("bespokelabs.curator").LLM(
            model_name="bench", backend="openai", backend_params={"base_url": base, "api_key": "k", **limits}
        )
        made = model([f"{PROMPT} {i}" for i in range(n)], working_dir=folder)
        assert len(made.dataset) == n


def run_data_designer(n: int, concurrency: int, base: str) -> None:
    """data-designer: a column of text over rows that are given; as many requests in flight as it is allowed."""
    config, interface = import_module("data_designer.config"), import_module("data_designer.interface")
    pandas = import_module("pandas")
    with tempfile.TemporaryDirectory() as folder:
        designer = interface.DataDesigner(
            artifact_path=folder, model_providers=[config.ModelProvider(name="local", endpoint=base, api_key="k")]
        )
        parameters = config.ChatCompletionInferenceParams(max_parallel_requests=concurrency)
        model = config.ModelConfig(
            alias="bench", model="bench", provider="local", inference_parameters=parameters, skip_health_check=True
        )
        columns = config.DataDesignerConfigBuilder(model_configs=[model])
        columns.with_seed_dataset(config.DataFrameSeedSource(df=pandas.DataFrame({"number": range(n)})))
        columns.add_column(
            config.LLMTextColumnConfig(name="response", model_alias="bench", prompt=f"{PROMPT} {{{{ number }}}}")
        )
        made = designer.create(columns, num_records=n)
        assert len(made.load_dataset()) == n


def run_distilabel(n: int, concurrency: int, base: str) -> None:
    """distilabel: a pipeline of one step, whose batch is what is in flight."""
    with tempfile.TemporaryDirectory() as folder:
        with import_module("distilabel.pipeline").Pipeline(name="bench", cache_dir=folder) as pipeline:
            rows = import_module("distilabel.steps").LoadDataFromDicts(
                data=[{"instruction": f"{PROMPT} {i}"} for i in range(n)], batch_size=concurrency
            )
            llm = import_module("distilabel.models").OpenAILLM(model="bench", base_url=base, api_key="k")
            asked = import_module("distilabel.steps.tasks").TextGeneration(llm=llm, input_batch_size=concurrency)
            rows >> asked
        made = pipeline.run(use_cache=False)
        assert len(made["default"]["train"]) == n


PEERS: dict[str, tuple[str, Callable[[int, int, str], None]]] = {
    "bespokelabs-curator": ("bespokelabs", run_curator),
    "data-designer": ("data_designer", run_data_designer),
    "distilabel": ("distilabel", run_distilabel),
}
"""By name, the module to look for, and what runs it."""


def installed() -> dict[str, Callable[[int, int, str], None]]:
    """Return those of the peers that are installed."""
    return {name: run for name, (module, run) in PEERS.items() if find_spec(module)}
