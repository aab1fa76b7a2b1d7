"""The relation of classes, what a file may say, and what a user's file changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balsa_data.errors import TaxonomyError
from balsa_data.taxonomy import Taxonomy, default

names = st.sampled_from(sorted(default().sounds))


def test_it_is_large_and_loaded_once() -> None:
    assert len(default().sounds) >= 600
    assert default() is default()


def test_importing_it_is_light() -> None:
    code = "import sys, balsa_data.taxonomy; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "litellm", "datasets", "pydantic", "numpy"} & set(loaded)


@given(names, names)
def test_relations(a: str, b: str) -> None:
    t = default()
    assert a not in t.ancestors(a)
    assert (a in t.ancestors(b)) == (b in t.descendants(a))
    assert t.related(a, b) == t.related(b, a) == (a == b or a in t.ancestors(b) or b in t.ancestors(a))
    assert t.confusable(a, b) == t.confusable(b, a)
    assert all(t.ancestors(parent) < t.ancestors(a) for parent in t.sounds[a].parents)


@given(names)
def test_akin_is_what_is_related_or_is_one_class_when_named_together(name: str) -> None:
    t = default()
    assert t.akin(name) == {other for other in t.sounds if t.related(name, other) or t.join(name, other)}


@given(st.frozensets(names, max_size=5))
def test_the_narrowest_are_those_of_which_no_other_is_a_kind(sounds: frozenset[str]) -> None:
    t = default()
    assert t.narrowest(sounds) == {s for s in sounds if not any(s in t.ancestors(other) for other in sounds)}
    assert t.narrowest(sounds | {"nobody's class"}) == t.narrowest(sounds) | {"nobody's class"}


@given(names)
def test_a_name_is_its_own_label(name: str) -> None:
    assert default().resolve(name) == default().resolve(name.upper().replace(" ", "_")) == name


def test_nothing_is_confused_with_its_own_kind() -> None:
    t = default()
    assert [(a, b) for a in t.sounds for b in t.sounds[a].confusables if t.related(a, b)] == []


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("rain", "shower"),
        ("applause", "rain"),
        ("engine", "truck"),
        ("rain on surface", "shower"),
        ("hum", "engine idling"),
    ],
)
def test_a_listener_could_confuse(a: str, b: str) -> None:
    assert default().confusable(a, b)
    assert not default().confusable(a, "opera")


@pytest.mark.parametrize(
    ("sound", "ancestor"),
    [
        ("dog barking", "animal sounds"),
        ("male speech", "human voice"),
        ("girl speaking", "female speech"),
        ("guitar", "music"),
        ("police siren", "siren"),
        ("police siren", "vehicle"),
        ("rain", "water"),
        ("applause", "clapping"),
        ("wind noise", "wind"),
    ],
)
def test_what_counts_as_present(sound: str, ancestor: str) -> None:
    assert ancestor in default().ancestors(sound)


@pytest.mark.parametrize(
    ("sound", "other"),
    [("dog panting", "human sounds"), ("dog", "wild animals"), ("church bell", "music"), ("growling", "dog")],
)
def test_what_does_not(sound: str, other: str) -> None:
    assert other not in default().ancestors(sound)


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_users_file_adds_to_ours_and_wins(tmp_path: Path) -> None:
    mine = write(
        tmp_path,
        """
sounds:
  quokka:                       # new
    is: wild animals
    nouns: quokka, setonix
    phrase: a quokka
  quokka squeaking:
    is: quokka + squeaking
  owl:
    nouns: boobook              # one more form of ours
  car alarm:
    nouns: siren                # a form that was another's
senses:
  bark, barks:
    - quokka: near quokka
    - dog barking: otherwise
""",
    )
    t = Taxonomy.load(extra=[mine])
    found = {m.text: m.sound for m in t.find("Setonixes squeak, boobooks and sirens. A quokka barks. Dogs bark.")}
    assert found == {
        "Setonixes squeak": "quokka squeaking",
        "boobooks": "owl",
        "sirens": "car alarm",
        "quokka barks": "quokka",
        "Dogs bark": "dog barking",
    }
    assert "animal sounds" in t.ancestors("quokka")
    assert t.sounds["quokka"].phrase == "a quokka"
    assert {m.sound for m in t.find("an owl and the bark of a tree")} >= {"owl"}
    assert default().find("a quokka") == ()


BAD = [
    ("sounds:\n  a:\n    is: b\n  b:\n    is: a\n", r"mine.yaml:\d: '[ab]' is a kind of itself \([ab] < [ab] < [ab]\)"),
    ("sounds:\n  a:\n    is: dogg\n", "mine.yaml:2: 'a' has an unknown class 'dogg' under 'is'; did you mean 'dog'"),
    (
        "sounds:\n  a:\n    confusable: zzzzz\n",
        "mine.yaml:2: 'a' has an unknown class 'zzzzz' under 'confusable'; add it",
    ),
    (
        "sounds:\n  a:\n    verbs: glug\n  b:\n    forms: glugs\n",
        "mine.yaml:4: 'glugs' means 'b' here and 'a' in .*mine.yaml:2",
    ),
    ("sounds:\n  a:\n    noun: b\n", "mine.yaml:3: 'a' has an unknown field 'noun'; did you mean 'nouns'"),
    ("sounds:\n  a:\n    nouns: [b, c]\n", "mine.yaml:3: expected text, comma-separated"),
    ("sounds:\n  a: {}\n  a: {}\n", "mine.yaml:3: 'a' stands here twice"),
    ("sounds:\n  - a\n", "mine.yaml:1: expected 'name: …' lines"),
    ("sound:\n  a: {}\n", "mine.yaml:1: unknown part 'sound'; did you mean 'sounds'"),
    (
        "senses:\n  a:\n    - dogg: otherwise\n",
        "mine.yaml:2: 'a' has an unknown class 'dogg' among its senses; did you mean 'dog'",
    ),
    ("senses:\n  a:\n    - dog: near b\n", "mine.yaml:2: 'a' needs one rule 'otherwise', as its last"),
    ("senses:\n  a:\n    - dog: close to b\n    - cat: otherwise\n", "mine.yaml:3: 'a' has a rule 'close to b'"),
    ("senses:\n  a:\n    dog: otherwise\n", "mine.yaml:2: 'a' needs a list"),
    (
        "senses:\n  a:\n    - dog: otherwise\n  b, a:\n    - cat: otherwise\n",
        "mine.yaml:4: 'a' stands in .*mine.yaml:2 too",
    ),
    (
        "sounds:\n  a:\n    is: dog + rain\n  b:\n    is: rain + dog\n",
        "mine.yaml:4: 'dog.rain' stands in .*mine.yaml:2 too",
    ),
    ("sounds:\n  a: [\n", r"mine.yaml:\d: not YAML"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[message for _, message in BAD])
def test_a_file_that_contradicts_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TaxonomyError, match=message):
        Taxonomy.load(extra=[write(tmp_path, text)])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"cannot read taxonomy .*none.yaml"):
        Taxonomy.load(extra=[tmp_path / "none.yaml"])


def test_related_classes_may_share_a_form_which_then_says_the_less(tmp_path: Path) -> None:
    text = "sounds:\n  glugs of any kind:\n    nouns: glug\n  big glug:\n    is: glugs of any kind\n    nouns: glug\n"
    t = Taxonomy.load(extra=[write(tmp_path, text)])
    assert [m.sound for m in t.find("a glug")] == ["glugs of any kind"]


def test_a_sense_tells_unrelated_ones_apart(tmp_path: Path) -> None:
    text = """
sounds:
  wet glug:
    nouns: glug
  dry glug:
    nouns: glug
senses:
  glug, glugs:
    - wet glug: near lagoon
    - dry glug: otherwise
"""
    t = Taxonomy.load(extra=[write(tmp_path, text)])
    assert [m.sound for m in t.find("The lagoons glug. A glug.")] == ["wet glug", "dry glug"]
