"""The one pass through the text encoder: read both streams, solve, replace, carry on.

Streams: X the target prompts through the edited copy, Y the anchor prompts through the original, O the target prompts
through the original (schedules that do not re-read), K the captions to preserve through the original.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from erasepro.closed_form import Solution, Statistics, Update
from erasepro.models.columns import PairColumns
from erasepro.models.features import Columns, Reading, Stream, TextLayers
from erasepro.models.sites import Site
from erasepro.schedules import Schedule, SiteView

from .fit import check_finite, finite, share_left, worst_dropped

Fitter = Callable[[Tensor, Tensor, Statistics | None], Solution]
"""(X (d_in, n), R (d_out, n), statistics of the features to preserve) → the site's update."""


@dataclass
class Streams:
    """The streams at the same block. O is None when X is re-read everywhere; K when nothing is preserved by its Gram matrix."""

    X: Stream
    Y: Stream
    O: Stream | None
    K: Stream | None

    def advance(self, block: int) -> None:
        for stream in (self.X, self.Y, self.O, self.K):
            if stream is not None:
                stream.advance(block)


@dataclass
class TextResult:
    """What the pass hands on."""

    updates: dict[str, Update] = field(default_factory=dict)
    diagnostics: list[dict[str, Any]] = field(default_factory=list)


@torch.no_grad()
def text_pass(
    streams: Streams,
    sites: list[Site],
    columns: PairColumns,
    schedule: Schedule,
    solve: Fitter,
    kept_weights: Tensor | None,
    dtype: torch.dtype,
) -> TextResult:
    """Solve the sites in order and carry every stream to the end of the encoder.

    Args:
        sites: shallow → deep, already restricted to the schedule's blocks.
        columns: the constrained columns of the target's and the anchor's prompts.
        solve: one site's solve.
        kept_weights: ω of K's columns (for K Kᵀ).
        dtype: the pipeline's; each edited weight is rounded to it at once: later layers see what will be applied.
    """
    result = TextResult()
    original, edited = streams.Y.layers, streams.X.layers
    step = 0
    last_block = max((s.depth for s in sites), default=-1)
    final_anchor: list[Tensor] = []

    def final_gap(block: int) -> Tensor:
        if not final_anchor:
            final_anchor.append(columns.anchor.gather(streams.Y.through(range(block, last_block + 1))))
        return final_anchor[0] - columns.target.gather(streams.X.through(range(block, last_block + 1)))

    for block in range(len(original.blocks)):
        here = [s for s in sites if s.depth == block]
        for site in here:
            step += 1
            W = original.linear(block, site.kind).weight
            check_finite(W, site.name)
            source = streams.X if schedule.reread or streams.O is None else streams.O
            x: Reading = source.read(block, site.kind, columns.target)
            y: Reading = streams.Y.read(block, site.kind, columns.anchor)
            gap = lambda at=block: final_gap(at)  # noqa: E731  (binds the block)
            view = SiteView(
                site.kind, step, len(sites), W, x.inputs, y.inputs,
                x.state_after(site.kind), y.state_after(site.kind), gap,
            )  # fmt: skip
            R = schedule.residual(view)
            solution = solve(x.inputs, R, _gram(streams.K, site, W.shape[1], kept_weights))
            new = solution.update.apply_to(W).to(dtype).to(W.dtype)
            edited.linear(block, site.kind).weight.copy_(new)
            result.updates[site.name] = solution.update
            V, WX, kept = W @ x.inputs + R, new @ x.inputs, solution.kept
            result.diagnostics.append(
                {
                    "site": site.name,
                    "kind": site.kind,
                    "depth": site.depth,
                    "residual_before": share_left(V - R, V),
                    "residual_after_selected": share_left(WX[:, kept], V[:, kept]),
                    "residual_after_all": share_left(WX, V),
                    "delta_norm": float((new - W).norm() / W.norm()),
                    "rank": solution.update.rank,
                    "condition": finite(solution.condition),
                    "columns": len(columns),
                    "selected": len(kept),
                    "dropped": worst_dropped(solution, columns.labels),
                }
            )
        streams.advance(block)
        if here:
            gap_after = share_left(columns.target.gather(streams.X.h), columns.anchor.gather(streams.Y.h))
            for entry in result.diagnostics[-len(here) :]:
                entry["gap"] = gap_after
    return result


def _gram(K: Stream | None, site: Site, d: int, weights: Tensor | None) -> Statistics | None:
    if K is None:
        return None
    gram = Statistics(d)

    def add(part: Tensor, mine: Tensor) -> None:
        gram.update(part, weights=None if weights is None else weights[mine])

    K.visit(site.depth, site.kind, add)
    return gram


def length_of(*columns: Columns) -> int:
    """Leading tokens that must be encoded for all of these columns."""
    return max(c.length for c in columns)


def open_streams(
    layers: TextLayers, kept_layers: TextLayers, ids: tuple[Tensor, Tensor, Tensor],
    sets: list[tuple[Columns, Columns]], kept: Columns | None, reread: bool, batch: int,
) -> Streams:  # fmt: skip
    """Streams over (target, anchor, preserve) ids, each cut after its last needed token (causal attention)."""
    x, y, k = ids
    cut_x, cut_y = length_of(*(t for t, _ in sets)), length_of(*(a for _, a in sets))
    return Streams(
        Stream(layers.twin(), x[:, :cut_x], sets[0][0], batch),
        Stream(layers, y[:, :cut_y], sets[0][1], batch, frozen=True),
        None if reread else Stream(layers, x[:, :cut_x], sets[0][0], batch, frozen=True),
        Stream(kept_layers, k[:, : kept.length], kept, batch, True) if kept is not None and len(kept) else None,
    )
