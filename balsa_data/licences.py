"""Which licences let anyone pass a recording on, and what the Hub calls them.

By SPDX id or Creative Commons address, matched without regard to case, spaces or underscores. A licence that forbids changes (ND) is not among them:
trainers resample and cut. Facts from the licences' texts; the Hub's ids from its documentation of dataset cards.
"""

from __future__ import annotations

import re

__all__ = ["hub_id", "redistributable", "withheld"]

_WITHHELD = " (the audio may not be passed on)"

_CREATIVE_COMMONS = {
    f"cc-by{kind}-{version}" for kind in ("", "-sa", "-nc", "-nc-sa") for version in ("1.0", "2.0", "2.5", "3.0", "4.0")
}
_URL = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/(?P<kind>[a-z-]+)/(?P<version>\d\.\d)")
_HUB = {
    "cc0-1.0": "cc0-1.0",
    "mit": "mit",
    "apache-2.0": "apache-2.0",
    "bsd-2-clause": "bsd-2-clause",
    "bsd-3-clause": "bsd-3-clause",
    "unlicense": "unlicense",
    "pddl-1.0": "pddl",
    "odc-by-1.0": "odc-by",
    "odbl-1.0": "odbl",
    "cdla-permissive-1.0": "cdla-permissive-1.0",
    "cdla-permissive-2.0": "cdla-permissive-2.0",
    "cdla-sharing-1.0": "cdla-sharing-1.0",
}
_ON_HUB = {
    *("cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
    *("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"),
    *("cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "odc-by", "odbl", "pddl", "unknown", "other"),
    *("gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0", "agpl-3.0", "gfdl"),  # of what has a source: whether of audio is not clear
    *("llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4", "gemma", "openrail"),
}


def _plain(licence: str) -> str:
    if match := _URL.search(licence.lower()):
        return "cc0-1.0" if match["kind"] == "zero" else f"cc-{match['kind']}-{match['version']}"
    return re.sub(r"-(only|or-later)$", "", re.sub(r"[\s_]+", "-", licence.strip().lower()))


def redistributable(licence: str | None) -> bool:
    """Return whether this licence is known to let anyone pass the audio on; unknown ones are taken not to."""
    if licence is None or licence.endswith(_WITHHELD):
        return False
    return _plain(licence) in _CREATIVE_COMMONS | _HUB.keys()


def withheld(licence: str) -> str:
    """Return the licence of audio that something else than its licence forbids to pass on, as terms of download."""
    return f"{licence}{_WITHHELD}" if redistributable(licence) else licence


def hub_id(licence: str) -> str | None:
    """Return the Hub's id of a licence; None where it has none."""
    plain = _plain(licence)
    return _HUB.get(plain) or (plain if plain in _ON_HUB else None)
