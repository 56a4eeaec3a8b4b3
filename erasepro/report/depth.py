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


Labelled = Sequence[tuple[str, Sequence[Sequence[Mapping[str, Any]]]]]
"""Labels, each with the diagnostics of its runs' edits, which are averaged."""
CONCEPTS = "concepts.name"


def label_runs(runs: Sequence[Results]) -> Labelled:
    """Runs by what tells them apart: the settings in which they differ, of several solvers the methods; else their names.

    Where every setting was run on the same several sets of concepts, those are one label's runs.
    """
    settings = [{key: value for key, value in leaves(run.config).items() if _is_shown(key)} for run in runs]
    solvers = {setting.get("solver.name") for setting in settings}
    keys = [key for key in differing(settings) if len(solvers) == 1 or not key.startswith("solver.")]
    methods = [run.solver_label for run in runs] if len(solvers) > 1 else [""] * len(runs)
    edits = [run.edit.get("diagnostics") or [] for run in runs]
    together = [key for key in keys if key != CONCEPTS]
    if CONCEPTS in keys and (together or len(solvers) > 1):
        grouped: dict[str, list[int]] = {}
        for number, label in enumerate(_labels(methods, settings, together)):
            grouped.setdefault(label, []).append(number)
        sets = [sorted(str(settings[number].get(CONCEPTS)) for number in numbers) for numbers in grouped.values()]
        if all(mine == sets[0] and len(set(mine)) == len(mine) > 1 for mine in sets):
            return [(label, [edits[number] for number in numbers]) for label, numbers in grouped.items()]
    labels = _labels(methods, settings, keys)
    unlike = all(labels) and len(set(labels)) == len(labels)
    return [(label if unlike else run.name, [edit]) for run, label, edit in zip(runs, labels, edits, strict=True)]


def _labels(methods: Sequence[str], settings: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> list[str]:
    words = [[f"{_short(key, keys)}={setting.get(key)}" for key in keys] for setting in settings]
    return [" ".join(filter(None, [method, *own])) for method, own in zip(methods, words, strict=True)]


def _short(key: str, keys: Sequence[str]) -> str:
    """The end of a dotted key that no other of the keys has; of a ``concepts.name`` its group."""
    parts = key.removesuffix(".name").split(".")
    keys = [other.removesuffix(".name") for other in keys]
    ends = [".".join(parts[i:]) for i in reversed(range(len(parts)))]
    return next(end for end in ends if sum(f".{other}".endswith(f".{end}") for other in keys) == 1)


def _is_shown(key: str) -> bool:
    return key.startswith(("solver.", CONCEPTS, "model.name"))


def read_curve(diagnostics: Sequence[Mapping[str, Any]]) -> Curve:
    """The quantities of the text layers of one edit; of several encoders and sites, one after the other by depth.

    There ``layer`` counts the edited sites; otherwise it is the place of each in the encoder.
    """
    entries = sorted((e for e in diagnostics if e["kind"] in TEXT_KINDS), key=lambda e: (e["site"].split(".")[0], e["depth"]))
    layers: list[float | None] = [entry["depth"] + 1 for entry in entries]
    if len(set(layers)) < len(layers):
        layers = [float(place) for place in range(1, len(entries) + 1)]
    return {"layer": layers} | {name: [entry.get(name) for entry in entries] for name in QUANTITIES}


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean of several edits' quantities at each layer, over those edits that have a number there."""
    if len(curves) == 1:
        return curves[0]
    layers = sorted({layer for curve in curves for layer in curve["layer"] if layer is not None})
    columns = {name: [dict(zip(curve["layer"], curve[name], strict=True)) for curve in curves] for name in QUANTITIES}
    return {"layer": layers} | {
        name: [_mean([column.get(layer) for column in own]) for layer in layers] for name, own in columns.items()
    }


def _mean(values: Sequence[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def share_of_depth(values: Sequence[float | None]) -> float | None:
    """The mean over the last third of the layers over that of the first third; below 1 where a quantity falls with depth."""
    numbers = [value for value in values if value is not None]
    third = len(numbers) // 3
    if not third or not sum(numbers[:third]):
        return None
    return sum(numbers[-third:]) / sum(numbers[:third])


def read_curves(runs: Labelled) -> list[tuple[str, Curve]]:
    """(label, quantities by layer, the mean of its runs) of each label whose runs edit text layers.

    Raises:
        UserError: none does.
    """
    curves = [(label, mean_curve([read_curve(diagnostics) for diagnostics in edits])) for label, edits in runs]
    curves = [(label, curve) for label, curve in curves if curve["delta_norm"]]
    if not curves:
        raise UserError("None of these runs edits a layer of a text encoder, so there is nothing by depth to show.")
    return curves


def tabulate_depth(runs: Labelled) -> list[Table]:
    """One table a quantity: a row a layer, a column a label. Raises UserError as `read_curves` does."""
    curves = read_curves(runs)
    most = max(len(edits) for _, edits in runs)
    note = f"Means over {most} sets of concepts." if most > 1 else ""
    tables = []
    for name, title in QUANTITIES.items():
        columns = [dict(zip(curve["layer"], curve[name], strict=True)) for _, curve in curves]
        layers = sorted({layer for column in columns for layer in column if layer is not None})
        rows = [(f"layer {layer:g}", *(_cell(column.get(layer)) for column in columns)) for layer in layers]
        rows.append((SHARE, *(_cell(share_of_depth(curve[name])) for _, curve in curves)))
        tables.append(Table(f"By depth: {title}", ("layer", *(label for label, _ in curves)), tuple(rows), note))
    return tables


def _cell(value: float | None) -> str:
    return format_number(value, "{:.3g}")
