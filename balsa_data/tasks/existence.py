"""Is a sound there or not: the question by which object hallucination is measured (Interspeech 2024)."""

from __future__ import annotations

from hashlib import blake2b

from balsa_data.facts import akin_to
from balsa_data.stated import clear, named, stated
from balsa_data.tasks import Draft, Draw

CLIPS = (1, 1)
TRIES = 3  # draws of an absent sound until one is not another side of what is heard


def draft(draw: Draw) -> Draft | None:
    """Ask after a sound that the metadata states or one that it cannot be taken to name, each in one of every two questions.

    The strategy is how the absent sound was chosen; a question to be affirmed takes the place of one that was, so that
    every strategy has as many of either. In the share of requests in which sounds to deny are chosen for the backbone, it is
    told how to begin: a small one says yes to nearly all. None where the metadata states no sound that can be asked for, none may be
    denied, or a label is nobody's class, so that there is no telling what else it may mean.
    """
    (one,), taxonomy = draw.told, draw.taxonomy
    words = one.words
    present = stated(words, one.heard, one.doubted, taxonomy) if clear(words, taxonomy) else []
    if not present:
        return None
    told = one.heard | named(words, taxonomy)
    for _ in range(TRIES):
        strategy, absent = draw.absent.draw(told, draw.rng, (1, 1))
        if all(akin_to(sound, taxonomy).isdisjoint(told) for sound in absent):
            break
    else:
        return None
    if not absent:
        return None
    affirm = (draw.turn + blake2b(b"%d" % (draw.turn // 2), digest_size=1).digest()[0]) % 2 == 0
    asked = draw.rng.choice(present) if affirm else absent[0]
    return Draft(
        present=(asked,) if affirm else (),
        absent=() if affirm else absent,
        guided=draw.rng.random() < draw.absent.spec.guided,
        strategy=strategy,
        values={"object": draw.absent.phrase(asked)},
    )
