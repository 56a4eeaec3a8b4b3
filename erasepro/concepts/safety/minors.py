"""A word filter for prompts that mention a minor. Such prompts are dropped, from every source; no option keeps them.

The filter is strict on purpose: a harmless prompt lost ("a baby blue car") costs little, so every doubtful word counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice, pairwise, product

from erasepro.concepts.safety.harmless_names import HARMLESS
from erasepro.concepts.safety.look_alikes import plain_letters
from erasepro.concepts.safety.minor_ages import mentions_age, numbers_as_digits
from erasepro.concepts.safety.minor_phrases import PHRASES
from erasepro.concepts.safety.minor_scripts import is_minor_in_other_script
from erasepro.concepts.safety.minor_words import is_minor_word

_SIGNS = {
    "0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s", "!": "i",
    "|": "il", "+": "t", "€": "e", "£": "l", "¥": "y", "¢": "c", "¡": "i",
}  # fmt: skip
"""What a digit or a sign stands for inside of a word."""
_COMMON_SIGNS = {sign: _SIGNS[sign] for sign in "013457@$!"}
"""Those read as letters even beside an age: "9y34rs 0ld"."""
_SIGNED = frozenset(_SIGNS) | {"2"}
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_MAX_SPELLINGS = 16
_SPLIT_WORDS = frozenset(
    (word[:place], word[place:])
    for word in (
        "child", "children", "girl", "girls", "boy", "boys", "kid", "kids", "baby", "toddler", "infant", "teenager", "lolicon",
    )
    for place in range(1, len(word))
)  # fmt: skip
"""A word with a blank in it, as two words that no text has side by side."""

_SPELT_OUT = re.compile("child|girl|boy|kid|teen|baby|babies|infant|toddler|loli|shota|minor|underage")


def mentions_minor(text: str) -> bool:
    """True where a word, a phrase, an emoji or an age below 18 in ``text`` points to a child or an adolescent.

    Case, accents, letters of other scripts that look alike, marks between words or between the letters of a word, letters
    written several times, and digits written for letters ("ch1ld") or stuck to a word ("2girls") make no difference. English
    and the most spoken other languages. Reviewed names and idioms (`harmless_names`) do not count.
    """
    return _mentions_minor(str(text))


@lru_cache(maxsize=2**14)  # the sentences of one set of concepts are mostly those of the next
def _mentions_minor(text: str) -> bool:
    letters = plain_letters(text)
    if not text.isascii() and is_minor_in_other_script(letters):
        return True
    return any(_points_to_minor(reading) for reading in _readings(letters))


def drop_minors(prompts: Iterable[str]) -> tuple[list[str], int]:
    """The prompts that do not mention a minor, in their order, and how many were dropped."""
    texts = list(prompts)
    kept = [text for text in texts if not mentions_minor(text)]
    return kept, len(texts) - len(kept)


def _points_to_minor(reading: str) -> bool:
    return _holds_mention(reading) and _holds_mention(HARMLESS.sub(" ; ", reading))


def _holds_mention(reading: str) -> bool:
    words = re.findall(r"[^\W\d_]+", reading)
    if any(map(is_minor_word, words)) or not _SPLIT_WORDS.isdisjoint(pairwise(words)):
        return True
    text = numbers_as_digits(reading)
    return PHRASES.search(text) is not None or mentions_age(text)


def _readings(letters: str) -> set[str]:
    """The ways in which a text may be meant; a plain one has a single reading."""
    spaced = _spaced(letters)
    joined = _spaced(re.sub(r"(?<=\w)[^\w\s]+(?=[a-z])", "", letters.replace("_", "-")))
    readings = {spaced, joined, _spaced(re.sub(r"(?<=\w)[_\-‐‑‒–—.*](?=[a-z])", "", letters))}
    if not _SIGNED.isdisjoint(letters):
        readings |= {_letters_for_signs(reading, table) for reading in readings for table in (_SIGNS, _COMMON_SIGNS)}
        readings.add(re.sub(r"(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)", " ", spaced))
    for reading in tuple(readings):
        readings.add(re.sub(r"\b[a-z](?:[^a-z]{1,3}[a-z]){2,}\b", _without_gaps, reading))
        readings.add(re.sub(r"\b(?:[a-z]\s){2,}[a-z]\b", _without_gaps, reading))
        if _STRETCHED.search(reading):
            readings |= {_STRETCHED.sub(letters, reading) for letters in (r"\1", r"\1\1")}
    return readings


def _without_gaps(match: re.Match[str]) -> str:
    """The letters of a spelt-out run; the words that the run is searched for stand apart behind it ("a b o y")."""
    run = re.sub("[^a-z]", "", match[0])
    return " ".join((run, *_SPELT_OUT.findall(run)))


def _spaced(letters: str) -> str:
    """Hyphens, underscores, and dots that are no decimal point, are spaces."""
    return re.sub(r"[\s_\-‐‑‒–—]+", " ", re.sub(r"(?<=\w)\.(?=[a-z])|(?<=[a-z])\.(?=\w)", " ", letters))


def _letters_for_signs(text: str, table: Mapping[str, str]) -> str:
    """The text with digits and signs inside a word that also has letters read as the letters they stand for.

    A word that can be read in several ways stands there in each.
    """
    words = []
    for word in text.split(" "):
        if not re.search(r"[a-z]", word) or word.isalpha():
            words.append(word)
        else:
            age = re.match(r"(?:\d+(?=y))?", word)[0]  # type: ignore[index]
            spellings = product(*(table.get(sign, sign) for sign in word[len(age) :]))
            words += [age + "".join(spelling) for spelling in islice(spellings, _MAX_SPELLINGS)]
    return " ".join(words)
