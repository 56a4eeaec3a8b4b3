"""What of a run goes to a tracker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.config.schema import TrackerConfig
from erasepro.generation.presentable import presentable
from erasepro.report.run_tables import WORST, tables
from erasepro.report.table_names import name_tables
from erasepro.results.results_json import Results, Value
from erasepro.results.samples import read_samples
from erasepro.results.training_curve import AXIS as STEP
from erasepro.results.training_curve import CURVE, TRAINING, read_curve
from erasepro.tracking.base import Tracker
from erasepro.tracking.before_after_table import before_after, spread
from erasepro.tracking.curves import AXIS, layer_curves
from erasepro.tracking.flat import flat

if TYPE_CHECKING:
    from erasepro.generation.worklist import Row


def log_run(tracker: Tracker, cfg: TrackerConfig, results: Results, run_dir: Path, rows: Sequence[Row]) -> None:
    """Log a finished run at a tracker.

    It gets the primary values, each value with its n, standard error and protocol, the printed tables, the residuals by layer
    and a training's losses as curves, a table of pictures before and after with their per-sample scores, the grid, and the
    edit's files.

    ``tracker.num_images`` bounds the table of pictures; 0 logs neither pictures nor the grid.

    Of a sensitive run (``results.sensitive``: the concepts are nudity) no picture is logged, the blurred grid neither, and no
    prompt or concept of one: only ids, seeds, roles and scores; of other runs the rows are left out whose prompt names nudity.
    ``tracker.log_sensitive`` logs all. The edit's files go along in every case: they hold weights, names of concepts, and the
    sentences that the edit was built from.

    Args:
        run_dir: the run's folder, with images, samples and edit in it.
        rows: its work list.
    """
    if cfg.name == "none":
        return
    from erasepro.edit.own_files import CARD, FACTS, TENSORS

    may_quote = cfg.log_sensitive or not results.sensitive
    shown = cfg.num_images > 0 and may_quote
    tracker.log_summary(flat(results))
    header = [f.name for f in fields(Value)]
    tracker.log_table("tables/values", header, [astuple(value) for value in results.values])
    for name, table in name_tables(tables(results)):
        if table.title == WORST and not may_quote:
            continue  # a file's concept column may be its prompts
        texts = [tuple(map(str, row)) for row in table.rows]  # a tracker may tell types apart by their names
        tracker.log_table(f"tables/{name}", table.header, texts)
    tracker.log_curves("layers", AXIS, layer_curves(results.edit.get("diagnostics", [])))
    losses = read_curve(run_dir / TRAINING / CURVE)
    if losses:
        tracker.log_curves("training", STEP, losses)
    chosen = spread(rows if results.sensitive or cfg.log_sensitive else presentable(rows), cfg.num_images)
    if chosen:
        tracker.log_table("before_after", *before_after(chosen, run_dir / "images", _samples(run_dir), shown=shown))
    if shown and (run_dir / "grid.png").is_file():
        tracker.log_image("grid", run_dir / "grid.png")
    files = [run_dir / "edit" / name for name in (TENSORS, FACTS, CARD)]
    if all(file.is_file() for file in files):
        tracker.log_files(f"edit-{run_dir.name}", "edit", files, edit_facts(results))


def edit_facts(results: Results) -> dict[str, Any]:
    """What is known of an edit without opening it: hash, model, solver, concept pairs, residuals."""
    meta = results.edit.get("meta", {})
    return {
        "hash": results.hashes.get("edit"),
        "model": meta.get("model", {}).get("name"),
        "weights_hash": results.hashes.get("weights"),
        "solver": meta.get("solver"),
        "pairs": meta.get("concepts", {}).get("pairs"),
        "residuals": {k: v for k, v in results.residuals.items() if not isinstance(v, dict)},
        "signature": results.signature,
    }


def _samples(run_dir: Path) -> list[dict[str, Any]]:
    """The run's per-sample rows; none where nothing was scored. A damaged file is the report's to tell of."""
    try:
        return read_samples(run_dir)
    except (FileNotFoundError, ValueError):
        return []
