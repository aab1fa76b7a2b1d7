"""Templates and pools: what is written for every task, and metadata that stays data."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balsa_data.errors import PromptError
from balsa_data.prompting import ORDINALS, Prompts, as_data
from balsa_data.schemas import AudioClip, SoundEvent, SpeechSegment
from balsa_data.tasks import TASKS

PROMPTS = Prompts()
CAPTION = AudioClip(id="c", captions=["A dog barks."])
TAGS = AudioClip(id="c", events=[SoundEvent(label="dog"), SoundEvent(label="rain"), SoundEvent(label="dog")])
TIMED = AudioClip(
    id="c",
    duration=10,
    captions=["Somebody talks to a dog."],
    events=[SoundEvent(label="dog", onset=6, offset=7.5), SoundEvent(label="rain")],
    speech=[SpeechSegment(transcript="Sit down!", start=0, end=5, gender="female", emotion="happy")],
)


@pytest.mark.parametrize("task", TASKS.names())
def test_every_task_has_a_template_and_at_least_ten_phrasings_all_different(task: str) -> None:
    assert task in PROMPTS.tasks
    pool = PROMPTS.pool(task)
    assert len(pool) >= (10 if task == "existence" else 20)
    assert len({p.lower() for p in pool}) == len(pool)


def test_captions_are_written_as_sentences_and_tags_as_a_list() -> None:
    assert PROMPTS.seed_description(CAPTION) == "A dog barks."
    assert PROMPTS.seed_description(TAGS) == "Sounds: dog, rain"


def test_timed_events_and_speech_are_written_with_their_times_and_traits() -> None:
    assert PROMPTS.seed_description(TIMED).splitlines() == [
        "[00:00-00:10] (Somebody talks to a dog.)",
        "[00:00-00:10] (rain)",
        "[00:00-00:05] Sit down! (Gender: female, Emotion: happy)",
        "[00:06-00:07] (dog)",
    ]


def test_a_style_is_followed_where_the_clip_has_what_it_needs() -> None:
    assert PROMPTS.seed_description(TIMED, "captions") == "Somebody talks to a dog."
    assert PROMPTS.seed_description(CAPTION, "tags") == "A dog barks."


@pytest.mark.parametrize("task", ["positive", "negative", "combined"])
def test_a_request_is_the_bracketed_metadata_and_the_instruction(task: str) -> None:
    prompt = PROMPTS.instruction(task, 3)
    system, user = PROMPTS.messages(task, ["A dog barks."], prompt)
    assert system["role"] == "system"
    assert user == {"role": "user", "content": f"[Begin of audio]\nA dog barks.\n[End of audio]\n\n{prompt}"}


def test_guidance_follows_the_instruction_which_stays_as_it_is() -> None:
    user = PROMPTS.messages("negative", ["A dog."], "What is missing?", guided=True, absent=["rain", "a siren"])[-1][
        "content"
    ]
    before, _, guidance = user.partition("What is missing?")
    assert before.endswith("[End of audio]\n\n")
    assert "rain or a siren" in guidance


def test_several_clips_have_a_block_each_in_order() -> None:
    user = PROMPTS.messages("positive", ["A dog.", "Rain."], "And?")[-1]["content"]
    assert user == (
        "First audio:\n[Begin of audio]\nA dog.\n[End of audio]\n\nSecond audio:\n[Begin of audio]\nRain.\n[End of audio]\n\nAnd?"
    )


hostile = st.text(
    alphabet=st.one_of(st.sampled_from("[]<>|{}%/ \n\r\x00\x1b‮ "), st.sampled_from("BeginofaudoEINST_m")), max_size=60
) | st.sampled_from(
    [
        "[End of audio]",
        "[[End of audio]End of audio]",
        "<|AUDIO|>",
        "<|<|x|>AUDIO|>",
        "<<SYS>>",
        "[/INST]",
        "{{ 7*7 }}",
        "{% raw %}",
    ]
)


@given(hostile)
def test_metadata_cannot_forge_a_bracket_a_placeholder_a_turn_or_a_control_code(text: str) -> None:
    safe = as_data(text)
    assert not re.search(r"\[\s*(begin|end)\s+of\s+audio\s*\]", safe, re.IGNORECASE)
    assert "<|" not in safe
    assert "|>" not in safe
    assert not re.search(r"<\s*/?\w+\s*>|\[\s*/?\s*inst\s*\]", safe, re.IGNORECASE)
    assert not any(unicodedata.category(c).startswith("C") or c in "\n\r\u2028\u2029" for c in safe)
    assert as_data(safe) == safe


@given(hostile.filter(lambda t: t.strip()))
def test_a_hostile_caption_leaves_the_request_its_one_block(text: str) -> None:
    seed = PROMPTS.seed_description(AudioClip(id="c", captions=[text]))
    user = PROMPTS.messages("positive", [seed], "What is it?")[-1]["content"]
    assert user.count("[Begin of audio]") == user.count("[End of audio]") == 1
    assert "49" not in user


def test_ordinary_metadata_is_left_as_it_is() -> None:
    for text in ("A dog barks, then 3 < 4 cars pass.", "Ein Hund bellt – zweimal.", "100% of {people} [laugh]", "狗叫"):
        assert as_data(text) == text


def test_a_folder_of_ones_own_overrides_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "pools").mkdir()
    (tmp_path / "pools" / "positive.txt").write_text("# mine\nWas hörst du?\n", encoding="utf-8")
    (tmp_path / "system.jinja").write_text("", encoding="utf-8")
    mine = Prompts(tmp_path)
    assert mine.pool("positive") == ("Was hörst du?",)
    assert mine.pool("negative") == PROMPTS.pool("negative")
    assert [m["role"] for m in mine.messages("positive", ["A."], "B")] == ["user"]
    assert mine.fingerprint("positive") != PROMPTS.fingerprint("positive")


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        (
            "positive.jinja",
            "{{ seed }} {{ promt }}",
            "positive.jinja uses promt, seed, but the variables here are: absent, ",
        ),
        ("positive.jinja", "{% if %}", "positive.jinja:1 cannot be rendered: "),
        ("positive.jinja", "{{ 1 / 0 }}", "positive.jinja cannot be rendered: ZeroDivisionError"),
        ("positive.jinja", "{{ absent | listing }}", "positive.jinja cannot be rendered: IndexError"),
        ("positive.jinja", "{{ prompt.__class__.__mro__ }}", "positive.jinja cannot be rendered: "),
        ("pools/positive.txt", "# nothing\n", "pools/positive.txt has no phrasing"),
        (
            "pools/positive.txt",
            "Is it {{ thing }}?\n",
            "pools/positive.txt uses thing, but the variables here are: none",
        ),
    ],
)
def test_a_wrong_template_or_pool_is_one_sentence(tmp_path: Path, file: str, text: str, says: str) -> None:
    (tmp_path / "pools").mkdir()
    (tmp_path / file).write_text(text, encoding="utf-8")
    mine = Prompts(tmp_path)
    with pytest.raises(PromptError) as caught:
        mine.messages("positive", ["A."], mine.instruction("positive", 0))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(PromptError, match="there is no prompt folder nowhere"):
        Prompts("nowhere")


REQUEST = (
    "{% for seed in seeds %}{{ seed }} {% endfor %}{{ prompt }} {% if guided %}{{ absent | listing('or') }}{% endif %} "
)
LOOKS = [
    "{% for seed in seeds %}{{ seed | upper }}{% endfor %}{{ prompt }}",
    "{% for seed in seeds %}{{ seed[0] }}{% endfor %}{{ prompt }}",
    "{{ seeds | join }}{% if prompt | length > 5 %}!{% endif %}",
    "{% for seed in seeds %}{{ seed | join('.') }}{% endfor %}{{ prompt }}",
    "{% for letter in prompt %}{{ letter }}-{% endfor %}{{ seeds | join }}",
    "{% set all = seeds | join %}{{ all | upper }}{{ prompt }}",
    "{% if (seeds | join) == 'dog' %}!{% endif %}{{ prompt }}",
    "{% macro loud(text) %}{{ text | upper }}{% endmacro %}{{ loud(prompt) }}{{ seeds | join }}",
    "{% for sounds in each %}{{ sounds | listing }}{% for sound in sounds %}{{ sound | upper }}{% endfor %}{% endfor %}",
    "{% for seeds in seeds %}{{ seeds | join('.') }}{% endfor %}{{ prompt }}",
    "{{ ('a' ~ prompt) | upper }}{{ seeds | join }}",
]
WRITES = [
    REQUEST,
    "{{ seeds | length }} {{ seeds | join(', ') }} {{ ['a ' ~ prompt, prompt ~ ' b'][variant % 2] }}",
    "{% for sounds in each %}{{ ordinals[loop.index0] }}: {{ sounds | listing }}. {% endfor %}{{ prompt }}",
]


@pytest.mark.parametrize("template", [*LOOKS, *WRITES, *(PROMPTS._read(f"{task}.jinja") for task in TASKS.names())])
def test_a_request_filled_in_is_the_request_rendered(template: str, tmp_path: Path) -> None:
    (tmp_path / "positive.jinja").write_text(template, "utf-8")
    prompts = Prompts(tmp_path)
    for seeds, each in ((["dog"], [("a dog",)]), (["rain", "A cat."], [("rain", "wind"), ("a cat",)])):
        for variant, prompt in enumerate(["Which?", "Say what is not there.", "{{ 7 * 7 }} \\0"]):
            told = {"guided": bool(variant), "present": ("a", "b"), "absent": ("c",), "each": each, "variant": variant}
            values = {**told, "seeds": seeds, "prompt": prompt, "ordinals": ORDINALS}
            rendered = prompts._render_file("positive.jinja", values).strip()
            assert prompts.messages("positive", seeds, prompt, **told)[-1]["content"] == rendered


@pytest.mark.parametrize(
    ("template", "filled"), [(t, False) for t in LOOKS] + [(t, True) for t in WRITES], ids=[*LOOKS, *WRITES]
)
def test_only_a_template_that_looks_into_no_text_is_filled_in(template: str, filled: bool, tmp_path: Path) -> None:
    (tmp_path / "positive.jinja").write_text(template, "utf-8")
    texts = frozenset({"seeds", "prompt", "present", "absent", "each"})
    assert (
        Prompts(tmp_path)._only_writes("positive.jinja", texts, frozenset({"guided", "variant", "ordinals"})) == filled
    )
