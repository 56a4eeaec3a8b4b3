"""The tables of a study: a row a combination of its row axes, a column for each of them, sorted, the best named."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from erasepro.errors import UserError
from erasepro.report.joint import caution_unlike, caution_without_digest, method_tables, refused_numbers
from erasepro.report.judge_trust import RECOGNITION, distrust
from erasepro.report.paired import paired_tables
from erasepro.report.published import Published, plain_name, with_published
from erasepro.report.table import Table
from erasepro.results.finished_runs import FinishedRun
from erasepro.results.results_json import Results
from erasepro.study.cells import Cell
from erasepro.study.objectives import OBJECTIVES, objectives
from erasepro.study.study_folder import StudyPlan

Run = tuple[Cell, Results]
SEPARATOR = "\x1f"
"""Between the labels of a row while tables are made: no label holds it."""


@dataclass(frozen=True)
class Row:
    """One combination of the row axes' values."""

    labels: tuple[str, ...]
    values: Mapping[str, float]
    """Means over its runs, by the names of `study.objectives`, and ``overall``."""


def all_tables(plan: StudyPlan, runs: Sequence[tuple[Cell, Path, Results]]) -> list[Table]:
    """Every table of a study: `study_tables`, then `study_tests`; none where no run is done."""
    return [*study_tables(plan, [(cell, results) for cell, _, results in runs]), *study_tests(plan, runs)] if runs else []


def study_tables(plan: StudyPlan, runs: Sequence[Run]) -> list[Table]:
    """Tables for each combination of the table axes' values, in the order of the axes.

    Args:
        runs: those that are done, in the order of their numbers.

    Raises:
        UserError: the runs of one table were counted under different protocols.
    """
    tables = []
    for head, group in plan.by_table(runs, lambda run: run[0].labels).items():
        tables += _tables(plan, group, head)
    return tables


def study_tests(plan: StudyPlan, runs: Sequence[tuple[Cell, Path, Results]]) -> list[Table]:
    """Paired tests of the rows of each table (`report.paired`), against ErasePro's row, else the first.

    Args:
        runs: those that are done, with their folders, in the order of their numbers.
    """
    tables = []
    for head, group in plan.by_table(runs, lambda run: run[0].labels).items():
        rows = [" ".join(cell.labels[axis] for axis in plan.rows) for cell, _, _ in group]
        finished = [FinishedRun(str(path), results) for _, path, results in group]
        tables += paired_tables(finished, rows, f"{plan.name}{head and f', {head}'}. Paired tests")
    return tables


def _tables(plan: StudyPlan, runs: Sequence[Run], head: str) -> list[Table]:
    rows = sorted_rows(plan, runs)
    order = [SEPARATOR.join(row.labels) for row in rows]
    named = [(SEPARATOR.join(cell.labels[axis] for axis in plan.rows), results) for cell, results in runs]
    named.sort(key=lambda run: order.index(run[0]))
    title = f"{plan.name}{f': {head}' if head else ''}"
    shown, metrics = method_tables(named, f"{title}. Mean over runs ± standard error (worst)")
    listed = [run for _, run in named]
    caution = [*refused_numbers(listed), *caution_without_digest(listed)]
    caution += caution_unlike(listed) if plan.sort == "none" else []
    note = "\n".join([_best_line(plan, rows), *caution]).strip()
    judged = [shown] if any(run.recognition for _, run in named) else []
    tables = [*judged, replace(metrics, title=f"{title}. {metrics.title}")]
    tables[0] = replace(tables[0], note=f"{note}\n{tables[0].note}".strip())
    return beside_published([split_keys(table, plan.rows) for table in tables], Published.of(plan.published or {}))


def beside_published(tables: Sequence[Table], published: Published) -> list[Table]:
    """The tables with what a paper states beside the columns that it names; a name that none has is told below the first."""
    strange = [name for row in published.values.values() for name in row]
    shown = []
    for table in tables:
        names = {plain_name(title) for title in table.header[table.keys :]}
        own = {
            label: {name: value for name, value in row.items() if plain_name(name) in names}
            for label, row in published.values.items()
        }
        strange = [name for name in strange if plain_name(name) not in names]
        shown.append(with_published(table, replace(published, values=own)))
    if strange:
        note = f"Published values of {', '.join(dict.fromkeys(strange))} are of no column here."
        shown[0] = replace(shown[0], note=f"{shown[0].note}\n{note}".strip())
    return shown


def sorted_rows(plan: StudyPlan, runs: Sequence[Run]) -> list[Row]:
    """The rows of one table, the best first by what the study sorts by; those without that number last."""
    groups: dict[tuple[str, ...], list[Mapping[str, float]]] = {}
    for cell, results in runs:
        groups.setdefault(tuple(cell.labels[axis] for axis in plan.rows), []).append(trusted_objectives(results))
    rows = [Row(labels, _means(values)) for labels, values in groups.items()]
    if plan.sort == "none":
        return rows
    larger = plan.sort == "overall" or next(o.larger_is_better for o in OBJECTIVES if o.name == plan.sort)

    def place(row: Row) -> float:
        value = row.values.get(plan.sort, math.nan)
        return math.inf if math.isnan(value) else -value if larger else value

    return sorted(rows, key=place)


def trusted_objectives(results: Results) -> dict[str, float]:
    """The numbers of `study.objectives`, without those that the judge made where it does not know the original's pictures."""
    values = objectives(results)
    return {name: value for name, value in values.items() if name == "fd"} if distrust(results, RECOGNITION) else values


def _means(values: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Means over runs; ``overall``: the harmonic mean of what is erased (1 − target) and what is kept (1 at most)."""
    names = {name for row in values for name in row}
    means = {name: sum(row[name] for row in values if name in row) / sum(name in row for row in values) for name in names}
    if {"target", "kept"} <= means.keys():
        parts = max(0.0, 1 - means["target"]), min(max(0.0, means["kept"]), 1.0)
        means["overall"] = statistics.harmonic_mean(parts)
    return means


def _best_line(plan: StudyPlan, rows: Sequence[Row]) -> str:
    """The sentence that names the best row, and what it is the best by."""
    if plan.sort == "none" or not rows or plan.sort not in rows[0].values:
        return ""
    best = rows[0].values[plan.sort]
    ties = [row for row in rows if row.values.get(plan.sort) == best]
    what = "harmonic mean of erased (1 − target) and kept" if plan.sort == "overall" else plan.sort
    names = "; ".join(" ".join(row.labels) for row in ties[:3]) + (f" and {len(ties) - 3} more" if len(ties) > 3 else "")
    return f"Best by {what}: {names} ({best:.3f}). Rows are sorted by it."


def split_keys(table: Table, axes: Sequence[str]) -> Table:
    """The table with a column for each axis, in place of its first one."""
    rows = tuple((*row[0].split(SEPARATOR), *row[1:]) for row in table.rows)
    if any(len(row[0].split(SEPARATOR)) != len(axes) for row in table.rows):
        raise UserError("A label of the study holds a control character: change it in the study's file.")
    return replace(table, header=(*axes, *table.header[1:]), rows=rows, keys=len(axes))
