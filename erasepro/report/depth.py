"""Whether the change that an edit needs shrinks with depth: by text layer, runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
"""A quantity by layer, shallow to deep, for each of `QUANTITIES`; ``layer``: which, counted from 1."""


Labelled = Sequence[tuple[str, Sequence[Mapping[str, Any]]]]
"""Runs: the label of each, and its edit's diagnostics."""


def label_runs(runs: Sequence[Results]) -> Labelled:
    """Runs by what tells them apart: the settings in which they differ, of several solvers the methods; else their names."""
    settings = [{key: value for key, value in leaves(run.config).items() if _is_shown(key)} for run in runs]
    solvers = {setting.get("solver.name") for setting in settings}
    keys = [key for key in differing(settings) if len(solvers) == 1 or not key.startswith("solver.")]
    methods = [run.solver_label for run in runs] if len(solvers) > 1 else [""] * len(runs)
    words = [[f"{_short(key, keys)}={setting.get(key)}" for key in keys] for setting in settings]
    labels = [" ".join(filter(None, [method, *own])) for method, own in zip(methods, words, strict=True)]
    unlike = all(labels) and len(set(labels)) == len(labels)
    return [
        (label if unlike else run.name, run.edit.get("diagnostics") or []) for run, label in zip(runs, labels, strict=True)
    ]


def _short(key: str, keys: Sequence[str]) -> str:
    """The end of a dotted key that no other of the keys has; of a ``concepts.name`` its group."""
    parts = key.removesuffix(".name").split(".")
    keys = [other.removesuffix(".name") for other in keys]
    ends = [".".join(parts[i:]) for i in reversed(range(len(parts)))]
    return next(end for end in ends if sum(f".{other}".endswith(f".{end}") for other in keys) == 1)


def _is_shown(key: str) -> bool:
    return key.startswith(("solver.", "concepts.name", "model.name"))


def read_curve(diagnostics: Sequence[Mapping[str, Any]]) -> Curve:
    """The quantities of the text layers of one edit; of several encoders and sites, one after the other by depth.

    There ``layer`` counts the edited sites; otherwise it is the place of each in the encoder.
    """
    entries = sorted((e for e in diagnostics if e["kind"] in TEXT_KINDS), key=lambda e: (e["site"].split(".")[0], e["depth"]))
    layers: list[float | None] = [entry["depth"] + 1 for entry in entries]
    if len(set(layers)) < len(layers):
        layers = [float(place) for place in range(1, len(entries) + 1)]
    return {"layer": layers} | {name: [entry.get(name) for entry in entries] for name in QUANTITIES}


def share_of_depth(values: Sequence[float | None]) -> float | None:
    """The mean over the last third of the layers over that of the first third; below 1 where a quantity falls with depth."""
    numbers = [value for value in values if value is not None]
    third = len(numbers) // 3
    if not third or not sum(numbers[:third]):
        return None
    return sum(numbers[-third:]) / sum(numbers[:third])


def read_curves(runs: Labelled) -> list[tuple[str, Curve]]:
    """(label, quantities by layer) of each run that edits text layers.

    Raises:
        UserError: none does.
    """
    curves = [(label, read_curve(diagnostics)) for label, diagnostics in runs]
    curves = [(label, curve) for label, curve in curves if curve["delta_norm"]]
    if not curves:
        raise UserError("None of these runs edits a layer of a text encoder, so there is nothing by depth to show.")
    return curves


def tabulate_depth(runs: Labelled) -> list[Table]:
    """One table a quantity: a row a layer, a column a run. Raises UserError as `read_curves` does."""
    curves = read_curves(runs)
    tables = []
    for name, title in QUANTITIES.items():
        columns = [dict(zip(curve["layer"], curve[name], strict=True)) for _, curve in curves]
        layers = sorted({layer for column in columns for layer in column if layer is not None})
        rows = [(f"layer {layer:g}", *(_cell(column.get(layer)) for column in columns)) for layer in layers]
        rows.append((SHARE, *(_cell(share_of_depth(curve[name])) for _, curve in curves)))
        tables.append(Table(f"By depth: {title}", ("layer", *(label for label, _ in curves)), tuple(rows)))
    return tables


def _cell(value: float | None) -> str:
    return format_number(value, "{:.3g}")
