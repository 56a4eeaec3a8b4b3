"""``erasepro edit``: an edit made from a checkpoint's text encoders and edited layers alone, the denoiser never loaded."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erasepro.concepts.load import load_concepts
from erasepro.edit.meta import at_full_strength
from erasepro.edit.prompt_record import prompt_facts
from erasepro.models.features.statistics_store import open_statistics
from erasepro.models.load import load_model, load_skeleton
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import check_sentences, make_edit_prompts
from erasepro.report.heading import format_pairs, format_sentences
from erasepro.report.layers import held_out_warnings, ineffective_edit_warning, layer_table
from erasepro.results.edit_residuals import is_fitted
from erasepro.results.training_curve import CURVE, TRAINING
from erasepro.runs.erase import check_measured
from erasepro.runs.spec import RunSpec
from erasepro.runtime.meter import Meter
from erasepro.runtime.quiet import quiet
from erasepro.runtime.terminal import terminal_width, wrapped
from erasepro.solvers import make_solver
from erasepro.solvers.memory import check_memory
from erasepro.solvers.training.checkpoint import close_training

if TYPE_CHECKING:
    from erasepro.edit import Edit
    from erasepro.models.skeleton import Skeleton


def make_edit(spec: RunSpec, folder: Path, force: bool = False) -> Edit:
    """Solve for an edit from the checkpoint on disk, save the edit in the folder, print what was read and done.

    ``force``: files in the folder that no edit wrote are replaced where an edit has the same names.
    """
    quiet()
    concepts = load_concepts(spec.concepts, spec.vocabulary)
    check_sentences(concepts, spec.sentences)
    solver = make_solver(spec.solver)
    solver.statistics = open_statistics(spec.statistics, spec.statistics_limit)
    solver.folder = folder / TRAINING
    pairs = [[p.target, p.anchor] for p in concepts.pairs]
    print(f"{format_pairs(pairs)} · {spec.model.name} · {spec.stored['method']}", flush=True)
    if concepts.left_out:
        print(concepts.left_out_line, flush=True)
    start = time.perf_counter()
    with Meter() as meter:
        model = load_model(spec.model) if solver.needs_denoiser else load_skeleton(spec.model)
        loaded = time.perf_counter()
        edit_prompts = make_edit_prompts(concepts, spec.sentences, read_lexicon(model.pipe))
        memory_line = check_memory(solver, model.pipe, edit_prompts)
        work = solver.work(edit_prompts)
        lines = [format_sentences(prompt_facts(edit_prompts)), f"The solver {work}." if work else "", memory_line]
        for line in filter(None, lines):
            print(wrapped(line, terminal_width()), flush=True)
        edit = solver.solve(model, edit_prompts).scale(spec.strength)
        solved = time.perf_counter()
    check_measured(edit.residuals, spec.model.name)
    edit.save(folder, force)
    close_training(folder / TRAINING)
    print()
    for table in layer_table(edit.diagnostics):
        print(table.text())
    residuals = edit.residuals
    if residuals:
        caution = ineffective_edit_warning(
            residuals.get("all"), residuals.get("before"), "the sentences it was built from"
        )
        lines = [
            *_fit_lines(residuals),
            *_held_out_lines(residuals.get("held_out") or {}),
            *filter(None, [at_full_strength(edit.strength), caution, *held_out_warnings(residuals)]),
        ]
        print("\n".join(wrapped(line, terminal_width()) for line in lines))
    if "training" in edit.meta:
        print(f"Losses of the {edit.meta['training']['steps']:,} steps: {folder / TRAINING / CURVE}")
    for line in read_sizes(model.pipe):
        print(line)
    record = meter.record()
    size = sum(path.stat().st_size for path in folder.glob("edit.*"))
    print(
        f"Seconds: configs and tokenizers {loaded - start:.1f}, solve {solved - loaded:.1f}; peak memory "
        f"{record['peak_mib']:.0f} MiB.\nEdit: {folder} ({size / 2**20:.1f} MiB)"
    )
    return edit


def _fit_lines(residuals: Mapping[str, Any]) -> list[str]:
    """What the fit left on its own columns; nothing of a method that has none."""
    if not is_fitted(residuals):
        return []
    exact, held = ("", "exactly constrained") if residuals["exact"] else (" (not exact)", "selected")
    return [
        f"Relative residual, worst site: {residuals['selected']:.1e}{exact} over the {residuals['selected_share']:.2%} of "
        f"columns that are {held}, {residuals['all']:.2g} over all ({residuals['before']:.2g} before)."
    ]


def _held_out_lines(held: Mapping[str, Any]) -> list[str]:
    """What an edit does on sentences that were held out, a line a kind that there is."""
    lines = []
    if "residual" in held:
        lines.append(
            f"Held out, end to end: residual {held['residual']:.2g} on {held['pairs']} sentences never fitted "
            f"({held['residual_before']:.2g} before)."
        )
    kinds = (("drift", "words never preserved"), ("drift_preserved", "preserved sentences"))
    drifts = [f"{held[key]:.2g} on {what}" for key, what in kinds if key in held]
    return lines + ([f"Drift, end to end: {', '.join(drifts)}."] if drifts else [])


def read_sizes(pipe: Skeleton) -> list[str]:
    """A line for each component: how many MiB of its weights were read, those read in several passes counted in each."""
    if not hasattr(pipe, "checkpoints"):  # model=tiny lies on no disk
        return []
    return [
        f"Read of {name}: {pipe.checkpoints[name].read / 2**20:.1f} MiB over all passes; on disk "
        f"{pipe.checkpoints[name].size / 2**20:.1f} MiB."
        for name in pipe.checkpoints
    ]
