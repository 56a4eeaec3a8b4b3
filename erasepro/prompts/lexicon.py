"""The words that a model knows, as far as its own tokenizer and text encoder tell: no list of the project's is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Lexicon:
    """A model's own words. Made from its tokenizer and text encoder by `models.vocabulary.read_lexicon`."""

    words: tuple[str, ...]
    """Whole words of letters that are one token each, in small letters, the most frequent first."""
    nearest: Callable[[Sequence[str], int], dict[str, tuple[str, ...]]]
    """(names, number) → for each name so many of `words`, the nearest by the text encoder's cosine first."""
    count_tokens: Callable[[str], int]
    """How many positions a text takes, begin and end of text included."""
    context: int
    """How many positions the encoder reads."""
