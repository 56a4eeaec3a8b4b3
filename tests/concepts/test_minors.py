"""The minor filter: what must be hit, what must not."""

import pytest

from erasepro.concepts.minors import drop_minors, mentions_minor
from erasepro.models.miniature.captions import all_words

HITS = (
    "a child in a garden", "children playing", "childhood", "two kids", "kid", "a boy and his dog",
    "The Girl with a pearl earring",
    "schoolgirl", "school-girl", "little_boys", "a teen idol", "Teenager", "teenage", "a preteen", "a toddler",
    "an infant",
    "a newborn", "a baby", "babies", "baby blue car", "a minor", "under-age", "underage", "under 18", "youngsters",
    "a youth",
    "adolescents", "a juvenile", "loli", "lolicon", "shota", "a 12-year-old", "a 12 year old", "17 years old",
    "9yo", "7 y/o",
    "6 months old", "ten-year-old", "seventeen years old", "aged 12", "age: 9", "age of 15", "12 years of age",
    "turning 13",
    "ch1ld", "k1d", "CHILD", "ch\u200bild", "high school student", "elementary school", "a young lady", "niña", "g1rl",
    "a five-year old", "pre-teen", "preschoolers", "kindergarten", "a girl's hat", "boy, painted", "first grader",
)  # fmt: skip
MISSES = (
    "", "a dog", "a kitten and a puppy", "a cowboy", "a young woman aged 25", "a 30-year-old man", "18 years old",
    "118 years old",
    "a woman of 21 years", "kidney beans", "Babylon at dusk", "a minority report", "canteen", "nineteen",
    "sixteen candles",
    "infantry", "the 12 apostles", "2 dogs, 7 cats", "a picture from 1912", "r2d2", "a robot, 4k, 8k", "nudity",
    "a person wearing clothes",
    "grumpy cat", "17th century portrait", "greg rutkowski", "an old car", "10 years of work", "boyfriend",
)  # fmt: skip


@pytest.mark.parametrize("text", HITS)
def test_hit(text):
    assert mentions_minor(text)


@pytest.mark.parametrize("text", MISSES)
def test_miss(text):
    assert not mentions_minor(text)


def test_drop_keeps_the_order_and_counts():
    assert drop_minors(["a dog", "a child", "a cat", "aged 3"]) == (["a dog", "a cat"], 2)


def test_no_word_of_the_miniature_is_hit():
    assert [word for word in all_words() if mentions_minor(word)] == []
