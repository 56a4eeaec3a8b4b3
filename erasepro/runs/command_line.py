"""The command that made a run, kept in its folder: ``command.json``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from erasepro.runtime.files import read_dict, write_json
from erasepro.runtime.versions import VERSION

COMMAND = "command.json"


@dataclass(frozen=True)
class CommandLine:
    """What a run's folder keeps of the command that made it. Nothing is computed from it: the settings are in config.yaml."""

    line: str
    """As a shell takes it; "" where the folder keeps none."""
    version: str
    """Of the erasepro that made the run; "" where it is not known."""

    @property
    def words(self) -> list[str]:
        """The words of the line behind ``erasepro``; none where it cannot be read."""
        try:
            return shlex.split(self.line)[1:]
        except ValueError:
            return []

    @classmethod
    def read(cls, folder: Path) -> CommandLine:
        """The command in a run's folder; of what is missing or damaged there, nothing."""
        record = read_dict(folder / COMMAND)
        line, version = record.get("command"), record.get("erasepro")
        return cls(line if isinstance(line, str) else "", version if isinstance(version, str) else "")


def write_command(folder: Path, words: Sequence[str]) -> None:
    """Write ``command.json``: the line to paste, and the version of erasepro."""
    write_json(folder / COMMAND, {"command": shlex.join(["erasepro", *words]), "erasepro": VERSION})


def other_version(folder: Path) -> str:
    """A line for a run that another version of erasepro made; "" for one of this version, and where it is not known."""
    before = CommandLine.read(folder).version or _recorded_version(folder)
    if not before or before == VERSION:
        return ""
    return (
        f"{str(folder)!r} was made by erasepro {before[:20]}, and this is {VERSION}: the settings are that run's, the code is "
        "this version's, so the numbers may differ."
    )


def _recorded_version(folder: Path) -> str:
    """The version that ``results.json`` names; "" where it names none."""
    libraries = read_dict(folder / "results.json").get("libraries")
    version = libraries.get("erasepro") if isinstance(libraries, dict) else None
    return version if isinstance(version, str) else ""
