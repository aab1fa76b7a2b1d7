"""How corpora of Freesound clips name what they share: Clotho, ESC-50, FSD50K, UrbanSound8K, WavCaps."""

from __future__ import annotations

import re

__all__ = ["license_of", "recording"]

_CC = re.compile(
    r"https?://creativecommons\.org/(?:licenses/(?P<kind>by[a-z-]*)|publicdomain/zero)/(?P<version>[\d.]+)/?"
)


def recording(sound: str) -> str:
    """Return the name of a Freesound sound as a recording, the same in every corpus."""
    return f"freesound:{sound}"


def license_of(url: str | None) -> str | None:
    """Return the SPDX id of a Creative Commons licence; a URL that has none (Sampling+) as it stands.

    >>> license_of("http://creativecommons.org/licenses/by-nc/3.0/"), license_of("http://creativecommons.org/publicdomain/zero/1.0/")
    ('CC-BY-NC-3.0', 'CC0-1.0')
    """
    if url is None or not (match := _CC.fullmatch(url)):
        return url
    return f"CC-{match['kind'].upper()}-{match['version']}" if match["kind"] else f"CC0-{match['version']}"
