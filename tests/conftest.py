"""What tests share: the real parts, and the environment that keeps litellm off the network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ours", deadline=None)  # how fast the machine is, is not what tests are about
settings.load_profile("ours")
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


@pytest.fixture(scope="session")
def parts() -> Path:
    """The folder of real parts (README, "Tests")."""
    if "BALSA_PARTS" not in os.environ:
        pytest.skip("BALSA_PARTS names no folder of real parts")
    return Path(os.environ["BALSA_PARTS"])
