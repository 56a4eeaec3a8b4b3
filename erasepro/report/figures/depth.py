"""By layer and schedule: the change that is needed, its size, the distance to the anchor that it leaves, and the residual."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from erasepro.report.depth import QUANTITIES, Curve, label_runs, read_curves, tabulate_depth
from erasepro.report.figures.page import paper_page
from erasepro.report.figures.style import TWO_COLUMNS, mark
from erasepro.report.tables import Table
from erasepro.results.results_json import Results

SHOWN = tuple(name for name in QUANTITIES if name != "residual_after_selected")
"""Quantities that have a panel: the residual of the columns that are held exactly is rounding."""


def collect_depth(runs: Sequence[Results]) -> list[tuple[str, Curve]]:
    """(label, quantities by layer) of each run that edits text layers. Raises UserError where none does."""
    return read_curves(label_runs(runs))


def draw_depth(path: Path, runs: Sequence[Results]) -> Path:
    """Write the figure: a panel a quantity, a line a run.

    Raises:
        UserError: as `collect_depth` and `page.paper_page` do.
    """
    curves = collect_depth(runs)
    with paper_page(path, TWO_COLUMNS, 3.9) as page:
        from matplotlib.ticker import MaxNLocator

        plots = page.axes(2, 2)
        layers = sorted({layer for _, curve in curves for layer in curve["layer"] if layer is not None})
        entries = []
        for place, (label, curve) in enumerate(curves):
            for plot, name in zip(plots, SHOWN, strict=True):
                values = [math.nan if value is None else value for value in curve[name]]
                plot.plot(curve["layer"], values, **mark(place))
            entries.append((page.handle(mark(place)), label))
        for number, (plot, name) in enumerate(zip(plots, SHOWN, strict=True)):
            plot.set_title(QUANTITIES[name].replace("W_o", "Wₒ"))
            plot.set_ylim(bottom=0)
            if len(layers) == 1:
                plot.set_xticks(layers, [f"{layer:g}" for layer in layers])
            else:
                plot.xaxis.set_major_locator(MaxNLocator(integer=True))
            if number >= 2:
                plot.set_xlabel("layer of the text encoder")
        page.legend(entries)
    return path


def depth_tables(runs: Sequence[Results]) -> list[Table]:
    """The numbers of the figure, and the residual of the columns that are held exactly. Raises UserError as `collect_depth`."""
    return tabulate_depth(label_runs(runs))
