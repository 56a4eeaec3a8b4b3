"""Articles and plurals of names."""

import pytest

from erasepro.prompts.articles import plural, singular, with_article


@pytest.mark.parametrize(
    ("name", "article", "several"),
    [
        ("dog", "a dog", "dogs"), ("apple", "an apple", "apples"), ("unicorn", "a unicorn", "unicorns"),
        ("hour", "an hour", "hours"), ("umbrella", "an umbrella", "umbrellas"), ("fox", "a fox", "foxes"),
        ("cherry", "a cherry", "cherries"), ("toy", "a toy", "toys"), ("wolf", "a wolf", "wolves"),
        ("teddy bear", "a teddy bear", "teddy bears"), ("fire engine", "a fire engine", "fire engines"),
        ("bus", "a bus", "buses"), ("sheep", "a sheep", "sheep"), ("grapes", "grapes", None), ("people", "people", None),
        ("snow", "snow", None), ("Snoopy", "Snoopy", None), ("snoopy", "snoopy", None), ("R2D2", "R2D2", None),
        ("a dog", "a dog", None), ("the moon", "the moon", None), ("clothed", "clothed", None),
        ("fully dressed", "fully dressed", None), ("wearing a shirt", "wearing a shirt", None), ("", "", None),
        ("naked person", "a naked person", "naked people"), ("bowl of fruit", "a bowl of fruit", "bowls of fruit"),
    ],
)  # fmt: skip
def test_the_name_as_a_user_writes_it(name, article, several):
    assert with_article(name) == article
    assert plural(name) == several


def test_an_article_can_be_given():
    assert with_article("zorp", {"Zorp": ""}) == "zorp"
    assert with_article("Zorp", {"zorp": "a"}) == "a Zorp"
    assert plural("zorp", {"zorp": ""}) is None


@pytest.mark.parametrize(
    ("several", "one"),
    [("dogs", "dog"), ("cherries", "cherry"), ("foxes", "fox"), ("wolves", "wolf"), ("people", "person"), ("dog", None)],
)
def test_the_singular_of_a_plural(several, one):
    assert singular(several) == one


def test_a_hyphen_is_no_sign_of_a_proper_name():
    assert with_article("t-shirt") == "a t-shirt"
    assert with_article("x") == "x"
