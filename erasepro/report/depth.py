"""Whether the change that an edit needs shrinks with depth: by text layer, runs side by side, in a table and a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from erasepro.config.plain_values import differing, leaves
from erasepro.errors import UserError
from erasepro.models.kinds import TEXT_KINDS
from erasepro.report.cells import format_number
from erasepro.report.table import Table
from erasepro.results.results_json import Results

QUANTITIES = {
    "residual_before": "needed change ‖V − W_o X‖/‖V‖",
    "delta_norm": "‖ΔW‖/‖W‖",
    "gap": "distance to the anchor behind the layer",
    "residual_after_all": "residual, all columns",
    "residual_after_selected": "residual, constrained columns",
}
"""Facts of a layer's diagnostics → how tables and figures call them."""
SHARE = "last third / first third"

Curve = Mapping[str, Sequence[float | None]]
"""A quantity by layer, shallow to deep, for each of `QUANTITIES`."""


Labelled = Sequence[tuple[str, Sequence[Mapping[str, Any]]]]
"""Runs: the label of each, and its edit's diagnostics."""


def label_runs(runs: Sequence[Results]) -> Labelled:
    """Runs by the settings in which they differ; by their names where they differ in none."""
    settings = [{key: value for key, value in leaves(run.config).items() if _is_shown(key)} for run in runs]
    keys = list(differing(settings))
    named = [" ".join(f"{key.rpartition('.')[2]}={setting.get(key)}" for key in keys) for setting in settings]
    unlike = keys and len(set(named)) == len(named)
    return [
        (label if unlike else run.name, run.edit.get("diagnostics") or []) for run, label in zip(runs, named, strict=True)
    ]


def _is_shown(key: str) -> bool:
    return key.startswith(("solver.", "concepts.name", "model.name"))


def read_curve(diagnostics: Sequence[Mapping[str, Any]]) -> Curve:
    """The quantities of the text layers of one edit; of several encoders and sites, one after the other by depth."""
    entries = sorted((e for e in diagnostics if e["kind"] in TEXT_KINDS), key=lambda e: (e["site"].split(".")[0], e["depth"]))
    return {name: [entry.get(name) for entry in entries] for name in QUANTITIES}


def share_of_depth(values: Sequence[float | None]) -> float | None:
    """The mean over the last third of the layers over that of the first third; below 1 where a quantity falls with depth."""
    numbers = [value for value in values if value is not None]
    third = len(numbers) // 3
    if not third or not sum(numbers[:third]):
        return None
    return sum(numbers[-third:]) / sum(numbers[:third])


def depth_tables(runs: Labelled) -> list[Table]:
    """One table a quantity: a row a layer, a column a run.

    Raises:
        UserError: no run has edited text layers.
    """
    curves = [(label, read_curve(diagnostics)) for label, diagnostics in runs]
    curves = [(label, curve) for label, curve in curves if curve["delta_norm"]]
    if not curves:
        raise UserError("None of these runs edits a layer of a text encoder, so there is nothing by depth to show.")
    tables = []
    for name, title in QUANTITIES.items():
        depth = max(len(curve[name]) for _, curve in curves)
        rows = [
            (f"layer {i + 1}", *(_cell(curve[name][i] if i < len(curve[name]) else None) for _, curve in curves))
            for i in range(depth)
        ]
        rows.append((SHARE, *(_cell(share_of_depth(curve[name])) for _, curve in curves)))
        tables.append(Table(f"By depth: {title}", ("layer", *(label for label, _ in curves)), tuple(rows)))
    return tables


def draw_depth(path: Path, runs: Labelled) -> Path:
    """Write one figure (SVG, PDF or PNG by its suffix): a panel a quantity, a line a run.

    Raises:
        UserError: another suffix, or matplotlib is not installed.
    """
    if path.suffix not in (".svg", ".pdf", ".png"):
        raise UserError(f"figure={str(path)!r}: its name must end in .svg, .pdf or .png.")
    try:
        import matplotlib
    except ImportError as error:
        raise UserError(f"A figure needs matplotlib ({error}): pip install 'erasepro[tune]'.") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = [name for name in QUANTITIES if name != "residual_after_selected"]
    figure, axes = pyplot.subplots(1, len(shown), figsize=(3.4 * len(shown), 3.2), squeeze=False)
    for plot, name in zip(axes[0], shown, strict=True):
        for label, diagnostics in runs:
            values = [float("nan") if v is None else v for v in read_curve(diagnostics)[name]]
            plot.plot(range(1, len(values) + 1), values, marker="o", markersize=3, linewidth=1, label=label)
        plot.set_xlabel("layer")
        plot.set_title(QUANTITIES[name], fontsize=8)
        plot.set_ylim(bottom=0)
    axes[0][0].legend(fontsize=6)
    figure.tight_layout()
    figure.savefig(path, metadata={} if path.suffix == ".png" else {"Date" if path.suffix == ".svg" else "CreationDate": None})
    pyplot.close(figure)
    return path


def _cell(value: float | None) -> str:
    return format_number(value, "{:.3g}")
