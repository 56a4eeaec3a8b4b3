"""Small studies on random weights, for tests of folders, workers and tables."""

from __future__ import annotations

from pathlib import Path

from erasepro.study.cells import Cell
from erasepro.study.study_folder import StudyFolder, StudyPlan

TINY = ("debug=tiny", "generation.steps=1", "generation.max_retain=0", "outputs.progress=false", "outputs.grid=false")


def tiny_plan(solvers=("uce", "oce"), seeds=(0,), *words, name="tiny", directory="."):
    """A plan whose runs take a second each."""
    cells = [
        Cell(number, {"solver": solver, "seed": str(seed)}, (*TINY, f"solver={solver}", f"seed={seed}", *words))
        for number, (solver, seed) in enumerate(((s, seed) for s in solvers for seed in seeds), 1)
    ]
    return StudyPlan(name, tuple(cells), (), ("solver",), "none", directory)


def tiny_study(path: Path, *arguments, **options):
    """The folder of such a plan."""
    return StudyFolder.create(path, tiny_plan(*arguments, **options))
