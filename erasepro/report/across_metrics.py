"""Several runs' metrics in one table, a row a method, a column a metric and protocol: never two protocols in a column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from erasepro.config.plain_values import differing
from erasepro.report.cells import HOW, Cell, annotate_counts, cell, short
from erasepro.report.tables import Table, metric_bounds
from erasepro.results.recognition import Share


@dataclass(frozen=True)
class PrimaryValue:
    """A run's number of one metric under one protocol ("": of no protocol, as seconds are). ``original``: NaN for none.

    ``counted``: the metric's settings and its judge, which a protocol need not fix.
    """

    original: float
    edited: Share
    higher_is_better: bool
    protocol: str = ""
    counted: Mapping[str, Any] = field(default_factory=dict)
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
    header = [name if alone or not protocol else f"{name} [{protocol}]" for name, protocol in columns]
    rows = [[_cell([scores for label, scores in runs if label == m], *column) for column in columns] for m in methods]
    texts, n = annotate_counts(header, rows)
    title += f"   [protocol {protocols.pop()}]" if alone else ""
    full = tuple((method, *text) for method, text in zip(methods, texts, strict=True))
    return Table(title, ("method", *header), full, " ".join(filter(None, [*refused, HOW, n])), may_turn=True)


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


def _cell(runs: Sequence[Mapping[str, Sequence[PrimaryValue]]], name: str, protocol: str) -> Cell:
    values = [value for scores in runs for value in scores.get(name, ()) if value.protocol == protocol]
    before = [value.original for value in values if not math.isnan(value.original)]
    worst = min if values and values[0].higher_is_better else max
    after, n = cell([value.edited for value in values], worst, metric_bounds(name), [value.pair for value in values])
    some = f" [{len(values)} of {len(runs)} runs]" if 0 < len(values) < len(runs) else ""
    return (f"{short(sum(before) / len(before))} → {after}" if before else after) + some, n
