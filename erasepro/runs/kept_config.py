"""The config that a command was composed to, printed again without the libraries that check a solver's settings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

from erasepro.runs.command_record import UNREADABLE, CommandRecord


class KeptConfig(CommandRecord):
    """The record of a command that prints its config.

    Args:
        words: the command's, without ``--cfg``.
    """

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__("configs", words)

    def reprint(self) -> bool:
        """Print the config and the notes on it, where nothing has changed since they were kept; whether that was so."""
        try:
            record = self.read()
            if not record:
                return False
            text, notes = str(record["text"]), list(record["notes"])
        except UNREADABLE:
            return False
        for note in notes:
            print(note, file=sys.stderr)
        print(text, end="")
        return True

    def keep(self, text: str, notes: Sequence[str]) -> None:
        """Write the record of what was printed, unless something was changed meanwhile."""
        with suppress(*UNREADABLE):
            if self.is_unchanged():
                self.write({"text": text, "notes": list(notes)})
