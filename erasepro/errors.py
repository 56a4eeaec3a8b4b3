"""The one exception that a user is meant to read."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of the text behind them: a name with one reads as another."""


def hidden_character(text: str) -> str | None:
    """The first character of a text that commands a terminal or a page instead of being shown, or None.

    Control characters (terminal codes begin with one), marks of direction, line separators and lone surrogates. Tabs and
    line breaks are among them.
    """
    return next((c for c in text if c in BIDI or unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")), None)


def visible(text: object) -> str:
    """Someone's text on one line, what would command the terminal written out: ``\\x1b``, ``\\u202e``, ``\\n``."""
    words = str(text)
    if words.isascii() and words.isprintable():
        return words
    return "".join(c.encode("unicode_escape").decode("ascii") if hidden_character(c) else c for c in words)


LONGEST_WORD = 1000
"""Characters of a word that a message repeats whole: long enough for a path, and for a line to paste."""


class UserError(ValueError):
    """A mistake that the person at the keyboard can mend.

    ``str(error)`` is one line: what is wrong, where, what is allowed, what to do. The command prints it as
    ``erasepro: error: …`` and leaves with status 2; the Python API raises it as an ordinary ``ValueError``.
    """

    status = 2
    """What the command leaves with."""

    def __init__(self, message: str, hint: tuple[str, str] | None = None) -> None:
        super().__init__(visible(" ".join(map(_shortened, str(message).split()))))
        self.hint = hint
        """(what was written, what may have been meant): the command writes the user's word anew with it; None for no guess."""


class OutOfSpace(UserError):
    """The disk is full: a failure of the machine, and no mistake. The command leaves with status 1."""

    status = 1


def _shortened(word: str) -> str:
    """A word of a message, its middle left out where nobody would read it."""
    return word if len(word) <= LONGEST_WORD else f"{word[:60]}…({len(word):,} characters)…{word[-20:]}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name closest to ``word``, or None where nothing is near enough to be worth suggesting."""
    names = list(known)
    lowered = {name.casefold(): name for name in names}
    matches = difflib.get_close_matches(word.casefold(), list(lowered), n=1, cutoff=0.6)
    return lowered[matches[0]] if matches else None


FEW = 3
"""Letters from which on the beginning of a name says which is meant, and names with it that a message can ask about."""


def begun(word: str, known: Iterable[str]) -> list[str]:
    """The known names that begin with ``word``, in its letters' case or else in any.

    None where it is too short to say which is meant, or they are too many.
    """
    if len(word) < FEW:
        return []
    any_case = [name for name in known if name.casefold().startswith(word.casefold())]
    names = [name for name in any_case if name.startswith(word)] or any_case
    return names if len(names) <= FEW else []


def unknown(kind: str, word: str, known: Iterable[str]) -> UserError:
    """The error of a name that nothing bears: ``Unknown solver 'uec'. Did you mean 'uce'? Known: ace, uce.``.

    Names that begin with the word are suggested first, else the nearest.

    Args:
        kind: what the name should be of, for example ``solver``.
        word: the name.
        known: the names there are.
    """
    names = sorted(known)
    near = nearest(word, names)
    guesses = begun(word, names) or ([near] if near else [])
    hint = f" Did you mean {' or '.join(map(repr, guesses))}?" if guesses else ""
    return UserError(
        f"Unknown {kind} {word!r}.{hint} Known: {', '.join(names) or 'none'}.",
        (word, guesses[0]) if len(guesses) == 1 else None,
    )
