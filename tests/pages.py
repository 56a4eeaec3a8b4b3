"""The pages that a user reads: their blocks, and the commands that they show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    path.relative_to(ROOT)
    for folder, pattern in (("", "*.md"), ("docs", "*.md"), ("experiments", "**/*.md"), ("benchmarks", "*.md"))
    for path in (ROOT / folder).glob(pattern)
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FORM = re.compile(r"…|\[group|KEY|=VALUE")
"""What tells a form with places to fill in from a command."""


def text_of(page: Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def lines_of(text: str, programs: tuple[str, ...]) -> Iterator[str]:
    """The lines of a Markdown text that begin with one of the programs, in blocks without a language and in running text."""
    lines = [line for language, block in BLOCK.findall(text) if not language for line in block.splitlines()]
    named = re.findall(r"`([^`]+)`", BLOCK.sub("", text).replace("\n", " "))
    lines += [line for line in named if " " in line]  # a program's name alone is no command there
    for line in lines:
        if line.partition(" ")[0] in programs and not FORM.search(line.partition(" #")[0]):
            yield line


def commands_in(text: str) -> list[list[str]]:
    """The words of every command in a text, without the leading ``erasepro``; forms with places to fill in are left out."""
    commands = []
    for line in lines_of(text, ("erasepro", "torchrun")):
        command = line.partition("-m erasepro ")[2] if line.startswith("torchrun ") else line.removeprefix("erasepro")
        commands.append(shlex.split(command, comments=True))
    return commands


def commands_of(page: Path) -> list[list[str]]:
    """The words of every command on a page."""
    return commands_in(text_of(page))


def python_of(page: Path) -> list[str]:
    """The blocks of Python on a page."""
    return [block for language, block in BLOCK.findall(text_of(page)) if language == "python"]


def sections_of(page: Path) -> dict[str, str]:
    """Text under each heading of the second level."""
    return dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text_of(page), re.MULTILINE | re.DOTALL))


def file_in(text: str) -> tuple[str, str]:
    """The path and the text of the first block that starts with a file's name. Raises AssertionError where none does."""
    for language, block in BLOCK.findall(text):
        if language:
            return block.partition("\n")[0].removeprefix("# "), block
    raise AssertionError("no file")
