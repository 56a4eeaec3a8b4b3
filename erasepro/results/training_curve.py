"""The losses of a trained method, step by step, as a table in the run's folder."""

from __future__ import annotations

from pathlib import Path

from erasepro.runtime.files import write_text

TRAINING = "training"
"""The folder of a run, or beside an edit, that a trained method keeps its checkpoint and its losses in."""
CURVE = "losses.csv"
AXIS = "step"


def write_curve(file: Path, curve: list[dict[str, float]]) -> None:
    """One row a step: its number and its figures."""
    names = list(dict.fromkeys(name for point in curve for name in point))
    rows = [",".join([AXIS, *names])]
    for number, point in enumerate(curve, 1):
        rows.append(",".join([str(number), *(repr(point[name]) if name in point else "" for name in names)]))
    write_text(file, "\n".join(rows) + "\n")


def read_curve(file: Path) -> list[dict[str, float]]:
    """The rows of such a table, with their step; [] where there is none."""
    try:
        names, *rows = (line.split(",") for line in file.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return []
    return [{name: float(cell) for name, cell in zip(names, row, strict=False) if cell} for row in rows]
