"""Where a text names the sounds it was to affirm or to deny."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from balsa_data.taxonomy import Taxonomy

__all__ = ["marks", "word"]


def marks(text: str, sounds: Mapping[str, str], taxonomy: Taxonomy) -> list[tuple[int, int, str]]:
    """Find sounds in a text: their very names, and what the taxonomy reads as one of them or a kind of one.

    Args:
        text: A response.
        sounds: Names in lower case; what they map to does not matter here.
        taxonomy: Knows that *a puppy barks* is a dog.

    Returns:
        (start, end, sound) in characters; of one inside another only the longer.
    """
    folded = text.casefold()
    named = [(m.start(), m.end(), sound) for sound in sounds if sound in folded for m in word(sound).finditer(text)]
    for mention in taxonomy.find(text) if sounds else ():
        above = sorted(taxonomy.ancestors(mention.sound), key=lambda s: (-len(taxonomy.ancestors(s)), s))
        meant = next((s for s in (mention.sound, *above) if s in sounds), None)
        if meant:
            named.append((mention.start, mention.end, meant))
    spans = {(start, end): sound for start, end, sound in reversed(named)}
    return sorted(
        (start, end, sound)
        for (start, end), sound in spans.items()
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in spans)
    )


@lru_cache(maxsize=4096)
def word(sound: str) -> re.Pattern[str]:
    """Return a pattern that finds a sound's name as whole words, in the plural too."""
    return re.compile(rf"(?<!\w){re.escape(sound)}(?:e?s)?(?!\w)", re.IGNORECASE)
