"""Which words are not preserved: those that name what is erased.

The line is drawn by spelling alone. Left out are the target, its inflections and pet forms (dog: dogs, doggy, doggie,
dog's), words that begin with its plural (dogsled), the parts of a proper name ("gogh"), the listed synonyms with their
inflections, and in a nudity set every word that names nudity. Everything else stays, near neighbours (wolf) and
unlisted synonyms (puppy) too: what they show then stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from erasepro.concepts.pairs import ConceptSet, folded
from erasepro.concepts.safety.minors import mentions_minor
from erasepro.concepts.safety.sensitive import mentions_nudity
from erasepro.prompts.articles import IRREGULAR, MASS_NOUNS, is_common, singular

SUFFIXES = ("s", "es", "'s", "y", "ie", "ies", "ish", "like", "let", "lets", "o", "os")
COMMON_PARTS = frozenset((
    "painting", "paintings", "style", "styles", "artist", "artists", "drawing", "drawings", "sketch", "photo",
    "photograph", "print",
))  # fmt: skip
"""Words that a style's name may hold and that many other styles hold too."""
PART_LENGTH = 4
"""Letters that a part of a proper name must have to count: "van" in "van gogh" is a word of its own."""


def erased_words(concepts: ConceptSet, synonyms: Mapping[str, Iterable[str]]) -> re.Pattern[str]:
    """A pattern that finds, anywhere in a text, a word that names what is erased.

    Args:
        synonyms: target → further words for it (``concepts.synonyms``).
    """
    forms: set[str] = set()
    for target in concepts.targets:
        for name in (target, *synonyms.get(target, ())):
            kind = concepts.kind if name == target else "instance"
            forms |= _forms(name, kind) | _forms(singular(name) or "", kind)
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)", re.IGNORECASE)


def is_left_out(word: str, erased: re.Pattern[str], kind: str) -> bool:
    """Whether a word (or a sentence) is not preserved: it names what is erased, or may not stand in any prompt."""
    return bool(erased.search(word)) or mentions_minor(word) or (kind == "nudity" and mentions_nudity([word]))


def _forms(name: str, kind: str) -> set[str]:
    """Regular expressions of the forms of one name."""
    words = folded(name).split()
    if not words:
        return set()
    whole = r"[\s\-]*".join(re.escape(word) for word in words)
    stem = re.escape(words[-1])
    head = whole[: len(whole) - len(stem)]
    forms = {whole, *(whole + re.escape(suffix) for suffix in SUFFIXES), rf"{whole}s\w{{2,}}"}
    last = words[-1]
    forms.add(head + re.escape(IRREGULAR.get(last, last)))
    if last.endswith("y"):
        forms.add(head + re.escape(last[:-1]) + "ies")
    if re.search(r"[^aeiou][aeiou][^aeiouwxy]$", last) or len(last) == 3:  # dog: doggy
        doubled = head + re.escape(last + last[-1])
        forms |= {doubled + ending for ending in ("y", "ie", "ies", "o", "os", "ish")}
    if len(words) > 1 and (kind == "style" or not is_common(name)):
        parts = [word for word in words if len(word) >= PART_LENGTH and word not in COMMON_PARTS | MASS_NOUNS]
        forms |= {re.escape(word) + "(?:'?s)?" for word in parts}
    return forms
