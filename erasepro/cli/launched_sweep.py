"""``erasepro -m hydra/launcher=…``: a sweep whose runs another launcher of Hydra's starts, as a study in a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence

from erasepro.cli.study import Launcher, carry_out, is_for_launcher

WORD = "hydra/launcher="


def launched(overrides: Sequence[str]) -> bool:
    """Whether a sweep's words name a launcher other than the one that runs all in this process."""
    return any(word.startswith(WORD) and word != f"{WORD}basic" for word in overrides)


def sweep_by_launcher(overrides: Sequence[str]) -> int:
    """Make every combination by the launcher that is named, and print the tables.

    Returns 0; 2 where runs failed. Raises UserError for words that are wrong in every run, and for a missing launcher.
    """
    from erasepro.study.cells import cells_of_sweep
    from erasepro.study.study_folder import StudyPlan

    name = next(word[len(WORD) :] for word in reversed(overrides) if word.startswith(WORD))
    launcher = Launcher(name, [word for word in overrides if is_for_launcher(word, "hydra.launcher.")])
    launcher.check()
    cells, swept = cells_of_sweep(overrides)
    rows = [key for key in swept if key != "concepts"] or swept
    plan = StudyPlan("sweep", tuple(cells), (), tuple(rows), "none", os.getcwd())
    return carry_out(plan, "", 1, False, launcher)
