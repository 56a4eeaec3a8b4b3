"""``erasepro edit``: an edit made from a checkpoint's text encoders and edited layers alone, the denoiser never loaded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from erasepro.errors import UserError

if TYPE_CHECKING:
    from erasepro.edit import Edit
    from erasepro.models.skeleton import Skeleton

FACTS = "edit.json"
KEYS = ("out", "force")
"""What the verb takes beside the config's keys."""


def edit_command(words: Sequence[str]) -> int:
    """``erasepro edit [group=option] [key=value] … [out=FOLDER] [force=true]``: solve, save, print what was done."""
    from erasepro.config import compose

    own = dict(word.split("=", 1) for word in words if word.split("=", 1)[0] in KEYS and "=" in word)
    if own.get("force", "false") not in ("true", "false"):
        raise UserError(f"Bad value for 'force': got {own['force']!r}, allowed: true, false.")
    cfg = compose([word for word in words if word.split("=", 1)[0] not in KEYS])
    folder = Path(own["out"]).expanduser() if own.get("out") else Path(cfg.outputs.dir) / f"{cfg.name}-edit"
    if (folder / FACTS).exists() and own.get("force") != "true":
        raise UserError(
            f"{str(folder)!r} holds an edit already: choose another out=FOLDER, or add force=true to replace it."
        )
    _writable(folder)
    make_edit(cfg, folder)
    return 0


def make_edit(cfg: DictConfig, folder: Path) -> Edit:
    """Solve a composed config from the checkpoint on disk, save the edit in the folder, print what was read and done."""
    from erasepro.concepts.build import build_set
    from erasepro.concepts.load import load_concepts
    from erasepro.config import to_object
    from erasepro.meter import Meter
    from erasepro.models.load import load_skeleton, model_config
    from erasepro.runner import quiet
    from erasepro.schema import ConceptsConfig
    from erasepro.solvers import make_solver
    from erasepro.summary import doubt, layer_table, told_pairs

    quiet()
    model_cfg = model_config(cfg.model)
    vocabulary = "miniature" if model_cfg.kind == "miniature" else "open"
    concepts = load_concepts(to_object(cfg.concepts, ConceptsConfig), vocabulary)
    build = build_set(concepts, cfg.templates)
    solver = make_solver(cfg.solver)
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


def _writable(folder: Path) -> None:
    """Raise now what saving would raise after the work: a file in the folder's place, or no right to write."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]  # deepest first
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".write-test"
    probe.write_bytes(b"")
    probe.unlink()
    for path in made:  # nothing is left behind by a mistake that shows later
        path.rmdir()
