"""A hint as a word to paste: the user's own word, written with the name that may have been meant."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from erasepro.errors import UserError

SETTING = re.compile(r"[+~]*[\w./@-]+=")
"""How a word that sets a key begins."""


def pasted_hint(error: UserError, words: Sequence[str]) -> str:
    """``Write metrics=[nudenet].`` where the wrong name is part of a word of the command; "" where there is no such word.

    Where the hint is the whole word already (a verb, an option), there is nothing to add.
    """
    if error.hint is None:
        return ""
    wrong, right = map(str, error.hint)
    part = re.compile(rf"(?<![\w-]){re.escape(wrong)}(?![\w-])")
    of_key = [word for word in words if word.lstrip("+~").partition("=")[0] == wrong]
    for word in of_key or reversed(words):
        if word != wrong and part.search(word):
            mended = shlex.quote(part.sub(lambda _: right, word, count=1))
            return "" if mended in str(error) else f" Write {mended}."
    return ""


def refuse_split_value(words: Sequence[str]) -> None:
    """Raise UserError, with the whole word in quotes, for a list that the shell split at a blank.

    ``concepts.pairs=[[teddy`` ``bear,balloon]]``: from a setting with an unclosed bracket on, up to the word that closes it.
    """
    for place, word in enumerate(words):
        if not SETTING.match(word) or _depth(word) <= 0:
            continue
        whole = word
        for part in words[place + 1 :]:
            if SETTING.match(part):
                break
            whole = f"{whole} {part}"
            if _depth(whole) == 0:
                from erasepro.config.quoting import readable  # it imports Hydra

                key, _, value = whole.partition("=")
                right = shlex.quote(f"{key}={readable(key, value) or value}")
                raise UserError(f"{word!r} has no closing bracket: the shell split the value at a blank. Write {right}.")


def _depth(text: str) -> int:
    """How many brackets of a text are not closed."""
    return sum(text.count(c) for c in "[{(") - sum(text.count(c) for c in ")}]")
