"""Sentences out of a model's own words: a name among words drawn at random.

Natural sentences say what their author thought of; random neighbours show a name in every company that it may keep.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from erasepro.prompts.lexicon import Lexicon

REACH = 4  # words before a name, and behind it, at most
LONG_BEFORE, LONG_PARTS, LONG_PART, LONG_WORDS = 5, 3, 4, 24
"""A long sentence: words before the name, parts behind it, words a part, words in all (at most)."""
DRAWS = 50
"""Draws after which a sentence is given up: nearly every word is refused, or the context is short."""


def in_company(rng: random.Random, name: str, words: Sequence[str]) -> str:
    """The name with 0 to `REACH` words before it and 0 to `REACH` behind it."""
    before, behind = (rng.choices(words, k=rng.randint(0, REACH)) for _ in range(2))
    return " ".join([*before, name, *behind])


def long_sentence(rng: random.Random, name: str, words: Sequence[str]) -> str:
    """The name with some words before it and up to three parts behind commas, as users write long prompts."""
    left = LONG_WORDS - len(name.split())
    before = rng.choices(words, k=min(rng.randint(0, LONG_BEFORE), max(left, 0)))
    left -= len(before)
    parts = []
    for _ in range(rng.randint(0, LONG_PARTS)):
        part = rng.choices(words, k=min(rng.randint(1, LONG_PART), max(left, 0)))
        left -= len(part)
        if part:
            parts.append(" ".join(part))
    return ", ".join([" ".join([*before, name]), *parts])


def draw_fitting(make: Callable[[], str], fits: Callable[[str], bool]) -> str | None:
    """The first sentence made that fits, or None after `DRAWS` tries."""
    for _ in range(DRAWS):
        sentence = make()
        if fits(sentence):
            return sentence
    return None


def fits_context(lexicon: Lexicon) -> Callable[[str], bool]:
    """Whether a text is read to its end."""
    return lambda text: lexicon.count_tokens(text) <= lexicon.context
