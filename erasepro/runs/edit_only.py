"""``erasepro edit``: an edit made from a checkpoint's text encoders and edited layers alone, the denoiser never loaded."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from erasepro.concepts.load import load_concepts
from erasepro.config.schema import ConceptsConfig, ModelConfig
from erasepro.config.typed import to_object
from erasepro.models.load import load_skeleton
from erasepro.prompts.build_set import build_set
from erasepro.report.heading import told_pairs
from erasepro.report.layers import doubt, layer_table
from erasepro.runtime.meter import Meter
from erasepro.runtime.quiet import quiet
from erasepro.solvers import make_solver

if TYPE_CHECKING:
    from erasepro.edit import Edit
    from erasepro.models.skeleton import Skeleton


def make_edit(cfg: DictConfig, folder: Path) -> Edit:
    """Solve a composed config from the checkpoint on disk, save the edit in the folder, print what was read and done."""

    quiet()
    model_cfg = to_object(cfg.model, ModelConfig)
    vocabulary = "miniature" if model_cfg.kind == "miniature" else "open"
    concepts = load_concepts(to_object(cfg.concepts, ConceptsConfig), vocabulary)
    build = build_set(concepts, cfg.templates)
    solver = make_solver(cfg.solver.name, cfg.solver)
    pairs = [[p.target, p.anchor] for p in concepts.pairs]
    print(f"{told_pairs(pairs)} · {model_cfg.name} · {cfg.solver.name}", flush=True)
    start = time.perf_counter()
    with Meter() as meter:
        model = load_skeleton(model_cfg)
        loaded = time.perf_counter()
        edit = solver.solve(model, build)
        solved = time.perf_counter()
    edit.save(folder)
    print()
    for table in layer_table(edit.diagnostics):
        print(table.text())
    told = edit.residuals
    if told:
        exact = "" if told["exact"] else " (not exact)"
        print(
            f"Relative residual, worst site: {told['selected']:.1e}{exact} over the {told['selected_share']:.0%} of columns "
            f"that are selected, {told['all']:.2g} over all ({told['before']:.2g} before)."
        )
        caution = doubt(told["all"], told["before"], "the sentences it was built from")
        if caution:
            print(caution)
    for line in told_reads(model.pipe):
        print(line)
    record = meter.record()
    size = sum(path.stat().st_size for path in folder.glob("edit.*"))
    print(
        f"Seconds: configs and tokenizers {loaded - start:.1f}, solve {solved - loaded:.1f}; peak memory "
        f"{record['peak_mib']:.0f} MiB.\nEdit: {folder} ({size / 2**20:.1f} MiB)"
    )
    return edit


def told_reads(pipe: Skeleton) -> list[str]:
    """For each part, how much of its weights was read."""
    if not hasattr(pipe, "checkpoints"):  # model=tiny lies on no disk
        return []
    return [
        f"Read of {name}: {pipe.checkpoints[name].read / 2**20:.1f} of {pipe.checkpoints[name].size / 2**20:.1f} MiB."
        for name in pipe.checkpoints
    ]
