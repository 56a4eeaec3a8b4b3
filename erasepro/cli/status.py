"""``erasepro status [DIR…]``: which runs there are, and how far each is; of a study, how far all are. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from erasepro.errors import UserError, visible
from erasepro.results.run_folder import STAGES
from erasepro.runtime.files import read_dict
from erasepro.runtime.lock import read_holder
from erasepro.runtime.terminal import terminal_width, wrapped

HEADER = ("run", "state", "stages", "updated", "")
INDENT = "  "
"""What stands before the facts of a run whose name has a line of its own, and before a note below them."""

PLAN = "study.json"
"""The file that makes a folder a study's (`study.study_folder`)."""
LONGEST_NOTE = 120
"""Characters of a run's error that are shown: the run's own command says all of it."""


def command(words: Sequence[str]) -> int:
    """Print a line a run of the folders given (a run's, or one that holds runs); of ``outputs`` where none is.

    A study's folder gets what is done, running, failed and left of its runs, and how long that may take.

    Where the terminal is too narrow, a run's name stands above its facts, and what there is to say below them; a name that is
    wider than the terminal stays whole, to be pasted.

    Raises UserError for a folder that is not there or holds no run.
    """
    places = [Path(word) for word in (words or ["outputs"])]
    studied = [place for place in places if (place / PLAN).is_file()]
    if studied:
        from erasepro.study.study_status import study_lines

        print("\n\n".join("\n".join(study_lines(place, terminal_width())) for place in studied))
        if len(studied) == len(places):
            return 0
        print()
    folders = [folder for place in places if place not in studied for folder in _runs_in(place)]
    rows = [HEADER, *(_row(folder) for folder in dict.fromkeys(folders))]
    print("\n".join(_lines(rows, terminal_width())))
    return 0


def _lines(rows: Sequence[tuple[str, ...]], width: int) -> list[str]:
    """The rows as a table of at most ``width`` columns; names, and what there is to say, on own lines where they do not fit."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER) - 1)]
    is_stacked = sum(widths) + 2 * (len(widths) - 1) > width
    lines = []
    for name, *facts, note in rows:
        cells = [cell.ljust(room) for cell, room in zip((name, *facts), widths, strict=True)]
        line = INDENT + "  ".join(cells[1:]) if is_stacked else "  ".join(cells)
        if is_stacked:
            lines.append(name)
        if len(f"{line}  {note}".rstrip()) <= width:
            lines.append(f"{line}  {note}".rstrip())
        else:
            lines += [line.rstrip(), wrapped(f"{INDENT * 2}{note}", width, INDENT * 2)]
    return lines


def _runs_in(path: Path) -> list[Path]:
    """The run that a folder is, or the runs that lie in it, the last changed first."""
    if not path.is_dir():
        raise UserError(
            f"No folder {str(path)!r}: give a run's folder, or one that holds runs (outputs.dir, by default outputs)."
        )
    if (path / "status.json").is_file():
        return [path]
    files = sorted(path.glob("*/status.json"), key=lambda file: (-file.lstat().st_mtime, str(file)))
    if not files:
        raise UserError(f"{str(path)!r} holds no run: `erasepro` makes one in outputs/, or where outputs.dir says.")
    return [file.parent for file in files]


def _row(folder: Path) -> tuple[str, ...]:
    """Folder, state, stages done, time, and what there is to say."""
    try:
        status, holder = read_dict(folder / "status.json"), read_holder(folder / "lock.json")
    except UserError as error:  # a folder in a file's place: the other runs are still shown
        status, holder = {"error": str(error)}, None
    state, done = str(status.get("state", "damaged")), status.get("stages_done")
    stages = f"{len(done)}/{len(STAGES)}" if isinstance(done, list) else "?"
    note = str(status.get("error", ""))
    if state == "running" and holder is not None:
        note = f"process {holder['pid']} on {holder['host']}"
    elif state == "running":
        state, note = "stopped", "its process is gone; the same command resumes"
    note = " ".join(note.split())
    return (
        visible(folder),
        visible(state),
        stages,
        visible(str(status.get("updated", "?"))[:19].replace("T", " ")),
        visible(note if len(note) <= LONGEST_NOTE else f"{note[: LONGEST_NOTE - 1]}…"),
    )
