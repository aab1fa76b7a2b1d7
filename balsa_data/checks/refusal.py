"""A response must answer, not say that it can't listen."""

from __future__ import annotations

import re

from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict
from balsa_data.taxonomy.text import Pattern

REASONS = {"refusal": "the response refuses, or says that it is a model that can't hear"}

_CANNOT = (  # inside a verbose pattern, where a space is none
    r"(?:can(?:no|')?t|can\ not|could(?:n't|\ not)|(?:am|'m|was)\ (?:not\ able|unable)\ to|"
    r"do(?:n't|\ not)\ have\ the\ (?:ability|capability|means)\ to)"
)
_REFUSAL = Pattern(
    "sorry apologize apologise apologies ai artificial assistant chatbot | language & model | text & based | "
    "-cannot -cant -can't -can_not -could_not -couldn't -not_able -unable -have_the | not & been & able | not t & have | "
    "-provided -attached -given -uploaded -supplied -available & no without | "
    "provide upload share attach send give & please could can | find suggest recommend create look & try help let ll",
    rf"""
    \b i (?: \s am | 'm )? \s (?:(?:really|very|so) \s)? (?:sorry|apologi[sz]e) \b (?: ,? \s but \b | \s for \b | [.] )
    | \b (?:my \s apologies | apologies \s for) \b
    | \b as \s an? \s (?:\w+ \s)? (?:ai|artificial|language \s model|text[- ]based|assistant) \b
    | \b i(?:'m | \s am) \s (?:just \s | only \s)? an? \s (?:\w+ \s)? (?:ai|artificial \s intelligence|language \s model|text[- ]based|chatbot) \b
    | \b i \s? {_CANNOT} \s (?:actually \s | directly \s | physically \s)? (?:listen|play|replay|access|open|process|analy[sz]e|perceive|assist|help|fulfil|comply|provide|describe|answer)
    | \b i \s? {_CANNOT} \s (?:actually \s | directly \s | physically \s)? hear \s (?:the \s|this \s|your \s|any \s)? (?:audio|recording|clip|file|sounds?)s? \s* (?:file|clip|recording)? \s* (?:[.,;!]|$|because|since|directly|as)
    | \b i (?:'ve|'m | \s have | \s am)? \s? (?:been \s)? {_CANNOT} \s (?:find|locate|recall|remember|imagine|see|think \s of) \b
    | \b i (?:'ve | \s have) \s (?:been \s)? (?:unable | not \s been \s able) \s to \s (?!hear|detect|notice) \w+
    | \b (?:no|without) \s (?:an? \s | any \s)? (?:audio|recording|clip|file)s? \s (?:\w+ \s){{0,3}} (?:provided|attached|given|uploaded|supplied|available)
    | \b (?:please|could \s you|can \s you) \s (?:\w+ \s)? (?:provide|upload|share|attach|send|give) \s (?:me \s)? (?:with \s)? (?:the|an|your|more|a) \b
    | \b (?:try \s to | help \s you | let \s me | 'll) \s (?:find|suggest|recommend|create|look \s for) \s (?:something|one|an?|some) \b
    | \b (?:i \s)? do(?:n't|\snot) \s have \s (?:\w+ \s){{0,3}} (?:access|ears|audio|information|enough)
    """,
    re.VERBOSE,
)


def check(item: Item) -> Verdict:
    """Refuse a refusal; "I can't hear any rain" is an answer and passes."""
    if found := _REFUSAL.search(item.response.replace("’", "'")):
        return failed("refusal", "refusal", f"the response refuses: {found.group()!r}", found.span())
    return passed("refusal")
