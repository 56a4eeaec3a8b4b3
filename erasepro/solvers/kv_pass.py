"""All cross-attention keys and values: each site's update, and what it does to the columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from erasepro.closed_form import Solution, Update, share
from erasepro.models.columns import PairColumns
from erasepro.models.sites import Site, module

from .fit import check_finite, finite, share_left, worst_dropped

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
        weight = module(pipe, site).weight
        check_finite(weight, site.name)
        W = weight.to(X)
        solution = solve(site, W)
        update = solution.update
        new = update.apply_to(W).to(weight.dtype).to(X)
        V, WX, kept = W @ Y, new @ X, solution.kept
        updates[site.name] = update
        entries.append(
            {
                "site": site.name,
                "kind": site.kind,
                "depth": site.depth,
                "residual_before": share_left(W @ X, V),
                "residual_after_selected": share_left(WX[:, kept], V[:, kept]),
                "residual_after_all": share_left(WX, V),
                "delta_norm": float((new - W).norm() / W.norm()),
                "rank": update.rank,
                "condition": finite(solution.condition),
                "columns": len(columns),
                "selected": len(kept),
                "dropped": worst_dropped(solution, columns.labels),
                "gap": gap,
            }
        )
    return updates, entries
