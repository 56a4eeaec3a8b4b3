"""How far a study is: what is done, who is at what, what failed and why, and how long the rest may take."""

from __future__ import annotations

from pathlib import Path

from erasepro.errors import visible
from erasepro.runtime.terminal import wrapped
from erasepro.study.outcome import DONE, FAILED
from erasepro.study.study_folder import StudyFolder

LONGEST_ERROR = 300
"""Characters of a run's error that are shown: its log says all of it."""


def study_lines(path: Path, width: int) -> list[str]:
    """The state of a study, in lines of at most ``width`` columns. Nothing is changed.

    Whether a run that is done would be made again, as code or inputs changed since, is not asked here.

    Raises:
        UserError: the folder holds no study.
    """
    folder = StudyFolder(path)
    cells = folder.plan.cells
    outcomes = {cell.number: folder.outcome(cell) for cell in cells}
    holders = {cell.number: folder.lease(cell).holder() for cell in cells}
    done = [outcome for outcome in outcomes.values() if outcome is not None and outcome.state == DONE]
    failed = [(cell, outcome) for cell in cells if (outcome := outcomes[cell.number]) is not None and outcome.state == FAILED]
    running = [(cell, holder) for cell in cells if (holder := holders[cell.number]) is not None]
    left = sum(outcomes[cell.number] is None and holders[cell.number] is None for cell in cells)
    lines = [
        f"Study {folder.plan.name}, {path}",
        f"  {len(done):,} of {len(cells):,} runs done, {len(running):,} running, {len(failed):,} failed, {left:,} not begun",
    ]
    seconds = [outcome.seconds for outcome in done]
    if seconds and left + len(running):
        each = sum(seconds) / len(seconds)
        rest = each * (left + len(running) / 2) / max(1, len(running))
        at = f"{len(running)} at work" if running else "one process at work"
        lines.append(f"  about {_time(rest)} left with {at}, {_time(each)} a run so far")
    if left and not running:
        lines.append(f"  nobody is at work on it: erasepro work {path}")
    lines += [f"  running: {cell.shown}: process {who['pid']} on {who['host']} since {who['since']}" for cell, who in running]
    lines += [f"  failed: {cell.shown}: {outcome.error[:LONGEST_ERROR]}" for cell, outcome in failed]
    return [wrapped(visible(line), width, "    ") for line in lines]


def _time(seconds: float) -> str:
    """Seconds, minutes or hours, whichever reads best."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
