"""The connector: the only part that is trained. It turns a clip's states into embeddings the backbone can read."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers import Blip2QFormerConfig, Blip2QFormerModel

__all__ = ["Connector", "LinearPooling", "QFormer", "build"]


class Connector(nn.Module):
    """Pools each window of a clip to a fixed number of vectors and projects them to the backbone's width.

    Args:
        layers: How many encoder layers are read.
        width: Of the encoder's states.
        queries: Vectors a window.
        hidden: The backbone's width.
        scale: Standard deviation of the backbone's own token embeddings; the projection starts there, since a backbone
            reads vectors of another size as noise.
    """

    def __init__(self, layers: int, width: int, queries: int, hidden: int, scale: float) -> None:
        super().__init__()
        self.queries = queries
        self.layer_weights = nn.Parameter(torch.zeros(queries, layers))
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, hidden)
        nn.init.normal_(self.project.weight, std=scale / width**0.5)
        nn.init.zeros_(self.project.bias)

    def forward(self, windows: list[Tensor]) -> Tensor:
        """Return the embeddings, shape (windows, queries, hidden).

        Args:
            windows: Each window's states, shape (layers, frames, width).
        """
        projected: Tensor = self.project(self.norm(self.mixed(windows)))
        return projected

    @torch.no_grad()
    def calibrate(self, mixed: Tensor) -> None:
        """Set the normalisation such that each of its outputs has mean 0 and variance about 1 over some windows.

        Most of what Whisper's states hold is the same in every clip; started plainly, the projection learns that constant
        first and what tells clips apart long after. The idea is Salimans and Kingma's (1602.07868, section 3).

        Args:
            mixed: What `mixed` makes of them, shape (windows, queries, width).
        """
        plain = nn.functional.layer_norm(mixed, (self.norm.normalized_shape[0],)).flatten(0, 1)
        scale = 1 / (plain.std(dim=0, correction=0) + 0.1)  # (width,); what hardly varies is not blown up
        self.norm.weight.copy_(scale)
        self.norm.bias.copy_(-plain.mean(dim=0) * scale)

    @torch.no_grad()
    def fit(self, vectors: Tensor, wanted: Tensor, ridge: float) -> None:
        """Set the projection to the ridge regression.

        Args:
            vectors: Normalised, shape (n, width).
            wanted: What to make of them, shape (n, hidden).
            ridge: The penalty, in units of the vectors' variance.
        """
        mean = wanted.mean(dim=0)
        penalty = ridge * len(vectors) * torch.eye(vectors.shape[1], device=vectors.device)
        weight = torch.linalg.solve(vectors.T @ vectors + penalty, vectors.T @ (wanted - mean))  # (width, hidden)
        self.project.weight.copy_(weight.T)
        self.project.bias.copy_(mean)

    def mixed(self, windows: list[Tensor]) -> Tensor:
        """Return the pooled vectors with the layers mixed, shape (windows, queries, width)."""
        pooled = self.pool([window.to(self.project.weight.dtype) for window in windows])
        return torch.einsum("lwqd,ql->wqd", pooled, self.layer_weights.softmax(dim=-1))

    def pool(self, windows: list[Tensor]) -> Tensor:
        """Return the vectors of each layer, shape (layers, windows, queries, width)."""
        raise NotImplementedError


class QFormer(Connector):
    """Learned queries attend to each layer's states through one shared Q-Former.

    After DeSTA2.5-Audio (2507.02768): a set of queries a layer, the layers' outputs mixed by learned weights.
    """

    def __init__(
        self, layers: int, width: int, queries: int, hidden: int, scale: float, *, depth: int, heads: int
    ) -> None:
        super().__init__(layers, width, queries, hidden, scale)
        self.query = nn.Parameter(torch.randn(layers, queries, width))
        self.qformer = Blip2QFormerModel(
            Blip2QFormerConfig(
                hidden_size=width,
                encoder_hidden_size=width,
                intermediate_size=4 * width,
                num_hidden_layers=depth,
                num_attention_heads=heads,
                cross_attention_frequency=1,
                initializer_range=width
                ** -0.5,  # what is heard passes from the start; BERT's 0.02 drowns it in the queries
                hidden_dropout_prob=0.0,  # nothing random while training: resuming is exact
                attention_probs_dropout_prob=0.0,
            )
        )

    def pool(self, windows: list[Tensor]) -> Tensor:
        """Return what each layer's queries found."""
        lengths = [window.shape[1] for window in windows]
        states = pad_sequence([window.transpose(0, 1) for window in windows], batch_first=True)  # (W, frames, L, width)
        mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]  # (W, frames)
        count, frames, layers, width = states.shape
        found = self.qformer(
            query_embeds=self.query[:, None].expand(-1, count, -1, -1).flatten(0, 1),  # (L * W, queries, width)
            encoder_hidden_states=states.permute(2, 0, 1, 3).reshape(layers * count, frames, width),
            encoder_attention_mask=mask.to(states.device).repeat(layers, 1),
        ).last_hidden_state
        pooled: Tensor = found.unflatten(0, (layers, count))
        return pooled


class LinearPooling(Connector):
    """Averages the states over as many stretches of time as there are queries: nothing but the projection is learned."""

    def pool(self, windows: list[Tensor]) -> Tensor:
        """Return each stretch's average."""
        means = [nn.functional.adaptive_avg_pool1d(w.transpose(1, 2), self.queries).transpose(1, 2) for w in windows]
        return torch.stack(means, dim=1)


def build(
    kind: str, layers: int, width: int, queries: int, hidden: int, scale: float, *, depth: int, heads: int
) -> Connector:
    """Return the connector of that kind: ``qformer`` or ``linear``."""
    if kind == "linear":
        return LinearPooling(layers, width, queries, hidden, scale)
    return QFormer(layers, width, queries, hidden, scale, depth=depth, heads=heads)
