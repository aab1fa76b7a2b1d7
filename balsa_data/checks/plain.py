"""A denial is said in words that can be read with certainty."""

from __future__ import annotations

import re

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import unquoted
from balsa_data.schemas import Verdict
from balsa_data.taxonomy.text import Pattern

RANK = 2
REASONS = {"tangled": "denies in words of which it cannot be said for certain what they deny"}

_NOT = r"(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should)(?:n['’]t|\ not)|can(?:not|['’]t)|won['’]t|never)"
_THERE = r"(?:present|audible|heard|there)\b"
_TANGLED = Pattern(
    "which that who & not t -cannot -never | not t -cannot & which that & -sound -noise -something -audio & i we you | "
    "not t -cannot & -sound_i -sound_we -sound_you -noise_i -noise_we -noise_you -something_i -something_we -something_you "
    "-audio_i -audio_we -audio_you | not cannot t & hear hearing & it them him her | not t & an a & he she they man men woman women person persons | "
    "not & would d & hear | not & heard & it | but & not & present audible heard there | not & sound noise voice & that which | "
    "not & only just merely even | not t -cannot -never & available possible necessary real true known typical | "
    "-t_clear -never_clear -really_clear",
    rf"""
    \b(?:
        (?<!sounds\ )(?<!noises\ )(?<!things\ )(?<!sources\ )(?:which|that|who)\ {_NOT}\b
        | (?:sound|noise|something|audio)\ (?:(?:which|that)\ )?(?:i|we|you)(?:['’](?:m|re)\ not|\ (?:am|are|do|can|could)\ not|\ (?:are|do|could)n['’]t|\ can(?:not|['’]t))\b
        | (?:not|cannot|can['’]t|don['’]t)\ (?:able\ to\ )?hear(?:ing)?\ (?:it|them|him|her)\b
        | (?:s?he|they|(?:wo)?m[ae]n(?:\ \w+ing)?|persons?(?:\ \w+ing)?)\ (?:is|are|was|were)(?:\ not|n['’]t)\ an?\b
        | (?:would|i['’]d)\ (?:rather\ )?not\ hear\b | heard\ (?:that\ )?it(?:['’]s|\ is)\ not\b
        | but\ (?:(?:it(?:['’]s)?|they(?:['’]re)?|is|are|was|were|rather)\ )*not\ (?:actually\ |really\ )?{_THERE}
        | not\ (?:actually\ |really\ )?{_THERE},?\ but\ (?:rather\ )?(?:it|they)\b
        | not\ an?\ (?:[\w-]+\ ){{0,2}}(?:sound|noise|voice)\ (?:that|which)\b
        | not\ (?:only|just|merely|even)\b [^.!?\n]* \b(?:not|no|missing|absent|lack(?:s|ing)?|without)\b
        | (?:missing|absent|lack(?:s|ing)?|without)\b [^.!?\n]* \bnot\ (?:only|just|merely|even)\b
        | {_NOT}\ (?:really\ )?(?:available|possible|necessary|real|true|clear|known|typical)\b
    )
    """,
    re.VERBOSE,
)


def check(item: Item) -> Verdict:
    """Refuse "a sound which is not in the recording", "not only missing the wind but also the rain", "is not available".

    What is meant may be the opposite of what is read. Of several clips, "which the second does not have" is plain.
    """
    if len(item.clips) < 2 and (found := _TANGLED.search(unquoted(item.response))):
        detail = f"what {found.group()!r} denies cannot be said for certain"
        return failed("plain", "tangled", detail, found.span(), doubt=True)
    return passed("plain")
