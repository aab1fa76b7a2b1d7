"""Where the connector starts: at what a linear map can already say of the audio in the backbone's own embeddings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from balsa_data.train.batch import Example
from balsa_data.train.encoder import Sound
from balsa_data.train.model import AudioLM

__all__ = ["warm_start"]

RIDGE = 0.15  # of the inputs' variance: what few clips say of a width of hundreds is mostly chance


@torch.no_grad()
def warm_start(model: AudioLM, examples: Iterable[Example]) -> None:
    """Fit the connector's normalisation to some clips and its projection to what their metadata says.

    The audio stands where the backbone read the text of the metadata, so its embeddings start as that text's: the
    projection is the ridge regression of a clip's text onto its pooled states, solved at once. Of a text counts the mean of
    its tokens' embeddings, each by how rare it is among these texts: what all of them share ("Sounds:") tells nothing. From
    there gradient descent has to teach how it is answered, no longer what is heard. The idea is ours; no paper's.

    Args:
        model: A new one.
        examples: Clips with their texts; those of several clips, whose text is about all, only fit the normalisation.
    """
    told: dict[str, tuple[Sound, str]] = {}
    for example in examples:
        for sound in example.sounds:
            if sound.key not in told or (example.text and not told[sound.key][1]):
                told[sound.key] = sound, example.text
    if not told:
        return
    # pooled one by one: the states of a few hundred clips together fill the memory
    mixed = [
        model.connector.mixed(model.windows([sound])) for sound, _ in told.values()
    ]  # each (windows, queries, width)
    model.connector.calibrate(torch.cat(mixed))
    texts = [text for _, text in told.values()]
    known = [i for i, text in enumerate(texts) if text]
    if known:
        wanted = _embedded(model, [texts[i] for i in known])  # (clips, hidden)
        vectors = [model.connector.norm(mixed[i]).flatten(0, 1) for i in known]  # each (windows * queries, width)
        counts = torch.tensor([len(each) for each in vectors], device=wanted.device)
        model.connector.fit(torch.cat(vectors), wanted.repeat_interleave(counts, dim=0), RIDGE)


def _embedded(model: AudioLM, texts: Sequence[str]) -> Tensor:
    """Return each text as the weighted mean of its tokens' embeddings, shape (texts, hidden)."""
    table = model.backbone.get_input_embeddings().weight
    tokens = [model.chat.tokenizer.encode(text, add_special_tokens=False) for text in texts]
    found = Counter(token for each in tokens for token in set(each))
    # log((n + 1) / df), never 0: texts that are all the same still have a mean
    rare = [torch.tensor([math.log((len(texts) + 1) / found[t]) for t in each]) for each in tokens]
    return torch.stack(
        [
            (weights.to(table.device) @ table[each].float()) / weights.sum()
            for each, weights in zip(tokens, rare, strict=True)
        ]
    )
