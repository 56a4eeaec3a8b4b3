"""All linears that read the encoders' features: each one's update, and what it does to the columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from erasepro.linalg import Solution, compose_with_weight
from erasepro.models.features.columns import PairColumns
from erasepro.models.sites import Site, weight
from erasepro.solvers.engine.fit import check_finite, share_left
from erasepro.solvers.engine.solved_sites import SolvedSites, site_entry

BLOCK = 1024  # columns measured at a time
SiteSolver = Callable[[Site, Tensor], Solution]
"""(site, its weight W_o (d_out, d_in) in float64) → the solution whose update belongs to that site."""


def by_input_map(D: Solution) -> SiteSolver:
    """W = W_o (I + D) at every site: one factorisation serves them all, and they share its `down`."""
    return lambda site, W: dataclasses.replace(
        D, update=compose_with_weight(D.update, W), input_map=D.update
    )


@torch.no_grad()
def replace_readers(
    pipe: Any, sites: list[Site], X: Tensor, Y: Tensor, columns: PairColumns, solve: SiteSolver, solved: SolvedSites
) -> None:
    """Solve every site and record it; X, Y (d_in, n) are the features that the sites read, V = W_o Y what is wanted.

    Raises:
        UserError: a weight with NaN or infinity.
        ValueError: what `solve` raises, or what it gives is no Solution for that site.
    """
    gap = share_left(X, Y)
    for site in sites:
        stored = weight(pipe, site.name)
        check_finite(stored, site.name)
        W_o = stored.to(X.device, torch.float64)
        solution = solve(site, W_o)
        if not isinstance(solution, Solution) or solution.update.shape != tuple(W_o.shape):
            is_solution = isinstance(solution, Solution)
            what = f"an update of shape {solution.update.shape}" if is_solution else f"a {type(solution).__name__}"
            raise ValueError(f"it gives {what} for '{site.name}', not a Solution of shape {tuple(W_o.shape)}")
        W = solution.update.apply_to(W_o).to(stored.dtype).to(W_o)
        exact = (W_o, W) if solution.exact else (W_o.float(), W.float())
        entry = site_entry(site, W_o, W, solution, columns.labels, _residuals(*exact, X, Y, solution.selected))
        solved.add(site, solution, entry | {"gap": gap})


def _residuals(W_o: Tensor, W: Tensor, X: Tensor, Y: Tensor, selected: Tensor) -> dict[str, float]:
    """Relative residuals before, over the selected columns and over all; a block of columns at a time."""
    chosen = torch.zeros(X.shape[1], dtype=torch.bool, device=X.device)
    chosen[selected.to(X.device)] = True
    before, after, size = (torch.zeros(X.shape[1], dtype=torch.float64, device=X.device) for _ in range(3))
    for at in torch.arange(X.shape[1], device=X.device).split(BLOCK):
        x, y = X[:, at].to(W_o), Y[:, at].to(W_o)
        V = W_o @ y
        for out, part in ((before, W_o @ x - V), (after, W @ x - V), (size, V)):
            out[at] = part.pow(2).sum(dim=0).double()
    share = lambda off, part: float(off[part].sum().sqrt() / size[part].sum().sqrt().clamp_min(1e-300))  # noqa: E731
    every = torch.ones_like(chosen)
    return {
        "residual_before": share(before, every),
        "residual_after_selected": share(after, chosen),
        "residual_after_all": share(after, every),
    }
