"""What the sentences of an edit cost at full size: the same pair solved with few preserved sentences, and with the default.

    python benchmarks/sentences.py [FOLDER] [--model sd14|sdxl ...] [--threads 2] [--write]

sd14 is made in memory (text encoder, keys and values; random weights). sdxl is written into FOLDER once (7 GB) and read as a
skeleton. Each row is a process of its own. The table is printed; --write puts it into benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from closed_form import write as write_table
from full_size import sd14
from real_models import DTYPES
from write_model import configs, weights

from erasepro.concepts.load import load_concepts
from erasepro.config.schema import ConceptsConfig, ModelConfig, TemplatesConfig
from erasepro.models.base import Model
from erasepro.models.features.statistics_store import open_statistics
from erasepro.models.load import load_skeleton
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.solvers import make_solver

LIMIT = {"sd14": 60.0}
"""Seconds that the sentences may add, on two cores."""
FEW = 16


def load(name: str, folder: Path | None) -> Model:
    if name == "sd14":
        return sd14()
    assert folder is not None
    target = folder.absolute() / name
    if not (target / "written.json").exists():
        configs(name, target)
        (target / "written.json").write_text(json.dumps({"bytes": weights(name, target, DTYPES[name])}))
    return load_skeleton(ModelConfig(name=name, source=str(target), variant=None))


def row(name: str, folder: Path | None, count: int, solver: str) -> dict[str, Any]:
    """Seconds of each stage, once and again, and the process's peak memory."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    model = load(name, folder)
    concepts = load_concepts(ConceptsConfig(pairs=[["dog", "cat"]]))
    seconds: dict[str, float] = {}
    for turn in ("once", "again"):
        start = time.perf_counter()
        prompts = make_edit_prompts(concepts, TemplatesConfig(preserve_count=count), read_lexicon(model.pipe))
        seconds[f"make {turn}"] = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as kept:
        for turn in ("solve", "solve again"):  # again: the sums of the preserved sentences are read from the disk
            made = make_solver(solver)
            made.statistics = open_statistics(kept)
            start = time.perf_counter()
            made.solve(model, prompts)
            seconds[turn] = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**seconds, "fitted": len(prompts.pairs), "preserved": len(prompts.preserve), "peak": peak}


def table(rows: list[tuple[str, str, dict[str, Any]]], threads: int) -> str:
    lines = [
        "| model | solver | fitted | preserved | make s, once | again | solve s | again | more than with few s | limit s "
        "| peak MiB |",
        "|:--|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    few: dict[tuple[str, str], float] = {}
    for name, solver, r in rows:
        base = few.setdefault((name, solver), r["make once"] + r["solve"])
        more = r["make once"] + r["solve"] - base
        limit = LIMIT.get(name) if solver == "erasepro" and more else None
        cells = [f"{r[key]:.1f}" for key in ("make once", "make again", "solve", "solve again")]
        cells += [f"{more:.1f}" if more else "–", f"≤ {limit:.0f}" if limit else "–", f"{r['peak']:,.0f}"]
        lines.append(f"| {name} | {solver} | {r['fitted']:,} | {r['preserved']:,} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"{threads} thread(s), torch {torch.__version__.split('+')[0]}, one run a row."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--model", nargs="+", default=["sd14"], choices=["sd14", "sdxl"])
    parser.add_argument("--solver", nargs="+", default=["uce", "erasepro"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    parser.add_argument("--row", nargs=3, help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.row:
        print("ROW", json.dumps(row(a.row[0], a.folder, int(a.row[1]), a.row[2])))
        return
    if "sdxl" in a.model and a.folder is None:
        parser.error("sdxl is written into a folder (7 GB): name one")
    env = {**os.environ, "OMP_NUM_THREADS": str(a.threads), "HF_HUB_OFFLINE": "1"}
    rows = []
    for name in a.model:
        for solver in a.solver:
            for count in (FEW, TemplatesConfig().preserve_count):
                folder = [str(a.folder)] if a.folder else []
                call = [sys.executable, __file__, *folder, "--row", name, str(count), solver]
                done = subprocess.run(call, stdout=subprocess.PIPE, text=True, env=env, check=True)
                rows.append((name, solver, json.loads(done.stdout.rpartition("ROW ")[2])))
                print(*rows[-1], file=sys.stderr, flush=True)
    print(table(rows, a.threads))
    if a.write:
        write_table("sentences", table(rows, a.threads))
        print("Written into benchmarks/README.md.")


if __name__ == "__main__":
    main()
