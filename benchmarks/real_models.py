"""Editing full-size models from disk: peak memory and bytes read, beside loading the pipeline the usual way.

    python benchmarks/real_models.py FOLDER [MODEL ...] [--threads 1] [--write]

MODEL: sd14 sdxl pixart_sigma (all where none are given). Each is written into FOLDER once (real configs, random weights:
4, 7 and 11 GB); each row is a process of its own. The table is printed; --write puts it into benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from closed_form import write as write_table
from write_model import configs, weights

DTYPES = {"sd14": torch.float32, "sdxl": torch.float16, "pixart_sigma": torch.bfloat16}
LIMITS = {"sd14": "≤ 1,500", "sdxl": "≤ 5,000", "pixart_sigma": "≤ 3,000 + one block (386)"}
SOLVERS = {"sd14": ("uce", "erasepro"), "sdxl": ("uce", "erasepro"), "pixart_sigma": ("uce", "erasepro")}
FEWER = {
    "pixart_sigma": ["solver.cross_attention_fit.preserve.captions=8"]
}  # T5-XXL on a CPU: 600 captions take half an hour
PAIR = "concepts.pairs=[[dog,cat]]"

WHOLE = """
import sys, resource, time
import diffusers, transformers, torch, erasepro
from erasepro.models.base import Model
from erasepro.models.skeleton import Skeleton
start = time.perf_counter()
pipe, skeleton = sys.argv[1], Skeleton(sys.argv[1], weights=False)
for name, part in skeleton.components.items():
    if part is not None:
        setattr(skeleton, name, type(part).from_pretrained(f"{pipe}/{name}", dtype=getattr(torch, sys.argv[2])))
loaded = time.perf_counter()
erasepro.erase(Model(skeleton, "x", "x", ""), {"dog": "cat"}, solver="uce")
print("ROW", loaded - start, time.perf_counter() - loaded, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def whole(folder: Path, name: str, env: dict[str, str]) -> dict[str, Any]:
    """Text encoders and denoiser loaded with from_pretrained, then the same solve (uce)."""
    call = [sys.executable, "-W", "ignore", "-c", WHOLE, str(folder), str(DTYPES[name]).removeprefix("torch.")]
    done = subprocess.run(call, capture_output=True, text=True, env=env, check=True)
    load, solve, peak = map(float, re.search(r"ROW (.*)", done.stdout)[1].split())  # type: ignore[index]
    size = sum(p.stat().st_size for p in folder.glob("*/*.safetensors")) / 2**20
    return {"load": load, "solve": solve, "peak": peak, "text": None, "denoiser": None, "read": size, "edit": None}


def surgical(folder: Path, name: str, solver: str, env: dict[str, str]) -> dict[str, Any]:
    """`erasepro edit`, and what it says it read."""
    out = folder.parent / f"edit-{name}-{solver}"
    call = [sys.executable, "-m", "erasepro", "edit", f"model={name}", f"model.source={folder}", "model.variant=null", PAIR,
            f"solver={solver}", f"out={out}", "force=true", *(FEWER.get(name, []) if solver == "erasepro" else [])]  # fmt: skip
    done = subprocess.run(call, capture_output=True, text=True, env=env, check=True)
    load, solve, peak = re.search(r"tokenizers ([\d.]+), solve ([\d.]+); peak memory (\d+)", done.stdout).groups()  # type: ignore[union-attr]
    reads = {part: float(mib) for part, mib in re.findall(r"Read of (\w+): ([\d.]+) MiB", done.stdout)}
    text = sum(mib for part, mib in reads.items() if part.startswith("text"))
    size = sum(p.stat().st_size for p in out.glob("edit.*")) / 2**20
    return {
        "load": float(load), "solve": float(solve), "peak": float(peak), "text": text,
        "denoiser": sum(reads.values()) - text, "read": sum(reads.values()), "edit": size,
    }  # fmt: skip


def table(rows: list[tuple[str, str, dict[str, Any]]], threads: int) -> str:
    lines = [
        "| model | row | load s | solve s | peak MiB | limit | MiB read: text encoders | denoiser | edit MiB |",
        "|:--|:--|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, row, r in rows:
        cells = [f"{r[k]:,.1f}" if r[k] is not None else "–" for k in ("text", "denoiser", "edit")]
        if r["text"] is None:
            cells[0] = f"{r['read']:,.0f} in all"
        limit = LIMITS[name] if row != "loaded whole" else "–"
        lines.append(
            f"| {name} | {row} | {r['load']:.1f} | {r['solve']:.1f} | {r['peak']:,.0f} | {limit} | {' | '.join(cells)} |"
        )
    dtypes = ", ".join(f"{k} {str(v).removeprefix('torch.')}" for k, v in DTYPES.items())
    return "\n".join([*lines, "", f"{threads} thread(s), torch {torch.__version__.split('+')[0]}; stored as {dtypes}."])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("model", nargs="*", default=list(DTYPES))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    a = parser.parse_args()
    unknown = [name for name in a.model if name not in DTYPES]
    if unknown:
        parser.error(f"unknown model {unknown[0]!r}; known: {', '.join(DTYPES)}")
    env = {**os.environ, "OMP_NUM_THREADS": str(a.threads), "HF_HUB_OFFLINE": "1"}
    rows = []
    for name in a.model:
        folder = a.folder.absolute() / name
        if not (folder / "written.json").exists():
            configs(name, folder)
            (folder / "written.json").write_text(json.dumps({"bytes": weights(name, folder, DTYPES[name])}))
        found = [(f"erasepro edit, {solver}", surgical(folder, name, solver, env)) for solver in SOLVERS[name]]
        found.append(("loaded whole", whole(folder, name, env)))
        rows += [(name, row, figures) for row, figures in found]
        print(*(f"{name}  {row}: {figures}" for row, figures in found), sep="\n", file=sys.stderr, flush=True)
    print(table(rows, a.threads))
    if a.write:
        write_table("real_models", table(rows, a.threads))
        print("Written into benchmarks/README.md.")


if __name__ == "__main__":
    main()
