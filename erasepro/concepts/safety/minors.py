"""A word filter for prompts that mention a minor. Such prompts are dropped, from every source; no option keeps them.

The filter is strict on purpose: a harmless prompt lost ("a baby blue car") costs little, so every doubtful word counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import product

_WORDS = r"""
    (?:grand|step|god|foster|school|street|love|flower)?(?:child\w*|kid(?:s|z|do|dos|die|dies|dy)?)
    | (?:school|little|young|baby|altar|bell|flower)?(?:boy|girl)[sz]? | boyish | girlish | girly | girlies?
    | t(?:w)?een(?:s|z|y|age|aged|ager|agers|ie|ies)? | pre\s?t(?:w)?een(?:s|ager|agers)? | toddlers? | tots? | infants?
    | newborns? | neonat(?:e|es|al) | bab(?:y|ies|yish) | babyface[ds]? | minors? | under\s?aged? | young(?:ster|ling)s?
    | youths? | (?:pre\s?)?adolescen(?:t|ts|ce) | juveniles? | (?:pre\s?)?pubescents? | (?:pre\s?)?pubert\w*
    | pre\s?school(?:er|ers)? | pre\s?k | kindergart\w* | (?:\w+\s)?graders? | school\s?aged? | lads? | lass(?:es)? | laddies?
    | orphans? | tykes?
    | loli(?:s|ta|tas|con|cons)? | shota(?:s|con|cons)? | jail\s?baits? | nymphets? | paedo\w* | pedo(?:s|phil\w*)? | cp
    | nin(?:o|a|os|as) | much?ach[oa]s? | enfants? | fillettes? | garcon(?:s|net|nets)? | madchen | kinder | knaben?
    | bambin[oaie] | ragazzin[oaie] | menin[oa]s? | criancas? | shou?jo | shou?nen
"""
_GRADES = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
_NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
_AGE = rf"(?:(?<![\d.,])(?:1[0-7]|0?\d)(?!\d)(?:[.,]\d+)?|\b(?:{_NUMBERS}))"
_WHOLE_AGE = rf"(?:(?<![\d.,])(?:1[0-7]|0?\d)(?!\d|[.,]\d)|\b(?:{_NUMBERS})\b)"
_YEARS, _LESS = r"(?:years?|yrs?|y)", r"(?:months?|mos?|weeks?|days?)"
_PHRASES = rf"""
    (?:elementary|primary|grade|grammar|middle|junior|high|nursery) \s (?:school|high)\w*
    | (?:{_GRADES}|\d\d?\s?(?:st|nd|rd|th)) \s grade(?:rs?)?
    | (?:under|below) \s? (?:18|eighteen) | under \s age
    | (?:under|below|younger\sthan) \s (?:the\s)? (?:age\s(?:of\s)?)? (?:18|eighteen) | younger \s than \s {_WHOLE_AGE}
    | (?:under|below) \s (?:the\s)? age \s (?:of\s)? {_WHOLE_AGE}
    | (?:less|fewer) \s than \s (?:18|eighteen) \s {_YEARS}
    | barely \s legal | not \s (?:yet \s)? (?:18|eighteen) | very \s young | (?:so|too) \s young
    | young \s (?:boy|girl|one|person|people|lady|ladies|kid|daughter|son)s?
"""
_HEDGE = r"(?:(?:of|only|about|just|nearly|almost|barely|around|circa|roughly|approximately|maybe)\s)*"
_OLD = r"\s?/?\.?\s?(?:old|olds|o)\b"
_AGES = (
    rf"{_AGE}\s?{_YEARS}{_OLD}",  # 12 year old, 9yo, 7 y/o, 17.5 years old, ten years old
    rf"\d\s?{_LESS}{_OLD}|\b(?:{_NUMBERS})\s?{_LESS}{_OLD}",  # however many months
    rf"{_AGE}\s?{_YEARS}\s?of\sage\b|\d\s?{_LESS}\s?of\sage\b",
    rf"\b(?:aged?|ages|aging|turn(?:s|ed|ing)?)\s?:?\s?{_HEDGE}{_WHOLE_AGE}(?!\s?%)",  # aged 12
    rf"{_WHOLE_AGE}(?:st|nd|rd|th)\sbirthday\b",
)
_FILTER = re.compile(rf"\b(?:{_WORDS}|{_PHRASES})\b|{'|'.join(_AGES)}", re.VERBOSE)
_FOREIGN = (
    "девочк мальчик ребенок ребенк дети детей подрост школьниц 少女 少年 女の子 男の子 子供 子ども 幼女 幼児 "
    "儿童 兒童 女孩 男孩 小孩 孩子 萝莉 ロリ ショタ 소녀 소년 어린이 아이들 طفل أطفال बच्च लड़की लड़का παιδι κοριτσ"
)
"""Stems, looked for anywhere: not every script parts its words."""

_LOOK_ALIKE = str.maketrans("аеорсухіјѕһԁԛԝкмтвαεοικνρτυχγβıɡɑłøđħ|", "aeopcyxijshdqwkmtbaeoikvptuxybigalodhl")
_DIGITS = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}


def mentions_minor(text: str) -> bool:
    """True where a word, a phrase or an age below 18 in ``text`` points to a child or an adolescent.

    Case, accents, letters of other scripts that look alike, hyphens, dots and underscores (between words, or between the
    letters of one), and digits written for letters ("ch1ld") or stuck to a word ("2girls") make no difference. English, and
    the commonest words of some other languages.
    """
    letters = _letters(text)
    spaced = _spaced(letters)
    joined = re.sub(r"(?<=\w)[_\-‐‑‒–—.*](?=[a-z])", "", letters)
    spelled = re.sub(r"\b(?:[a-z]\s){2,}[a-z]\b", lambda match: match[0].replace(" ", ""), spaced)
    parted = re.sub(r"(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)", " ", spaced)
    readings = {
        spaced,
        _spaced(joined),
        spelled,
        parted,
        _letters_for_digits(spaced),
        _letters_for_digits(_spaced(joined)),
    }
    return any(_FILTER.search(reading) for reading in readings) or bool(_OTHERS.search(letters))


def drop_minors(prompts: Iterable[str]) -> tuple[list[str], int]:
    """The prompts that do not mention a minor, in their order, and how many were dropped."""
    texts = list(prompts)
    kept = [text for text in texts if not mentions_minor(text)]
    return kept, len(texts) - len(kept)


def _letters(text: str) -> str:
    """Small letters without accents and invisible characters, look-alikes of other scripts as the Latin ones."""
    decomposed = unicodedata.normalize("NFKD", str(text)).casefold()
    visible = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf"))
    return visible.translate(_LOOK_ALIKE).replace("’", "'")


def _spaced(letters: str) -> str:
    """Hyphens, underscores, and dots that are no decimal point, are spaces."""
    return re.sub(r"[\s_\-‐‑‒–—]+", " ", re.sub(r"(?<=\w)\.(?=[a-z])|(?<=[a-z])\.(?=\w)", " ", letters))


def _letters_for_digits(text: str) -> str:
    """The text with digits and signs inside a word that also has letters read as the letters they stand for.

    A word that can be read in several ways stands there in each.
    """
    words = []
    for word in text.split(" "):
        signs = [_DIGITS.get(c, c) for c in word]
        if not re.search(r"[a-z]", word) or word.count("1") > 4:
            words.append(word)
        else:
            words += ["".join(spelling) for spelling in product(*signs)]
    return " ".join(words)


_OTHERS = re.compile("|".join(re.escape(_letters(stem)) for stem in _FOREIGN.split()))
