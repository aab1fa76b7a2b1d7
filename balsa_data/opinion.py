"""A second opinion: where the rules cannot tell whether a response is true, another model is asked.

Optional (a recipe's ``judge``). It is asked only about responses that fail for nothing but doubts, a sentence that may be
meant either way for instance; what the rules decide stands. Its answers are journaled and its tokens counted like any
other's. An answer that is no verdict leaves the doubt, and so the rejection, as it is.
"""

from __future__ import annotations

from pydantic import Field, ValidationError

from balsa_data.judging import Judgement
from balsa_data.planning import Request
from balsa_data.prompting import Prompts, as_data
from balsa_data.schemas import Record, Verdict

__all__ = ["Opinion", "heeded", "question"]


class Opinion(Record):
    """What a judge answers: whether the response is true, and why in a sentence."""

    holds: bool = Field(alias="true")
    why: str = ""

    @classmethod
    def read(cls, text: str | None) -> Opinion | None:
        """Return the opinion that an answer states, whatever stands around it; None where it states none."""
        begin, end = (text or "").find("{"), (text or "").rfind("}")
        try:
            return cls.model_validate_json((text or "")[begin : end + 1])
        except ValidationError:
            return None


def question(prompts: Prompts, request: Request, response: str, judgement: Judgement) -> list[dict[str, str]]:
    """Return the messages that ask for an opinion on one response."""
    doubts = [verdict.detail for verdict in judgement.wrong]
    return prompts.ask("judge/claims", seeds=[request.seed_description], prompt=request.prompt,
                       response=as_data(response), doubts=doubts)  # fmt: skip


def heeded(judgement: Judgement, answer: str | None) -> Judgement:
    """Return what becomes of a doubtful judgement when the judge has answered."""
    opinion = Opinion.read(answer)
    if opinion is None:
        return judgement
    if opinion.holds:
        return judgement._replace(wrong=(), advised=True)
    said = Verdict(ok=False, check="judge", reason="judged_false", detail=f"the judge: {as_data(opinion.why)}")
    return judgement._replace(wrong=(*judgement.wrong, said), advised=True)
