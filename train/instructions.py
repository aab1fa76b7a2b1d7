"""Text-only instructions whose following can be checked by rule: what training on audio must not unlearn."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

__all__ = ["INSTRUCTIONS"]

Check = Callable[[str], bool]


def _words(low: int, high: int) -> Check:
    return lambda text: low <= len(text.split()) <= high


def _says(*words: str) -> Check:
    return lambda text: all(word in text.lower() for word in words)


def _lines(count: int, pattern: str) -> Check:
    return lambda text: sum(bool(re.match(pattern, line.strip())) for line in text.splitlines()) == count


def _json(text: str) -> bool:
    try:
        return isinstance(json.loads(text.strip().removeprefix("```json").removesuffix("```")), dict)
    except ValueError:
        return False


INSTRUCTIONS: tuple[tuple[str, Check], ...] = (
    ("What is the capital of France?", _says("paris")),
    ("What is the capital of Italy? Answer with one word.", lambda t: _says("rome")(t) and _words(1, 1)(t)),
    ("Answer with one word: what colour is the sky on a clear day?", lambda t: _says("blue")(t) and _words(1, 1)(t)),
    ("Is fire cold? Answer yes or no.", lambda t: t.strip().lower().startswith("no")),
    ("Is water wet? Answer yes or no.", lambda t: t.strip().lower().startswith("yes")),
    ("What is two plus two?", lambda t: "4" in t or "four" in t.lower()),
    ("List exactly three fruits as bullet points that begin with '-'.", _lines(3, r"- ")),
    ("List three colours, numbered 1., 2. and 3., one a line.", _lines(3, r"[123]\. ")),
    ("Write one sentence about the sea that ends with an exclamation mark.", lambda t: t.strip().endswith("!")),
    ("Write the word 'hello' in capital letters.", lambda t: "HELLO" in t),
    ("Repeat this sentence: The cat sat on the mat.", _says("the cat sat on the mat")),
    ("Write a sentence with the word 'umbrella' in it.", _says("umbrella")),
    ("Name the day after Monday.", _says("tuesday")),
    ("Which animal says 'moo'?", _says("cow")),
    ("Translate 'good morning' into French.", _says("bonjour")),
    ("Reply in lower case letters only: what is the opposite of hot?", lambda t: t == t.lower() and "cold" in t),
    ('Give a JSON object with the key "name" and the value "Ada". Write nothing else.', _json),
    ("Describe a forest in at most twenty words.", _words(1, 20)),
    ("Write two paragraphs, separated by an empty line, about dogs.", lambda t: t.strip().count("\n\n") == 1),
    ("How many letters are in the word 'cat'?", lambda t: "3" in t or "three" in t.lower()),
)
