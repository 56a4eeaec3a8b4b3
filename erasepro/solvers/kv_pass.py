"""All cross-attention keys and values from one factorisation (they read the same features)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from erasepro.closed_form import Cost, Update, share
from erasepro.models.columns import PairColumns
from erasepro.models.sites import Site, module

from .fit import FitConfig, fit, share_left, worst_dropped


@torch.no_grad()
def kv_pass(
    pipe: Any, sites: list[Site], X: Tensor, Y: Tensor, columns: PairColumns, cfg: FitConfig, C: Cost
) -> tuple[dict[str, Update], list[dict[str, Any]]]:
    """W = W_o (I + D) with D = (Y − X) G⁺ Xᵀ C⁻¹ for every site; X, Y (d_in, n) are the U-Net's text features.

    Returns the updates (all sharing one `down`) and a diagnostics entry a site.
    """
    solution = fit(cfg, X, Y - X, C, columns.per_concept(), columns.labels)
    gap = share_left(X, Y)
    dropped = worst_dropped(solution, columns.labels)
    updates, entries = {}, []
    for site in sites:
        weight = module(pipe, site).weight
        W = weight.to(X)
        update = share(solution.update, W)
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
                "condition": solution.condition,
                "columns": len(columns),
                "selected": len(kept),
                "dropped": dropped,
                "gap": gap,
            }
        )
    return updates, entries
