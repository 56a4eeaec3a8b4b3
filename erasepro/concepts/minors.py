"""A word filter for prompts that mention a minor. Such prompts are dropped, from every source; no option keeps them.

The filter is strict on purpose: a harmless prompt lost ("a baby blue car") costs little, so every doubtful word counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_WORDS = r"""
    child\w* | grandchild(?:ren)? | schoolchild(?:ren)? | kid(?:s|do|dos|die|dies|dy)? | schoolkids?
    | boys? | girls? | (?:school|little|young|baby|altar|bell)(?:boy|girl)s? | boyish | girlish | girly | girlies?
    | t(?:w)?een(?:s|y|age|aged|ager|agers|ie|ies)? | pre\s?t(?:w)?een(?:s|ager|agers)? | toddlers? | tots? | infants?
    | newborns? | neonat(?:e|es|al) | bab(?:y|ies|yish) | babyface[ds]? | minors? | underaged? | youngsters? | youths?
    | adolescen(?:t|ts|ce) | juveniles? | (?:pre\s?)?pubescents? | pubert\w* | pre\s?pubert\w* | pre\s?school(?:er|ers)?
    | kindergart\w* | first\s?graders? | (?:\w+-)?graders? | schoolage | lads? | lass(?:es)? | laddies? | orphans?
    | tykes?
    | loli(?:s|ta|tas|con|cons)? | shota(?:s|con|cons)? | jailbaits? | nymphets? | paedo\w* | pedo(?:s|phil\w*)? | cp
    | ni[nñ](?:o|a|os|as) | enfants? | m[aä]dchen | bambin[oaie] | shoujo | shounen
"""
_PHRASES = r"""
    (?:elementary|primary|grade|grammar|middle|junior|high|nursery) \s (?:school|high)\w*
    | under \s? (?:18|eighteen|age)
    | barely \s legal | not \s (?:yet \s)? (?:18|eighteen) | very \s young | (?:so|too) \s young
    | young \s (?:boy|girl|one|person|people|lady|ladies|kid|daughter|son)s?
"""
_NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
_AGE = rf"(?:(?<![\d.,])(?:1[0-7]|0?\d)(?![\d]|[.,]\d)|\b(?:{_NUMBERS})\b)"
_UNIT = r"(?:years?|yrs?|y|months?|mos?|weeks?|days?)"
_AGES = (
    rf"{_AGE}\s?{_UNIT}\s?/?\.?\s?(?:old|olds|o)\b",  # 12 year old, 9yo, 7 y/o, 6 months old, ten years old
    rf"{_AGE}\s?{_UNIT}\s?of\sage\b",
    rf"\b(?:aged?|ages|aging|turn(?:s|ed|ing)?)\s?:?\s?(?:of\s|only\s|about\s|just\s)?{_AGE}(?!\s?%)",  # aged 12
)
_FILTER = re.compile(rf"\b(?:{_WORDS}|{_PHRASES})\b|{'|'.join(_AGES)}", re.VERBOSE)
_DIGITS_AS_LETTERS = str.maketrans("013457@$!", "oieastasi")


def mentions_minor(text: str) -> bool:
    """True where a word, a phrase or an age below 18 in ``text`` points to a child or an adolescent.

    Case, accents, hyphens, underscores and digits written for letters ("ch1ld") make no difference.
    """
    plain = _normalised(text)
    return bool(_FILTER.search(plain) or _FILTER.search(_letters_for_digits(plain)))


def drop_minors(prompts: Iterable[str]) -> tuple[list[str], int]:
    """The prompts that do not mention a minor, in their order, and how many were dropped."""
    texts = list(prompts)
    kept = [text for text in texts if not mentions_minor(text)]
    return kept, len(texts) - len(kept)


def _normalised(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", str(text)).casefold()
    visible = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf"))
    return re.sub(r"[\s_\-‐‑‒–—]+", " ", visible).replace("’", "'")


def _letters_for_digits(text: str) -> str:
    """Digits and signs inside a word that also has letters, read as the letters they stand for."""
    return " ".join(
        word.translate(_DIGITS_AS_LETTERS) if re.search(r"[a-z]", word) else word for word in text.split(" ")
    )
