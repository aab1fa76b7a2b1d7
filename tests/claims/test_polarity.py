"""What a text says of a sound it names, construction by construction.

A sound stands in braces with what is said of it: {+heard}, {-not heard}, {~heard, with doubt}, {?either way}.
"""

from __future__ import annotations

import re

import pytest

from balsa_data.claims.reading import Asked, asked, read
from balsa_data.claims.scope import Polarity

SIGNS = {"+": Polarity.PRESENT, "-": Polarity.ABSENT, "~": Polarity.HEDGED, "?": Polarity.UNCLEAR}

STATEMENTS = """
A {+dog barks}.
{+Rain} and {+thunder}.
There is {+rain}, {+wind}, and {+thunder}.
I can hear {+a dog}, and {+birds} are singing.

There is no {-dog}.
There are no {-dogs}, {-cats}, or {-birds}.
There are no {-dogs}, no {-cats}, and no {-birds}.
No {-dogs bark} and no {-birds chirp}.
No {-dogs}, {-cats} or {-birds} are heard.
No sound of {-a dog}, {-a cat}, or {-a bird} is present.
There isn't any {-music} or {-speech}.
There is not a single {-dog} here.
Not a {-dog} is heard.
There is neither {-music} nor {-speech}.
Neither {-dogs} nor {-cats} are audible.
There's no {-music}, nor is there {-speech}.
The {-dog} isn't heard, nor is the {-cat}.
The {-dog} is not heard, and neither is the {-cat}.
The clip is without {-music}.
{+Rain falls} without {-thunder}.
A {+man speaks} without {-music}, and a {+dog barks}.
Without {-music}, the {+rain} is all there is.
It is free of {-traffic} and {-music}.
It is devoid of {-speech}, {-music}, and {-birds}.
There's an absence of {-speech}.
In the absence of {-speech}, {+rain} is heard.
There is a lack of {-music} and {-speech}.
The clip lacks {-birdsong}.
It does not contain {-music}.
It doesn't include {-speech}, {-music}, or {-birds}.
The recording does not feature {-drums} but has {+a guitar}.
I can't hear {-a dog}.
I cannot hear any {-dogs} or {-cats}.
You won't hear {-rain} here.
I don't hear {-music}; I hear {+speech}.
We could not detect {-sirens}.
I am unable to hear {-music}.
I haven't heard {-a dog}.
Nobody {-speaks}.
No one is {-talking}, and nothing is {-beeping}.
None of {-the dogs} are heard.
Zero {-sirens} are heard.
There is no trace of {-music}.
I don't think there is {-a dog}.
It is unlikely that {-a dog} is there.

The {-dog} is not heard.
{-Dogs} cannot be heard.
{-Dogs}, {-cats}, and {-birds} are not present.
{-Dogs} and {-cats} aren't there.
{-Speech} is absent.
{-Speech}, {-music}, and {-birds} are missing.
{-Speech} is entirely absent from the clip, as is {-music}.
{-Thunder} is inaudible, and so is {-rain}.
{-Music} can't be detected.
{-Music} isn't included, but {+speech} is.
The sound of {-a dog} is not part of the audio.
{-Thunder}, however, is not heard.
{-Thunder} fails to appear.
The {-siren} does not sound.
The {-dog} never barks.
{-Thunder} is notable by its absence.
{-Dogs} are nowhere to be heard.
As for {-dogs}, there are none.
{-Music} is not to be heard.
The {-dog} isn't audible in the {+rain}.
No {-birds} over the {+traffic}.
{-Birds} can't be heard over the {+waves}.
There is no {-music} behind the {+speech}.
No {-music} accompanies the {+speech}.
The {+speech} is not accompanied by {-music}.

There is no {-dog}, but {+a cat meows}.
There is no {-dog}; however, {+a cat} is heard.
Although {+rain} is present, {-thunder} is not.
While {+a dog barks}, no {-cat} is heard.
Whereas {+dogs} are heard, {-cats} and {-birds} are not.
There is no {-thunder}, only {+rain}.
Not {-thunder} but {+rain}.
It's {+rain}, not {-hail}.
{+Rain} rather than {-hail}.
Rather than {-hail}, {+rain} is heard.
Instead of {-music}, there is {+speech}.
There is no {-music}; instead, {+people talk}.
{+Dogs} but not {-cats} are heard.
There is no {-music}, and a {+dog} is barking.
There is no {-music}, and {+birds} are singing.
There is {+rain}, and {-sirens}, {-horns}, and {-dogs} are absent.
There is {+rain}, and {-sirens} are absent.
The {+dog} is heard, the {-cat} and the {-bird} are not.
{+Dogs} can be heard; {-cats} cannot.
Not only {+dogs} but also {+cats} are heard.
It is not just {+rain}; there is {+wind} too.

It is quiet except for {+birds}.
It's silent apart from {+a clock}.
Nothing but {+rain} can be heard.
Nothing is heard other than {+rain} and {+wind}.
There are no sounds besides {+rain}.
Apart from {+the dog}, {-cats} cannot be heard.
Except for {+rain}, there is no {-music}.
Everything except {-the dog} can be heard.
All sounds but {+rain} are absent.
Everything but {-rain} can be heard.
No {-birds} other than {+crows} are heard.
Aside from {+rain}, no {-dogs}, {-cats}, or {-birds} are heard.

The {+siren} is not absent.
{+Rain} isn't missing.
It is not without {+rain}.
The clip isn't devoid of {+music}.
There is no lack of {+birds}.
There's no doubt that {+a dog barks}.
The {+music} is not loud.
The {+speech} isn't clear.
The {+dog} does not stop barking.
{+Rain} falls without a pause.

There might be {~a dog}.
{~A dog} may be there.
Perhaps {~a dog} barks.
It could be {~thunder}.
It seems that {~a dog} is there.
It sounds like {~thunder}.
The {+waves} crash as if {~thunder} rolled.
A roar similar to {~thunder}.
A {+hum} reminiscent of {~an engine}.
You would hear {~a dog}.
There is nothing like {-thunder} here.
There might not be {-a dog}.
{+Thunder} could be heard.

If there were {?a dog}, we would know.
I wonder whether {?a dog} barks.
I'm not sure if there is {?a dog}.
I can't tell whether {?a dog} is there.
It's unclear if {?a dog} barks.
The {?dog} is no longer {?barking}.
There are no longer {?dogs}.
I can't say there is no {?dog}.
Hardly any {?rain} is heard.

Is there {~a dog}?
Is there {-a dog}? No.
Is there {-a dog}? No, I hear {+a cat}.
Is there {+a dog}? Yes, there is.

The sounds that are not heard are {-rain}, {-wind}, and {-dogs}.
What I can't hear is {-thunder}.
Among the missing sounds are {-dogs} and {-cats}.
Absent are {-dogs} and {-cats}.
Missing from the clip: {-dogs}, {-cats}.
Not heard: {-dogs}, {-cats}. Heard: {+rain}.
Heard: {+rain}, {+wind}. Not heard: {-dogs}.
{-Dogs}: not present. {+Rain}: present.
{-Dogs} - no. {+Rain} - yes.
These sounds are not in the audio: {-dogs}, {-cats}.
{-Dogs} and {-cats}. They are not in the audio.
{-Dogs} are not heard by the {x}.
The {-dog} is inaudible to human ears.
{+Speech} (no {-music}).
A man says "{x} and no {x}", and {+birds} sing.
There are no {-dogs}, {-cats}, or {-birds} in this clip. There is {+rain}.
You might expect to hear {-thunder}, but there is none.
One would expect {-birds}, yet none are heard.
Surprisingly, no {-birds} are {-singing}.
Notably absent is the sound of {-birds}.
The absence of {-birds} is notable.
{-Birds} are conspicuously absent.
There's no indication of {-traffic}.
Not present in this audio are the sounds of {-rain}, {-wind}, and {-dogs}.
The {+barking} is the only sound; {-traffic} is absent.
It's not {-music} but {+speech}.
Devoid of any {-music}, the clip features {+rain}.
Other sounds, such as {-dogs} or {-cats}, are not present.
Sounds such as {-thunder}, {-rain}, or {-wind} are not audible.
No other sounds, like {-dogs} or {-cats}, can be heard.
I hear {+rain}. No {-dogs} though.
I hear no {-dogs} or {-cats} — only {+rain}.
{-Dogs}? No. {-Cats}? No. {+Rain}? Yes.
There is {+rain} (but no {-thunder}).
Neither the {-dog} nor the {-cat} makes a sound.
There's {+rain} with no {-thunder}.
There's {+rain}, no {-thunder}, and no {-wind}.
The audio features {+rain}, but lacks {-thunder} and {-wind}.
It doesn't sound like {-a dog}.
That is not {-thunder}.
Instead of {-dogs barking}, we hear {+cats meowing} and {+birds singing}.
I can't identify any {-animals}, {-vehicles}, or {-voices} in the audio.
I did not hear {-a dog}, nor {-a cat}, nor even {-a bird}.
At no point does {-a dog} bark.
Nowhere in the recording is {-a dog} heard.
Not one {-dog} barks.
Never does {-a bell} ring.
The clip is about {+rain}, so you won't find {-music}.
No {-dogs} are present, but the audio does include {+rain}, {+wind}, and {+thunder}.
Contrary to expectations, there is no {-rain}.
{+Rain} is heard, as opposed to {-thunder}.
Only {+rain}, no {-thunder}.
Almost no {?traffic} is heard.
There are few {+birds}.
There is no {-rain}, no {-wind}, nothing of the sort; there is {+music}.
I can hear {+rain}, and I can't hear {-wind}.
There's no {-dog}, just {+a cat} and {+a bird}.
The {+dog} is barking, and no {-cat} is meowing.
The clip has {+rain} and {+wind} but not {-thunder}.
The clip contains {+music}, yet not {-singing}.
{+Rain} can be heard, but not {-thunder} or {-wind}.
{+Rain} is audible; not so {-thunder}.
There is a complete lack of {-music}, though {+people talk}.
Beyond the {+rain}, there is no {-thunder}.
You can't hear {-dogs}, and you can't hear {-cats} either, but you can hear {+rain}.
In this clip, {-dogs} and {-cats} are not to be found, while {+rain} is.
What you won't hear: {-dogs}, {-cats}, or {-birds}.
What's missing is {-music}.
{-Music} is what's missing.
{-Music} is the one thing that is not heard.
The {-siren} was not recorded.
The microphone did not pick up any {-dogs}.
There's neither {-rain} nor {-wind}, but {+thunder} is present.
A lack of {-speech} makes it feel empty.
{+Rain} without any {-thunder} or {-wind}.
{+Rain}, without {-thunder}, can be heard.
There is not only {+rain} but {+thunder} as well.
It isn't {-rain} that is heard; it's {+wind}.
I'd say there is no {-rain}.
No, {-dogs} are not heard.
No, there is {+rain} but no {-dog}.
Yes, {+dogs} are heard.
The clip is free from the sounds of {-traffic} and {-people}.
None of the following are heard: {-dogs}, {-cats}.
The following cannot be heard: {-dogs}, {-cats}, and {-rain}.
You can hear {+rain}; you cannot hear {-dogs}, {-cats}, or {-wind}.
{+Rain} falls. No {-thunder}. {+Wind} blows.
"""

LISTS = [
    "Sounds not heard:\n- {-dogs}\n- {-a cat meowing}\n\nSounds heard:\n1. {+Rain}\n2. {+Birds chirping}",
    "**Absent:**\n* {-Dogs}\n* {-Cats}\n\n**Present:**\n* {+Rain}",
    "# Heard\n{+Rain}\n\n# Not heard\n{-Dogs}",
    "I can't hear:\n\n1. {-Dogs}\n2. {-Cats}\n\nBut {+rain} is falling.",
    "The following are absent:\n- {-Dogs}: no barking.\n- {-Cats}",
    "What can be heard:\n- {+rain}\n- no {-thunder}",
]


def unmark(marked: str) -> tuple[str, list[tuple[int, int]], dict[int, Polarity]]:
    """Take the marks out: the text, where its sounds are, and what is said of each (``{x}``: of no account)."""
    text, spans, want = "", [], {}
    for part in re.split(r"(\{[^}]*\})", marked):
        if part.startswith("{"):
            if part[1] in SIGNS:
                want[len(spans)] = SIGNS[part[1]]
            part = part[1:-1].lstrip("+-~?")
            spans.append((len(text), len(text) + len(part)))
        text += part
    return text, spans, want


def judge(
    marked: str, answers: Asked = "present", *, kin: bool = False
) -> tuple[dict[int, Polarity], dict[int, Polarity]]:
    text, spans, want = unmark(marked)
    quoted = [m.span(1) for m in re.finditer(r'says "([^"]*)"', text)]
    spans_outside = [s for s in spans if not any(a <= s[0] < b for a, b in quoted)]
    got = read(text, spans_outside, quoted=quoted, answers=answers, related=lambda a, b: kin or a == b).polarity
    at = {spans.index(s): i for i, s in enumerate(spans_outside)}
    return {i: got[at[i]] for i in want if i in at and at[i] in got}, want


@pytest.mark.parametrize("marked", [s for s in STATEMENTS.splitlines() if s] + LISTS)
def test_polarity(marked: str) -> None:
    got, want = judge(marked)
    assert got == want


@pytest.mark.parametrize(
    ("marked", "kin"),
    [
        ("The {-dog} does not {-bark}.", True),
        ("The {-dog} isn't {-barking}.", True),
        ("The {+man} does not {-sing}.", False),
        ("The {-dog} fails to {-bark}.", True),
    ],
)
def test_a_negated_verb_denies_its_subject_where_both_name_one_sound(marked: str, kin: bool) -> None:
    got, want = judge(marked, kin=kin)
    assert got == want


@pytest.mark.parametrize(
    ("prompt", "marked"),
    [
        ("What sounds are not heard?", "{-Thunder}, {-sirens}, and {-speech}."),
        ("What sounds are not heard?", "{-Thunder}.\n{-A dog barking}."),
        ("What sounds are not heard?", "- {-thunder}\n- {-sirens}"),
        ("What sounds are not heard?", "The sound of {-a dog barking}."),
        ("What sounds are not heard?", "{+A dog} is barking."),
        ("What sounds are not heard?", "A {+dog barks}."),
        ("What sounds are heard?", "{+Thunder}, {+sirens}, and {+speech}."),
        ("What is heard, and what is not?", "{+Thunder}, {+sirens}."),
    ],
)
def test_what_a_bare_list_says_depends_on_the_question(prompt: str, marked: str) -> None:
    got, want = judge(marked, asked(prompt))
    assert got == want


@pytest.mark.parametrize(
    ("prompt", "asks"),
    [
        ("What can you hear?", "present"),
        ("Replay the audio.", "present"),
        ("What can't you hear?", "absent"),
        ("Name some sounds that are absent from the audio.", "absent"),
        ("Say what is not heard, in one or two sentences.", "absent"),
        ("What can you hear, and what can't you hear?", "present"),
        ("What's in the audio and what isn't?", "present"),
        ("Is there a dog?", "yes/no"),
        ("Can you hear rain?", "yes/no"),
        ("", "present"),
    ],
)
def test_what_a_prompt_asks_for(prompt: str, asks: str) -> None:
    assert asked(prompt) == asks
