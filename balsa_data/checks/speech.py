"""What is quoted was said, and by such a speaker."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from balsa_data.checks import Item, failed, passed
from balsa_data.claims import quotes, stated, words
from balsa_data.schemas import SpeechSegment, Verdict
from balsa_data.taxonomy.text import Pattern

RANK = 1
REASONS = {
    "transcript": "quotes words that the metadata's transcripts do not have, or tells what is talked about without any",
    "speaker": "gives a speaker a gender, age, emotion, accent or language that the metadata contradicts",
}
FALSE = {"speaker", "transcript"}


def _table(rows: Mapping[str, str]) -> dict[str, str]:
    return {word: value for value, words in rows.items() for word in words.split("|")}


_GENDER = _table(
    {
        "male": "man|men|male|males|boy|boys|gentleman|guy|masculine|he|his|father|grandfather|businessman|m",
        "female": "woman|women|female|females|girl|girls|lady|ladies|feminine|she|her|mother|grandmother|f",
    }
)
_PEOPLE = {w: g for w, g in _GENDER.items() if w not in {"m", "f", "he", "his", "she", "her", "masculine", "feminine"}}
_PERSONS = frozenset(_PEOPLE)
_AGE = _table(
    {
        "child": "child|children|kid|kids|boy|boys|girl|girls|toddler|childlike",
        "adult": "adult|adults|man|men|woman|women|middle-aged|gentleman|lady|grown|20s|30s|40s|50s",
        "young": "teenager|teenage|teen|teens|adolescent|young adult",
        "elderly": "elderly|senior|aged|grandmother|grandfather|old man|old woman|older man|older woman|60s|70s|80s",
    }
)
_EMOTION = _table(
    {
        "happy": "happy|happily|happiness|cheerful|cheerfully|joyful|joyfully|joy|delighted|glad|gleeful|merry|excited|"
        "excitedly|excitement|amused|enthusiastic|enthusiastically|enthusiasm",
        "sad": "sad|sadly|sadness|sorrowful|mournful|melancholy|melancholic|unhappy|tearful|tearfully|depressed|gloomy|"
        "sorrow|disappointed|heartbroken",
        "angry": "angry|angrily|anger|furious|furiously|fury|mad|annoyed|irritated|frustrated|frustration|hostile|enraged",
        "fearful": "fearful|fearfully|fear|afraid|scared|frightened|terrified|anxious|anxiously|nervous|nervously|panicked",
        "surprised": "surprised|surprise|astonished|amazed|shocked|astonishment|amazement",
        "disgusted": "disgusted|disgust|contemptuous|contempt|revolted",
        "neutral": "neutral|neutrally|flat|monotone|emotionless|matter-of-fact|unemotional",
        "calm": "calm|calmly|relaxed|composed|serene|soothing|gentle|gently|peaceful|steady",
    }
)
_ALIKE = [{"neutral", "calm"}, {"adult", "young"}]
_LANGUAGE = _table(
    {
        "en": "english|eng",
        "fr": "french|fra|fre",
        "de": "german|deu|ger",
        "es": "spanish|spa",
        "it": "italian|ita",
        "pt": "portuguese|por",
        "zh": "chinese|mandarin|cantonese|zho|chi|cmn|yue",
        "ja": "japanese|jpn",
        "ko": "korean|kor",
        "ru": "russian|rus",
        "ar": "arabic|ara",
        "hi": "hindi|hin",
        "nl": "dutch|nld|dut",
        "pl": "polish|pol",
        "sv": "swedish|swe",
        "tr": "turkish|tur",
        "vi": "vietnamese|vie",
        "el": "greek|ell",
        "he": "hebrew|heb",
        "th": "thai|tha",
        "uk": "ukrainian|ukr",
        "da": "danish|dan",
        "fi": "finnish|fin",
        "no": "norwegian|nor",
        "cs": "czech|ces",
        "hu": "hungarian|hun",
        "ro": "romanian|ron",
        "id": "indonesian|ind",
        "fa": "persian|farsi|fas",
        "ur": "urdu|urd",
        "bn": "bengali|ben",
        "ta": "tamil|tam",
    }
)
_ACCENT = _table(
    {
        "american": "american|us|en-us|united states",
        "british": "british|uk|en-gb|english|england",
        "australian": "australian|au|en-au|aussie",
        "indian": "indian|en-in",
        "canadian": "canadian|en-ca",
        "irish": "irish|en-ie",
        "scottish": "scottish|scots",
        "welsh": "welsh",
        "south african": "south african|en-za",
        "new zealand": "new zealand|kiwi|en-nz",
        "southern": "southern",
        **{w: w for w in words("french german spanish italian russian chinese japanese korean mexican african")},
        **{w: w for w in words("asian arabic dutch polish swedish nigerian jamaican brazilian")},
    }
)
_VOICE = re.compile(
    r"\b(?:voices?|tones?|spe(?:ak|aks|aking|aker|akers|ech)|talk(?:s|ing)?|sa(?:y|ys|ying|id)|asks?|asking|repl(?:y|ies)|"
    r"announc\w+|exclaim\w*|m[ae]n|wom[ae]n|boys?|girls?|child|children|kid|lady|male|female|narrator|person|someone|"
    r"he|she|manner|tell(?:s|ing)?|sounds? )\b",
    re.IGNORECASE,
)
# What a caption says was said: "a man says hello", "a woman shouting 'over here'".
_SAYS = re.compile(
    r"[\"“‘'](.+?)[\"”’'](?!\w)|\b(?:say|says|saying|said|words?|phrase|counts?|counting)\b\s+(.*)", re.IGNORECASE
)
_TOPIC = Pattern(
    "-about -discuss",
    r"\b(?:speak|talk|tell|chat|sing|argu|narrat)\w*(?: (?:to|with) (?:\w+ ){1,3})? ?about\b|\bdiscuss(?:es|ing)\b",
)
_ACCENT_FOLLOWS = re.compile(r"\W*(?:\w+\W+)?accent", re.IGNORECASE)
_ATTRIBUTES = {"gender": _GENDER, "age": _AGE, "emotion": _EMOTION, "accent": _ACCENT, "language": _LANGUAGE}
_VOCABULARY = frozenset().union(*_ATTRIBUTES.values())


def check(item: Item) -> Verdict:
    """Refuse a quotation that is not in the transcripts, and an attribute that contradicts a speaker's.

    Quotations are compared without case, punctuation and spacing; a part of a transcript will do. What the metadata
    leaves open (no emotion, no language) is not contradicted; of several speakers, any one may be meant. Without transcripts
    nobody can tell what people talk about, unless a caption does.
    """
    segments = [s for clip in item.clips for s in clip.speech]
    if quoted := quotes(item.response):
        spoken, written = _texts(item)
        for quote in quoted:
            known = [f" {_fold(text)} " for text in (spoken if quote.spoken else written)]
            parts = [_fold(p) for p in re.split(r"\.{2,}|…|\[[^\]]*\]", quote.text)]
            wrong = [p for p in parts if p and not any(f" {p} " in k for k in known)]
            if wrong and (quote.spoken or (segments and len(quote.text.split()) >= 4)):
                detail = f"quotes {quote.text!r}, which is not in the transcripts"
                return failed("speech", "transcript", detail, (quote.start, quote.end))
    return _speakers(item, segments) if segments else _people(item)


def _texts(item: Item) -> tuple[list[str], list[str]]:
    """Return what is said in the clips, and all that may be quoted of them."""
    captions = [c for clip in item.clips for c in clip.captions]
    spoken = [" ".join(s.transcript for s in clip.speech) for clip in item.clips]
    spoken += [said for c in captions for match in _SAYS.finditer(c) for said in match.groups() if said]
    return spoken, [*spoken, *captions, *(e.label for clip in item.clips for e in clip.events), item.prompt]


def _people(item: Item) -> Verdict:
    """Where only captions or labels tell of people, refuse a man or a woman whom they do not name, and what is talked about."""
    if (topic := _TOPIC.search(item.response)) and not any(_TOPIC.search(text) for text in _texts(item)[1]):
        detail = f"says what somebody is {topic.group()!r}, which the metadata does not"
        return failed("speech", "transcript", detail, topic.span())
    told = list(stated(item.response, _PERSONS))
    named = _named(item) if told else set()
    for start, end, word, _ in told:
        if _PEOPLE[word] not in named:
            detail = f"tells of {item.response[start:end]!r}, but the metadata names no {_PEOPLE[word]} speaker"
            return failed("speech", "speaker", detail, (start, end))
    return passed("speech")


def _named(item: Item) -> set[str | None]:
    texts = [*(c for clip in item.clips for c in clip.captions), *(e.label for clip in item.clips for e in clip.events)]
    texts += [v for clip in item.clips for v in clip.attributes.values()] + [item.prompt, *item.present]
    return {_PEOPLE.get(word) for text in texts for word in re.findall(r"\w+", text.casefold())}


def _speakers(item: Item, segments: list[SpeechSegment]) -> Verdict:
    known = {name: _known(item, segments, name) for name in _ATTRIBUTES}
    for start, end, word, rest in stated(item.response, _VOCABULARY):
        for name, values in known.items():
            value = _ATTRIBUTES[name].get(word)
            if not values or value is None or value in values or any({value, v} in _ALIKE for v in values):
                continue
            if _meant(name, rest, _sentence(item.response, start)):
                detail = f"says {item.response[start:end]!r}, but the speaker's {name} is {' or '.join(sorted(values))}"
                return failed("speech", "speaker", detail, (start, end))
    return passed("speech")


def _meant(name: str, rest: str, sentence: str) -> bool:
    """Whether a word, by what follows it and the sentence it stands in, tells of a voice."""
    if name in {"accent", "language"}:
        return (name == "accent") == bool(_ACCENT_FOLLOWS.match(rest))
    return name != "emotion" or bool(_VOICE.search(sentence))


def _known(item: Item, segments: list[SpeechSegment], name: str) -> set[str]:
    """Return the values an attribute has among the speakers; none where one of them lacks it."""
    told = [getattr(s, name) for s in segments]
    if None in told:
        return set()
    captions = " ".join(c for clip in item.clips for c in clip.captions).casefold()
    words = set(re.findall(r"\w+", captions))
    return {_value(t, _ATTRIBUTES[name]) for t in told} | {v for w, v in _ATTRIBUTES[name].items() if w in words}


def _value(text: str, table: Mapping[str, str]) -> str:
    """Return what the table makes of a metadata field ("en-US" is "en"); an unknown one stands for itself."""
    folded = text.casefold().strip()
    base = re.split("[-_]", folded)[0]
    return table.get(folded) or table.get(base) or (base if base in table.values() else folded)


def _sentence(text: str, at: int) -> str:
    start = max(text.rfind(mark, 0, at) for mark in ".!?\n") + 1
    ends = [i for mark in ".!?\n" if (i := text.find(mark, at)) >= 0]
    return text[start : min(ends, default=len(text))]


def _fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(re.findall(r"\w+", folded.replace("'", "")))
