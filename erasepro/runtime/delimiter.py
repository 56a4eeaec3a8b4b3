"""What separates the cells of a table in text."""

from __future__ import annotations

from typing import TextIO

DELIMITERS = (",", ";", "\t")


def delimiter_of(stream: TextIO, usual: str = ",") -> str:
    """The delimiter of a table, told from its first line that holds anything; the stream stands at its start again.

    Args:
        stream: an open text file, at its start.
        usual: the delimiter that the file's suffix stands for; another is taken only where the line holds none of these and
            exactly one of the others.
    """
    first = next((line for line in stream if line.strip()), "")
    stream.seek(0)
    others = [mark for mark in DELIMITERS if mark != usual and mark in first]
    return others[0] if usual not in first and len(others) == 1 else usual
