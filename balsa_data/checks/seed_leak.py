"""A response must speak of what is heard, not of the text that stands for it."""

from __future__ import annotations

import re

from balsa_data.checks import Item, failed, passed
from balsa_data.schemas import Verdict
from balsa_data.taxonomy.text import Pattern

REASONS = {"seed_leak": "the response speaks of the metadata, its brackets, or the request's guidance"}

_LEAK = Pattern(
    "-[ | -( | -sounds: | -example: | -passage | metadata seed placeholder bracket brackets bracketed instruction instructions joke "
    "depicted portrayed described labeled labelled description descriptions | begin end start & audio | "
    "caption captions tag tags label labels text prompt transcription sentence & the this that your | "
    "provided given gave supplied above mentioned & -caption -text -information -details -transcript -audio -tag -sentence | "
    "provided given supplied above aforementioned & caption text information details transcript tag tags label labels sentence | "
    "mentioned stated written indicated noted given provided & as | own & words | instructed requested asked & as | "
    "sentence sentences language & plain simple complete | written & -between | word sentence & one single",
    r"""
    \[? \b (?:begin|end|start) \s of \s (?:the \s)? audio \b \]?
    | (?:^|\n|:\s|["“(\[]) [\s"“*\[]* sounds: | \[ (?:list|insert|name) \b
    | \[ \d\d:\d\d \s? - \s? \d\d:\d\d \] | (?:^|\n) \s* \( [^()\n]+ \) [.,;]? \s* (?=\n|$)
    | \b (?:
        (?:metadata|seed \s description|placeholder|bracket(?:s|ed)?)\b
        | (?:the|this|that|your) \s (?:(?:audio|given|provided|above|text|short|brief|written|original) \s){0,2} (?:description|caption|captions|tags?|labels?|text|passage|prompt|transcription|sentence) \b
        | (?:description|caption|text|information|details|transcript|audio|tags?|sentence)s? \s (?:that \s (?:was|were|is) \s | which \s (?:was|is) \s | you \s | you've \s)? (?:provided|given|gave|supplied|described \s above|above|mentioned)\b
        | (?:provided|given|supplied|above|aforementioned) \s (?:audio \s | sound \s)? (?:description|caption|text|information|details|transcript|tags?|labels?|sentence|audio \s text)\b
        | as \s (?:described|mentioned|stated|written|indicated|noted|given|provided) \s (?:above|before|earlier|in \s the \s (?:text|description|caption|prompt))
        | (?:in|using) \s (?:my|your) \s own \s words \b
        | as \s (?:you \s)? (?:instructed|requested|asked) \b
        | (?:your|the|these) \s instructions? \b
        | (?:plain|simple|complete) \s (?:sentences?|language) \b
        | (?:text \s or \s description | (?:descriptive|given|this|the) \s passage | written \s between | for \s example:)
        | (?:is|are|was|were) \s (?:described|labell?ed|depicted|portrayed) \s (?:as|in) \b
        | (?:is|are) \s (?:an? \s)? descriptions? \s of \b | (?:one|single)-(?:word|sentence) \b | is \s a \s joke \b
    )
    """,
    re.VERBOSE,
)


def check(item: Item) -> Verdict:
    """Refuse a response that gives away that there was a text; words of the prompt or of a transcript are free."""
    for found in _LEAK.finditer(item.response):
        free = " ".join([item.prompt, *(s.transcript for c in item.clips for s in c.speech)]).lower()
        if found.group().lower() not in free:
            return failed(
                "seed_leak", "seed_leak", f"the response speaks of its source: {found.group()!r}", found.span()
            )
    return passed("seed_leak")
