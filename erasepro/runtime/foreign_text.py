"""Text from elsewhere is data: names that may not be given, and what a page shows of others' words.

`erasepro.errors.visible` is the form for a terminal; here are those for Markdown.
"""

from __future__ import annotations

import re

from erasepro.errors import UserError, hidden_character, visible

BREAKS = "\t\n\r"
"""Control characters that separate words; they become spaces in a concept's name, and are refused in a path."""

SPECIAL = re.compile(
    r"""[\\`*\[\]<>|~$&#]        # code, emphasis, links, tags, columns, formulas, entities, headings
    | (?<!\w)_ | _(?!\w)        # emphasis; inside a word an underscore is only itself
    | :(?=//) | (?<=www)\. | @(?=\w)  # what becomes a link by itself: addresses, people
    | ^[-+](?=[\s-]|$)          # lists and rules
    """,
    re.VERBOSE,
)
NUMBERED = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")


def escape_markdown(words: object) -> str:
    """Someone's words on one line of Markdown, meaning nothing but themselves: no link, picture, tag, heading or column."""
    escaped = SPECIAL.sub(r"\\\g<0>", visible(" ".join(str(words).split())))
    return NUMBERED.sub(r"\1\\\2", escaped)


def code_span(words: object) -> str:
    """Someone's words on one line as code, in a fence longer than any in them."""
    line = visible(" ".join(str(words).split())) or " "
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def check_name(name: str, what: str, allowed: str = "") -> None:
    """Raise UserError for a name that would not be shown as it is: a control character or a mark of direction is in it.

    Args:
        what: the name's place, for the message, for example ``concepts.pairs``.
        allowed: hidden characters that do no harm there, for example `BREAKS`.
    """
    character = hidden_character(name.translate({ord(c): None for c in allowed}))
    if character is not None:
        raise UserError(
            f"{what} holds the control character '{visible(character)}' ('{visible(name)[:80]}'): write the name in "
            "characters that can be seen."
        )
