"""What many requests took, counted up in place: to make a `Usage` of every sum would cost each answer four records."""

from __future__ import annotations

from dataclasses import dataclass

from balsa_data.schemas import Usage

__all__ = ["Total"]


@dataclass
class Total:
    """Requests, tokens and cost in US dollars, which is None once it is not known."""

    requests: int = 0
    tokens: int = 0
    cost: float | None = 0.0

    @classmethod
    def of(cls, usage: Usage) -> Total:
        """Return a total to go on from."""
        return cls(usage.requests, usage.prompt_tokens + usage.completion_tokens, usage.cost)

    def add(self, usage: Usage) -> None:
        """Count the tokens and the cost of an answer; requests count when they are made."""
        self.tokens += usage.prompt_tokens + usage.completion_tokens
        self.cost = None if self.cost is None or usage.cost is None else self.cost + usage.cost
