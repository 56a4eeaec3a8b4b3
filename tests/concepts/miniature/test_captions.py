"""The miniature's tables and its caption grammar."""

import random

from erasepro.concepts.miniature.captions import all_words, caption
from erasepro.concepts.miniature.names import BACKGROUNDS, DRAWABLES, GROUPS, NAMES, STYLES, SYNONYMS, article
from erasepro.concepts.safety.minors import mentions_minor


def test_enough_concepts_in_every_group_and_no_name_twice():
    assert len(NAMES) >= 80
    assert set(GROUPS) == {"animal", "food", "vehicle", "object", "person"}
    assert len(STYLES) == 4
    names = [*NAMES, *SYNONYMS]
    assert len(set(names)) == len(names)
    assert len({d.icon for d in DRAWABLES}) == len(DRAWABLES)


def test_articles():
    assert article("apple") == "an apple"
    assert article("unicorn") == "a unicorn"
    assert article("grapes") == "grapes"


def test_a_caption_states_only_what_is_true_and_uses_known_words():
    rng, words = random.Random(0), set(all_words())
    for _ in range(500):
        name, style = rng.choice(NAMES), rng.choice(list(STYLES))
        background, size = rng.choice(list(BACKGROUNDS)), rng.choice(("small", "medium", "large"))
        said = caption(rng, name, style, background, size)
        assert name in said.text
        assert (style in said.text.replace(":", " ").replace(",", " ").split()) == (said.style is not None)
        assert said.background in (None, background)
        assert said.size in (None, size)
        assert {w.strip(",:") for w in said.text.split()} <= words
        assert not mentions_minor(said.text)
