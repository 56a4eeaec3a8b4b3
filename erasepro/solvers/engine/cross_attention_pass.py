"""All cross-attention keys and values: each site's update, and what it does to the columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from erasepro.linalg import Solution, Update, share
from erasepro.models.features.columns import PairColumns
from erasepro.models.sites import Site, weight
from erasepro.solvers.engine.fit import check_finite, finite, share_left, worst_dropped

BLOCK = 1024  # columns measured at a time
SiteSolver = Callable[[Site, Tensor], Solution]
"""(site, its weight W_o (d_out, d_in) in float64) → the solution whose update belongs to that site."""


def shared(D: Solution) -> SiteSolver:
    """W = W_o (I + D) at every site: one factorisation serves them all, and they share its `down`."""
    return lambda site, W: dataclasses.replace(D, update=share(D.update, W))


@torch.no_grad()
def kv_pass(
    pipe: Any, sites: list[Site], X: Tensor, Y: Tensor, columns: PairColumns, solve: SiteSolver
) -> tuple[dict[str, Update], list[dict[str, Any]]]:
    """Updates and a diagnostics entry a site; X, Y (d_in, n) are the U-Net's text features, V = W_o Y what is wanted."""
    gap = share_left(X, Y)
    updates, entries = {}, []
    for site in sites:
        held = weight(pipe, site.name)
        check_finite(held, site.name)
        W = held.to(X.device, torch.float64)
        solution = solve(site, W)
        update = solution.update
        new = update.apply_to(W).to(held.dtype).to(W)
        updates[site.name] = update
        entries.append(
            {
                "site": site.name,
                "kind": site.kind,
                "depth": site.depth,
                **_measure(*((W, new) if solution.exact else (W.float(), new.float())), X, Y, solution.kept),
                "delta_norm": float((new - W).norm() / W.norm()),
                "rank": update.rank,
                "condition": finite(solution.condition),
                "columns": len(columns),
                "selected": len(solution.kept),
                "exact": solution.exact,
                "dropped": worst_dropped(solution, columns.labels),
                "kept": solution.kept.tolist(),
                "gap": gap,
            }
        )
    return updates, entries


def _measure(W: Tensor, new: Tensor, X: Tensor, Y: Tensor, kept: Tensor) -> dict[str, float]:
    """Relative residuals before, over the kept columns and over all; a block of columns at a time."""
    chosen = torch.zeros(X.shape[1], dtype=torch.bool, device=X.device)
    chosen[kept.to(X.device)] = True
    before, after, size = (torch.zeros(X.shape[1], dtype=torch.float64, device=X.device) for _ in range(3))
    for at in torch.arange(X.shape[1], device=X.device).split(BLOCK):
        x, y = X[:, at].to(W), Y[:, at].to(W)
        V = W @ y
        for out, part in ((before, W @ x - V), (after, new @ x - V), (size, V)):
            out[at] = part.pow(2).sum(dim=0).double()
    share = lambda off, part: float(off[part].sum().sqrt() / size[part].sum().sqrt().clamp_min(1e-300))  # noqa: E731
    every = torch.ones_like(chosen)
    return {
        "residual_before": share(before, every),
        "residual_after_selected": share(after, chosen),
        "residual_after_all": share(after, every),
    }
