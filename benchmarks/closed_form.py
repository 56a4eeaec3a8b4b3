"""Closed-form erasure at Stable Diffusion 1.4's full size, against the published way of doing it.

    python benchmarks/closed_form.py [N ...] [--default N ...] [--large N ...] [--threads 2] [--write]

Per N (1 10 100 1000 where none are given): N targets, N anchors, N names to preserve, random weights, text encoding
included. Each row is a process of its own (its peak memory is its own), rows of one N run one after the other. The table is
printed (that of README.md: --large 10000 --default 1 10 100 1000); --write puts it between the markers in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from full_size import build, sd14
from torch import Tensor

from erasepro.concepts.prompt_pairs import EditPrompts
from erasepro.models.base import Model
from erasepro.models.features.columns import pair_columns, preserve_columns
from erasepro.models.features.statistics_store import open_statistics
from erasepro.models.features.streams import encode
from erasepro.models.features.text_encoder_layers import TextLayers, token_ids
from erasepro.models.sites import cross_attention_sites, module, text_sites
from erasepro.models.vocabulary import read_lexicon
from erasepro.prompts.edit_prompts import make_edit_prompts
from erasepro.runs.resolve import resolve
from erasepro.solvers import make_solver

README = Path(__file__).parent / "README.md"
FIT = {
    "hold": "columns", "unselected_weight": 0.0, "independence_threshold": 1e-4,
    "preserve": {"tokens": "last", "weights": "count"},
}  # fmt: skip
LAST_SUBJECT = {
    "name": "erasepro", "text_token_policy": "last_subject", "cross_attention_token_policy": "last_subject",
    "text_fit": FIT, "cross_attention_fit": FIT,
    "feature_dtype": "float32", "schedule": {"name": "progressive"},
}  # fmt: skip


@torch.no_grad()
def published(model: Model, made: EditPrompts) -> dict[str, float]:
    """UCE as its paper's sums are usually coded: a text at a time, a site at a time, float32, an inverse a site."""
    pipe = model.pipe

    def last_token(text: str) -> Tensor:
        ids = token_ids(pipe.tokenizer, [text])
        return pipe.text_encoder(ids)[0][0, len(pipe.tokenizer(text).input_ids) - 2]

    erase = [(last_token(p.target_prompt), last_token(p.anchor_prompt)) for p in made.pairs]
    kept = [last_token(text) for text in made.preserve]
    worst = 0.0
    for site in cross_attention_sites(pipe):
        W = module(pipe, site).weight.detach()
        left, right = 0.5 * W, 0.5 * torch.eye(W.shape[1])
        for c, guide in erase:
            left = left + torch.outer(W @ guide, c)
            right = right + torch.outer(c, c)
        for c in kept:
            left = left + torch.outer(W @ c, c)
            right = right + torch.outer(c, c)
        new = left @ torch.linalg.inv(right)
        X, V = torch.stack([c for c, _ in erase], 1), W @ torch.stack([g for _, g in erase], 1)
        worst = max(worst, float((new @ X - V).norm() / V.norm()))
    return {"residual": worst}


@torch.no_grad()
def forwards(model: Model, made: EditPrompts, with_kept: bool) -> dict[str, float]:
    """Text-encoder forwards over the tokens that the solver reads, and one read and write of the weights it edits.

    Without `with_kept`: the targets and the anchors, once each. With it: targets, anchors and preserved names, twice.
    """
    pipe, layers = model.pipe, TextLayers(model.pipe.text_encoder, torch.float32)
    columns = pair_columns(pipe.tokenizer, made.pairs, "last_subject")
    ids = [token_ids(pipe.tokenizer, [getattr(p, f"{s}_prompt") for p in made.pairs]) for s in ("target", "anchor")]
    work = [(ids[0], columns.target), (ids[1], columns.anchor)]
    if with_kept:
        kept = token_ids(pipe.tokenizer, made.preserve)
        work = 2 * [*work, (kept, preserve_columns(pipe.tokenizer, kept, "last")[0])]
    for texts, wanted in work:
        encode(layers, texts, wanted)
    for site in (*text_sites(pipe), *cross_attention_sites(pipe)):
        weight = module(pipe, site).weight
        weight.copy_(weight.clone())
    return {"residual": float("nan")}


def solver(settings: dict[str, Any]) -> Callable[[Model, EditPrompts], dict[str, float]]:
    """One of ours; the residual is the worst site's over the selected columns, after rounding to float32."""

    def run(model: Model, made: EditPrompts) -> dict[str, float]:
        edit = make_solver(settings["name"], settings).solve(model, made)
        left = edit.residuals
        exact = float(all(d["exact"] for d in edit.diagnostics))
        return {
            "residual": left["selected"],
            "all": left["all"],
            "compose_with_weight": left["selected_share"],
            "exact": exact,
        }

    return run


def default(model: Model, made: EditPrompts) -> dict[str, float]:
    """What a user gets: sentences of the tokenizer's own words; the sums of those to preserve lie in `KEPT`, or go there."""
    spec = resolve(["solver=erasepro", "model=sd14"])
    whole = make_edit_prompts(made.concepts, spec.sentences, read_lexicon(model.pipe))
    chosen = make_solver(spec.solver)
    chosen.statistics = open_statistics(os.environ[KEPT])
    left = (edit := chosen.solve(model, whole)).residuals
    exact = float(all(d["exact"] for d in edit.diagnostics))
    held = left["held_out"]["residual"]
    return {"residual": left["selected"], "all": left["all"], "held_out": held, "exact": exact}


ROWS: dict[str, tuple[str, Callable[[Model, EditPrompts], dict[str, float]]]] = {
    "published": ("UCE, published loop", published),
    "uce": ("uce", solver({"name": "uce"})),
    "erasepro": ("erasepro, `last_subject`", solver(LAST_SUBJECT)),
    "forwards": ("floor: two forwards, all texts", lambda m, b: forwards(m, b, True)),
    "strict": ("targets and anchors once", lambda m, b: forwards(m, b, False)),
    "default": ("erasepro, default", default),
    "again": ("erasepro, default, sums kept", default),
}
KEPT = "ERASEPRO_BENCHMARK_SUMS"
"""The environment's name for the folder of sums."""
OWN_SENTENCES = ("default", "again")


def work(row: str, n: int, threads: int) -> None:
    """One row in this process: a JSON line."""
    torch.set_num_threads(threads)
    model = sd14()
    made = build(n, model.pipe.tokenizer)
    if row not in OWN_SENTENCES:
        ROWS[row][1](model, build(1, model.pipe.tokenizer))  # imports and first-use costs
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    found = ROWS[row][1](model, made)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"n": n, "row": row, "seconds": seconds, "peak_mib": peak, "before_mib": before, **found}))


def measure(row: str, n: int, threads: int, kept: str = "none") -> dict[str, Any]:
    env = os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore", KEPT: kept}
    call = [sys.executable, __file__, "--row", row, str(n), "--threads", str(threads)]
    done = subprocess.run(call, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        sys.exit(f"{row} at N = {n} failed: {done.stderr.strip().splitlines()[-1]}")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    told = f"{found['seconds']:8.2f} s  {found['peak_mib']:7.0f} MiB  residual {found['residual']:.1e}"
    print(f"{n:>6}  {row:<10} {told}", flush=True)
    return found


def table(found: list[dict[str, Any]], threads: int) -> str:
    """Markdown: seconds, ratio to the published loop, to the floor, peak memory, residual."""
    lines = [
        "| N | row | seconds | of published | × floor | peak MiB | worst residual, selected | all columns |",
        "|--:|:--|--:|--:|--:|--:|--:|--:|",
    ]
    by = {(f["n"], f["row"]): f for f in found}
    for f in found:
        loop, floor = by.get((f["n"], "published")), by.get((f["n"], "forwards"))
        same_work = f["row"] not in ("published", *OWN_SENTENCES)  # the default reads sentences, not names
        of = f"1/{loop['seconds'] / f['seconds']:.1f}" if loop and same_work else "–"
        times = f"{f['seconds'] / floor['seconds']:.2f}" if floor and same_work else "–"
        left = "–" if f["residual"] != f["residual"] else f"{f['residual']:.1e}"
        left += " (not exact)" if f.get("exact") == 0 and f["row"] != "uce" else ""
        every = f"{f['all']:.1e}" if "all" in f else "–"
        row = [f"{f['n']:,}", ROWS[f["row"]][0], f"{f['seconds']:.2f}", of, times, f"{f['peak_mib']:.0f}", left, every]
        lines.append(f"| {' | '.join(row)} |")
    version = torch.__version__.split("+")[0]
    about = f"{threads} threads, Python {platform.python_version()}, torch {version}, float32 model, one run a row."
    return "\n".join([*lines, "", about])


def write(name: str, text: str) -> None:
    """Replace what stands between the README's markers of that name."""
    whole = README.read_text(encoding="utf-8")
    mark = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(re.escape(mark[0]) + ".*?" + re.escape(mark[1]), re.DOTALL)
    README.write_text(pattern.sub(lambda _: f"{mark[0]}\n{text}\n{mark[1]}", whole), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("n", nargs="*", type=int, default=[1, 10, 100, 1000])
    parser.add_argument(
        "--default", nargs="*", type=int, default=[], help="N for the default setting, without and with kept sums"
    )
    parser.add_argument("--large", nargs="*", type=int, default=[], help="N for erasepro alone (none unless given)")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--row", choices=list(ROWS), help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.row:
        work(a.row, a.n[0], a.threads)
        return
    found = [measure(row, n, a.threads) for n in a.n for row in ROWS if row not in OWN_SENTENCES]
    found += [measure("erasepro", n, a.threads) for n in a.large]
    for n in a.default:
        with tempfile.TemporaryDirectory() as kept:
            found += [measure(row, n, a.threads, kept) for row in OWN_SENTENCES]
    print(table(found, a.threads))
    if a.write:
        write("closed_form", table(found, a.threads))
        print("Written into benchmarks/README.md.")


if __name__ == "__main__":
    main()
