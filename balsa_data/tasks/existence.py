"""Is a sound there or not: the question by which object hallucination is measured (Interspeech 2024)."""

from __future__ import annotations

from hashlib import blake2b

from balsa_data.facts import narrowest
from balsa_data.schemas import AudioClip
from balsa_data.tasks import Draft, Draw

CLIPS = (1, 1)


def draft(clips: tuple[AudioClip, ...], draw: Draw) -> Draft | None:
    """Ask after a sound that is heard or one that is not, each in one of every two questions.

    The strategy is how the absent sound was chosen; a question to be affirmed takes the place of one that was, so that
    every strategy has as many of either. None where the metadata names no sound that can be asked for, or none may be
    denied.
    """
    (heard,) = draw.heard
    strategy, absent = draw.absent.draw(heard, draw.rng, (1, 1))
    present = sorted(filter(draw.absent.definite, narrowest(heard)))
    if not present or not absent:
        return None
    affirm = (draw.turn + blake2b(b"%d" % (draw.turn // 2), digest_size=1).digest()[0]) % 2 == 0
    asked = draw.rng.choice(present) if affirm else absent[0]
    return Draft(
        present=(asked,) if affirm else (),
        absent=() if affirm else absent,
        strategy=strategy,
        values={"object": draw.absent.phrase(asked)},
    )
