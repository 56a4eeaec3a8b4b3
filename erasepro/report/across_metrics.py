"""Several runs' metrics in one table, a row a method, a column a metric and protocol: never two protocols in a column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from erasepro.config.plain_values import differing
from erasepro.report.cells import HOW, annotate_counts, cell, short
from erasepro.report.number_cell import NumberCell
from erasepro.report.table import Table
from erasepro.report.tables import metric_bounds
from erasepro.results.recognition import Share


@dataclass(frozen=True)
class PrimaryValue:
    """A run's number of one metric under one protocol ("": of no protocol, as seconds are). ``original``: NaN for none.

    ``counted``: the metric's settings and its judge, which a protocol need not fix. ``ranks``: whether a better number makes a
    better method; of a share that only says how another number is to be read it does not.
    """

    original: float
    edited: Share
    higher_is_better: bool
    protocol: str = ""
    counted: Mapping[str, Any] = field(default_factory=dict)
    ranks: bool = True
    pair: str = ""
    """Of the run: its outer cluster (`clusters.name_pairs`)."""


Scores = tuple[str, Mapping[str, Sequence[PrimaryValue]]]
"""(method, metric -> its primary value under each protocol that the run was scored by)."""


def across_metrics(
    runs: Sequence[Scores], title: str = "Metrics over all runs: original → edited, mean ± standard error (worst)"
) -> Table:
    """One row a method. A cell that not all of the method's runs count in says how many do.

    A metric has a column for each protocol that all the runs which have it share, and under which all counted it with the same
    settings. Where there is none it has no column: the note names it and what differs.
    """
    columns, refused = _columns(runs)
    methods = list(dict.fromkeys(method for method, _ in runs))
    protocols = {protocol for _, protocol in columns} - {""}
    alone = len(protocols) == 1  # then the title says it
    better = [_direction(runs, *column) for column in columns]
    header = [
        f"{name}{_ARROWS[higher]}{'' if alone or not protocol else f' [{protocol}]'}"
        for (name, protocol), higher in zip(columns, better, strict=True)
    ]
    rows = [[_cell([scores for label, scores in runs if label == m], *column) for column in columns] for m in methods]
    texts, n = annotate_counts(header, rows)
    title += f"   [protocol {protocols.pop()}]" if alone else ""
    full = tuple((method, *text) for method, text in zip(methods, texts, strict=True))
    note = " ".join(filter(None, [*refused, HOW, n]))
    return Table(title, ("method", *header), full, note, may_turn=True, higher_is_better=(None, *better))


_ARROWS = {True: " ↑", False: " ↓", None: ""}


def _direction(runs: Sequence[Scores], name: str, protocol: str) -> bool | None:
    """Whether a greater number of a column is a better method's; None where it is not, nor a smaller one, or runs differ."""
    values = [value for _, scores in runs for value in scores.get(name, ()) if value.protocol == protocol]
    directions = {value.higher_is_better if value.ranks else None for value in values}
    return directions.pop() if len(directions) == 1 else None


def _columns(runs: Sequence[Scores]) -> tuple[list[tuple[str, str]], list[str]]:
    """(metric, protocol) of each column, and a sentence for each metric whose numbers may not share one."""
    columns, refused = [], []
    for name in dict.fromkeys(name for _, scores in runs for name in scores):
        each = [[value.protocol for value in scores[name]] for _, scores in runs if scores.get(name)]
        every = list(dict.fromkeys(protocol for protocols in each for protocol in protocols))
        common = [protocol for protocol in every if all(protocol in protocols for protocols in each)]
        for protocol in common:
            values_of_run = [
                value for _, scores in runs for value in scores.get(name, ()) if value.protocol == protocol
            ]
            unlike = differing([value.counted for value in values_of_run])
            if unlike:
                differences = "; ".join(f"{key}: {' and '.join(values)}" for key, values in unlike.items())
                refused.append(
                    f"{name} [{protocol}] is left out: the runs counted it with different settings ({differences})."
                )
            else:
                columns.append((name, protocol))
        if not common:
            refused.append(
                f"{name} is left out: numbers of {' and '.join(sorted(every))} may not share a column; report such runs "
                "separately, or score them alike (erasepro score)."
            )
    return columns, refused


def _cell(runs: Sequence[Mapping[str, Sequence[PrimaryValue]]], name: str, protocol: str) -> str:
    values = [value for scores in runs for value in scores.get(name, ()) if value.protocol == protocol]
    before = [value.original for value in values if not math.isnan(value.original)]
    worst = min if values and values[0].higher_is_better else max
    after = cell([value.edited for value in values], worst, metric_bounds(name), [value.pair for value in values])
    some = f" [{len(values)} of {len(runs)} runs]" if 0 < len(values) < len(runs) else ""
    mean = sum(before) / len(before) if before else None
    text = after + some if mean is None else f"{short(mean)} → {after}{some}"
    return after.with_text(text, mean) if isinstance(after, NumberCell) else text
