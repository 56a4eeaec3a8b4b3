"""Where a name stands in a text, as whole words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache


def find_words(text: str, concept: str) -> list[tuple[int, int]]:
    """Character ranges of every occurrence of ``concept`` as whole words, in any case; spaces match any run of spaces."""
    words = unicodedata.normalize("NFC", concept).split()
    if not words:
        return []
    if unicodedata.normalize("NFC", text) == " ".join(words):
        return [(0, len(text))]  # the bare name, without a pattern to compile
    pattern = r"(?<!\w)" + r"\s+".join(re.escape(word) for word in words) + r"(?!\w)"
    return [match.span() for match in re.finditer(pattern, unicodedata.normalize("NFC", text), re.IGNORECASE)]


def mentions_any(text: str, names: Iterable[str]) -> bool:
    """Whether one of the names stands in the text as whole words, in any case."""
    pattern = _any_of(tuple(names))
    return pattern is not None and pattern.search(unicodedata.normalize("NFC", text)) is not None


@lru_cache(maxsize=64)
def _any_of(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """One pattern for all names, compiled once: sets are large, and so are the texts that are asked about."""
    words = [unicodedata.normalize("NFC", name).split() for name in names]
    forms = [r"\s+".join(map(re.escape, parts)) for parts in words if parts]
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)", re.IGNORECASE) if forms else None
