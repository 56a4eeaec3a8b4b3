"""What the pages tell a user to type: every command, as it stands there, once."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path

from tests.pages import PAGES, lines_of, text_of

PROGRAMS = ("erasepro", "torchrun", "make", "pip", "python", "wandb", "eval")
READ = [page for page in PAGES if page.name != "CHANGELOG.md"]  # what was, too
"""The pages that a new user reads."""


@cache
def shown() -> dict[str, Path]:
    """Each command, without the comment behind it, and the first page that shows it."""
    commands: dict[str, Path] = {}
    for page in READ:
        for line in lines_of(text_of(page), PROGRAMS):
            commands.setdefault(" ".join(line.partition(" #")[0].split()), page)
    return commands


def unquoted(command: str) -> list[str]:
    """Words with a bracket or brace outside quotes: zsh, which Macs come with, takes them for patterns and refuses them."""
    words = shlex.shlex(command, posix=False, punctuation_chars=False)
    words.whitespace_split, words.commenters = True, ""
    return [word for word in words if word[0] not in "'\"" and set(word) & set("[]{}()")]
