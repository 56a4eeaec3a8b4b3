"""Sentences out of a model's own words: a name among words drawn at random.

Natural sentences say what their author thought of; random neighbours show a name in every company that it may keep.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from erasepro.concepts.mentions import mentions_any
from erasepro.prompts.lexicon import Lexicon

FUNCTION_WORDS = (
    "a", "the", "of", "in", "on", "and", "is", "it", "that", "with", "for", "by", "at", "to", "we", "this", "from", "as",
)  # fmt: skip
"""English words that stand in nearly every sentence. A list of a model's whole words has each once, or leaves it out."""
FUNCTION_SHARE = 0.35
"""Share of the words around a name that are function words. Without them, an edit holds between nouns alone."""
LONG_CONTEXTS = 0.5
"""Share of the contexts that have parts behind commas."""
BEFORE, BEHIND = 8, 4
"""Words before a name, and behind it, at most. An encoder reads a name otherwise at every place, and many name it late."""
LONG_PARTS, LONG_PART, LONG_WORDS = 3, 4, 24
"""A long sentence: parts behind the name, words a part, words in all (at most)."""
DRAWS = 50
"""Draws after which a sentence is given up: nearly every word is refused, or the context is short."""


@dataclass(frozen=True)
class WordMix:
    """What is drawn around a name: words of the model's, and function words among them."""

    words: Sequence[str]
    function_words: Sequence[str] = FUNCTION_WORDS

    def draw(self, rng: random.Random, number: int) -> list[str]:
        """So many words at random, with repetition."""
        return [
            rng.choice(self.function_words if self.function_words and rng.random() < FUNCTION_SHARE else self.words)
            for _ in range(number)
        ]

    def before(self, rng: random.Random, number: int) -> list[str]:
        """The same for the words before a name, which brings its own article or takes none."""
        drawn = self.draw(rng, number)
        if drawn and drawn[-1] == "a":
            drawn[-1] = rng.choice(self.words)
        return drawn


def word_mix(words: Sequence[str], names: Iterable[str]) -> WordMix:
    """These words, and the function words that are no part of a name: somebody may erase "It"."""
    names = tuple(names)
    return WordMix(words, tuple(word for word in FUNCTION_WORDS if not mentions_any(word, names)))


def in_company(rng: random.Random, name: str, words: WordMix) -> str:
    """The name with 0 to `BEFORE` words before it and 0 to `BEHIND` behind it, or in a long sentence."""
    if rng.random() < LONG_CONTEXTS:
        return long_sentence(rng, name, words)
    before = words.before(rng, rng.randint(0, BEFORE))
    return " ".join([*before, name, *words.draw(rng, rng.randint(0, BEHIND))])


def long_sentence(rng: random.Random, name: str, words: WordMix) -> str:
    """The name with some words before it and up to three parts behind commas, as users write long prompts."""
    left = LONG_WORDS - len(name.split())
    before = words.before(rng, min(rng.randint(0, BEFORE), max(left, 0)))
    left -= len(before)
    parts = []
    for _ in range(rng.randint(0, LONG_PARTS)):
        part = words.draw(rng, min(rng.randint(1, LONG_PART), max(left, 0)))
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
