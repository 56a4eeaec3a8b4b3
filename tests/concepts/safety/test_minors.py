"""The minor filter: what must be hit, what must not."""

import pytest

from erasepro.concepts.miniature.captions import all_words
from erasepro.concepts.safety.minors import drop_minors, mentions_minor

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
    "jail-bait", "school-age", "school-aged", "under-aged", "b-o-y", "g_i_r_l", "b o y", "gir1", "chi1d", "g1r1", "1girl",
    "2girls", "girl2", "1boy", "18 months old", "an 18-month-old", "24 month old", "17.5 years old", "under the age of 18",
    "below 18", "younger than 18", "less than 18 years old", "under age 12", "12.years.old",
    "aged nearly twelve",
    "6th grade", "sixth grade", "kidz", "boyz", "girlz", "pre-k", "grandkid", "stepchild", "preadolescent", "younglings",
    "a thirteenyearold", "gırl", "gіrl", "her 12th birthday", "fillette", "garçon",
    "девочка", "一个女孩", "女の子", "ロリ", "소녀",
)  # fmt: skip
MISSES = (
    "", "a dog", "a kitten and a puppy", "a cowboy", "a young woman aged 25", "a 30-year-old man", "18 years old",
    "118 years old",
    "a woman of 21 years", "kidney beans", "Babylon at dusk", "a minority report", "canteen", "nineteen",
    "sixteen candles",
    "infantry", "the 12 apostles", "2 dogs, 7 cats", "a picture from 1912", "r2d2", "a robot, 4k, 8k", "nudity",
    "a person wearing clothes",
    "grumpy cat", "17th century portrait", "greg rutkowski", "an old car", "10 years of work", "boyfriend",
    "a tall woman. 12 trees", "e.g. a car", "a 30 year old man", "3.5 mm lens", "nikon d850, f1.4", "1woman", "2dogs",
    "an 18 year old car", "18+ years old", "an x-ray of a hand", "turning left", "grade-a beef", "below 20 degrees", "5 apples",
    "women's", "an adult, 45.5 years old", "1man", "blade runner 2049", "ukiyo-e", "sci-fi, 35mm, iso 100", "a t-shirt", "b&w",
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
