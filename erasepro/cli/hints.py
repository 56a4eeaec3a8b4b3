"""A hint as a word to paste: the user's own word, written with the name that may have been meant."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from erasepro.errors import UserError


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
