"""Recipes: data only, checked before anything is asked, every mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from balsa_data.errors import RecipeError
from balsa_data.recipe import Recipe, recipe_headlines, recipe_names


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_loads_and_says_what_it_is_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("BALSA_DEMO_CLIPS",):
        monkeypatch.delenv(variable, raising=False)
    recipe = Recipe.load(name)
    assert recipe.name == name
    assert recipe.corpora
    assert next(line for line in recipe_headlines() if line["name"] == name)["description"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tasks: [positive]\ntask: 1", "task: unknown key; did you mean 'tasks'?"),
        ("negatives: {guide: 1}", "negatives.guide: unknown key; did you mean 'guided'?"),
        ("tasks: [postive]", "unknown task 'postive'; did you mean 'positive'?"),
        ("checks: {lenght: {}}", "unknown check 'lenght'; did you mean 'length'?"),
        ("checks: {length: {max_word: 3}}", "check 'length' has no option 'max_word'; did you mean 'max_words'?"),
        ("checks: {length: {max_words: many}}", "check 'length': max_words: "),
        ("corpora: {reader: jsnl, path: a}", "unknown reader 'jsnl'; did you mean 'jsonl'?"),
        (
            "corpora: {reader: jsonl, path: '${NOT_SET_ANYWHERE}'}",
            "corpora.path needs the environment variable NOT_SET_ANYWHERE",
        ),
        (
            "api_base: http://there/${OPENAI_API_KEY}",
            "api_base may not use OPENAI_API_KEY, which is named like a secret",
        ),
        ("corpora: {reader: jsonl}", "corpora.0.path: Field required"),
        ("tasks: {positive: -1}", "tasks.positive: "),
        ("tasks: {positive: 0}", "tasks: at least one task needs a share above 0"),
        ("negatives: {strategies: {populer: 1}}", "negatives.strategies.populer"),
        ("negatives: {count: [3, 1]}", "count: write the smaller number first"),
        ("seed: x\ndraws: 0", "draws: "),
        ("name: ../up", "name: "),
        ("- a list", "is not a recipe"),
        ("a: [", "bad.yaml:1"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        Recipe.load(path)
    assert says in str(caught.value)
    assert "bad" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("sed: 1\ndraws: 0\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=r"draws.*sed: unknown key; did you mean 'seed'"):
        Recipe.load(tmp_path / "bad.yaml")


def test_an_unknown_recipe_is_told_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match="did you mean 'demo'"):
        Recipe.load("dem")
    with pytest.raises(RecipeError, match=r"there is no recipe file nowhere\.yaml"):
        Recipe.load("nowhere.yaml")


def test_variables_have_values_or_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "r.yaml").write_text("corpora: {reader: jsonl, path: '${HERE}/${SUB:-x}.jsonl'}", encoding="utf-8")
    monkeypatch.setenv("HERE", "somewhere")
    assert Recipe.load(tmp_path / "r.yaml").corpora[0].path == "somewhere/x.jsonl"


def test_overrides_win_over_the_file() -> None:
    assert Recipe.load("demo", seed=7, tasks=["negative"]).tasks == {"negative": 1.0}


def test_what_does_not_change_the_samples_is_not_part_of_a_recipes_identity() -> None:
    a = Recipe.make(api_base="http://127.0.0.1:1/v1", limits={"max_requests": 1})
    b = Recipe.make(api_base="http://127.0.0.1:2/v1")
    assert a.identity() == b.identity()
    assert a.identity() != Recipe.make(seed=1).identity()


def test_a_dotted_override_reaches_inside_and_leaves_the_rest() -> None:
    recipe = Recipe.load("demo", **{"parameters.temperature": 0.1, "checks.length.max_words": 50})
    assert recipe.parameters["temperature"] == 0.1
    assert recipe.parameters["max_tokens"] == Recipe.load("demo").parameters["max_tokens"]
    assert recipe.checks == {"length": {"max_words": 50}}
    with pytest.raises(RecipeError, match="corpora has no keys of its own"):
        Recipe.load("demo", **{"corpora.path": "x"})
