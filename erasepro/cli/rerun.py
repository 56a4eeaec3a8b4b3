"""``erasepro rerun RUN [overrides]``: a run again from its folder, or with some settings changed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from erasepro.cli.options import read_options
from erasepro.errors import UserError, visible
from erasepro.runtime.terminal import terminal_width, wrapped

USAGE = "erasepro rerun outputs/RUN [group=option] [key=value] … [--cfg] [--dry-run]"


def command(words: Sequence[str]) -> int:
    """Run what a folder's ``config.yaml`` describes, with overrides over it: an unchanged run resumes, or is printed again.

    Raises UserError where the folder holds no stored config, a damaged one, or one with anything but plain values.
    """
    folders = [word for word in words[:1] if word and not word.startswith("-") and ("=" not in word or Path(word).is_dir())]
    if not folders:
        raise UserError(f"rerun takes one run's folder first: {USAGE}.")
    folder = Path(folders[0]).expanduser()
    if not folder.is_dir():
        raise UserError(f"No folder {str(folder)!r}: give a run's folder, outputs/<name>-<signature>.")
    if not (folder / "config.yaml").is_file():
        raise UserError(f"{str(folder)!r} is no run's folder: it holds no config.yaml. `erasepro status` lists the runs.")
    options = read_options(words[1:])
    if options.config is not None or options.multirun:
        raise UserError(f"rerun runs the one run of its folder: leave --config and -m out. {USAGE}.")
    from erasepro.cli.run import run_options
    from erasepro.runs.command_line import CommandLine

    line = CommandLine.read(folder).line
    if line:
        print(_made_by(visible(line)[:500], terminal_width()), file=sys.stderr)
    return run_options(replace(options, config=folder / "config.yaml"))


def _made_by(line: str, width: int) -> str:
    """The command of a run in lines of at most ``width`` columns; each but the last ends in ``\\``, to be pasted."""
    try:
        words = " ".join(shlex.quote(word).replace(" ", "\0") for word in shlex.split(line))  # no break inside quotes
    except ValueError:  # an open quote: cut short, or damaged
        words = line
    lines = wrapped(f"erasepro: made by: {words}", width - 2, "  ")
    return lines.replace("\n", " \\\n").replace("\0", " ")
