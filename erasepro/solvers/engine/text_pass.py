"""The one pass through the text encoder: read both streams, solve, replace, carry on.

Streams: X the target prompts through the edited copy, Y the anchor prompts through the original, O the target prompts
through the original (schedules that do not re-read), K the captions to preserve through the original. X, Y and O run
the same prompts in the same groups, so that a group's columns of both are there at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from erasepro.linalg import Solution, Statistics, Update
from erasepro.models.features.columns import PairColumns
from erasepro.models.features.layers import Columns, TextLayers
from erasepro.models.features.streams import Reading, Stream, group, lengths
from erasepro.models.sites import Site
from erasepro.schedules import Schedule, SiteView
from erasepro.solvers.engine.fit import check_finite, finite, share_left, worst_dropped


class Fitter(Protocol):
    """One site's solve, from its columns or from their sums."""

    def __call__(self, X: Tensor, R: Tensor, kept: Statistics | None) -> Solution:
        """From X (d_in, n) and R (d_out, n)."""

    def pooled(self, n: int, d_in: int) -> bool:
        """Whether n columns are better summed up than held."""

    def from_sums(self, sums: Statistics, kept: Statistics | None) -> Solution:
        """From the sums of X with partners R."""


@dataclass
class Streams:
    """The streams at the same block. O is None when X is re-read everywhere; K when nothing is preserved by its Gram."""

    X: Stream
    Y: Stream
    O: Stream | None
    K: Stream | None

    def advance(self) -> None:
        """Carry every stream through the block at the door; the block itself is needed no more."""
        streams = [s for s in (self.X, self.Y, self.O, self.K) if s is not None]
        for stream in streams:
            stream.advance()
        for stream in streams:
            stream.layers.blocks.drop(stream.block - 1, edited=True)


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
    fitter: Fitter,
    kept_weights: Tensor | None,
    dtype: torch.dtype,
    at_door: Callable[[int], None] | None = None,
    blocks: int | None = None,
) -> TextResult:
    """Solve the sites in order and carry every stream to the end of the encoder.

    Args:
        sites: shallow → deep, already restricted to the schedule's blocks.
        columns: the constrained columns of the target's and the anchor's prompts.
        fitter: one site's solve.
        kept_weights: ω of K's columns (for K Kᵀ).
        dtype: the pipeline's; each edited weight is rounded to it at once: later layers see what will be applied.
        at_door: called with each block's number while all streams stand before it.
        blocks: how many are run; None: all.
    """
    result = TextResult()
    original, edited = streams.Y.layers, streams.X.layers
    step = 0
    last_block = max((s.depth for s in sites), default=-1)
    final_anchor: list[Tensor] = []

    def final_gap(block: int) -> Tensor:
        ahead = range(block, last_block + 1)
        if not final_anchor:
            final_anchor.append(streams.Y.through(ahead, columns.anchor))
        return final_anchor[0] - streams.X.through(ahead, columns.target)

    count = len(original.blocks)
    for block in range(count):
        if at_door is not None:
            at_door(block)
        if block == (count if blocks is None else blocks):
            break
        here = [s for s in sites if s.depth == block]
        for site in here:
            step += 1
            W = original.linear(block, site.kind).weight
            check_finite(W, site.name)
            source = streams.X if schedule.reread or streams.O is None else streams.O
            look = _Look(site, W, step, len(sites), schedule, lambda at=block: final_gap(at))  # type: ignore[misc]
            kept = _statistics(streams.K, site, W.shape[1], kept_weights)
            if fitter.pooled(len(columns), W.shape[1]):
                sums, size = look.sums(source, streams.Y, columns)
                solution = fitter.from_sums(sums, kept)
                new = _rounded(solution.update, W, dtype)
                left, before = sums.left((new - W).double()) / size, sums.yy**0.5 / size
                measured = {"residual_before": before, "residual_after_selected": left, "residual_after_all": left}
            else:
                X, R = look.columns(source, streams.Y, columns)
                solution = fitter(X, R, kept)
                new = _rounded(solution.update, W, dtype)
                V, WX, s = W @ X + R, new @ X, solution.kept
                measured = {
                    "residual_before": share_left(V - R, V),
                    "residual_after_selected": share_left(WX[:, s], V[:, s]),
                    "residual_after_all": share_left(WX, V),
                }
                del X, R, V, WX
            edited.set_weight(block, site.kind, new)
            result.updates[site.name] = solution.update
            result.diagnostics.append(
                {
                    "site": site.name,
                    "kind": site.kind,
                    "depth": site.depth,
                    **measured,
                    "delta_norm": float((new - W).norm() / W.norm()),
                    "rank": solution.update.rank,
                    "condition": finite(solution.condition),
                    "columns": len(columns),
                    "selected": len(solution.kept),
                    "exact": solution.exact,
                    "dropped": worst_dropped(solution, columns.labels),
                    "kept": solution.kept.tolist(),
                }
            )
        streams.advance()
        if here:
            gap_after = share_left(streams.X.states(columns.target), streams.Y.states(columns.anchor))
            for entry in result.diagnostics[-len(here) :]:
                entry["gap"] = gap_after
    return result


@dataclass(frozen=True)
class _Look:
    """A site as the schedule is shown it, with all columns at once or group by group."""

    site: Site
    W: Tensor
    step: int
    steps: int
    schedule: Schedule
    final_gap: Callable[[], Tensor]

    def columns(self, source: Stream, Y: Stream, columns: PairColumns) -> tuple[Tensor, Tensor]:
        """X (d_in, n) and R (d_out, n)."""
        x, y = source.read(self.site.kind, columns.target), Y.read(self.site.kind, columns.anchor)
        return x.inputs, self.schedule.residual(self._view(x, y, self.final_gap))

    def sums(self, source: Stream, Y: Stream, columns: PairColumns) -> tuple[Statistics, float]:
        """The sums of X with partners R, and ‖V‖_F of the wanted outputs V = W X + R."""
        sums, square = Statistics(self.W.shape[1], self.W.shape[0]), 0.0
        whole: list[Tensor] = []

        def gap() -> Tensor:
            if not whole:
                whole.append(self.final_gap())
            return whole[0]

        pair = zip(source.scan(self.site.kind, columns.target), Y.scan(self.site.kind, columns.anchor), strict=True)
        for (mine, x), (_, y) in pair:
            if len(mine):
                R = self.schedule.residual(self._view(x, y, lambda at=mine: gap()[:, at]))  # type: ignore[misc]
                sums.update(x.inputs, R)
                square += float((self.W @ x.inputs + R).pow(2).sum())
        return sums, square**0.5

    def _view(self, x: Reading, y: Reading, gap: Callable[[], Tensor]) -> SiteView:
        kind = self.site.kind
        return SiteView(
            kind, self.step, self.steps, self.W, x.inputs, y.inputs, x.state_after(kind), y.state_after(kind), gap
        )


def _rounded(update: Update, W: Tensor, dtype: torch.dtype) -> Tensor:
    return update.apply_to(W).to(dtype).to(W.dtype)


def _statistics(K: Stream | None, site: Site, d: int, weights: Tensor | None) -> Statistics | None:
    if K is None:
        return None
    stats = Statistics(d)

    def add(part: Tensor, mine: Tensor) -> None:
        stats.update(part, weights=None if weights is None else weights[mine])

    K.visit(site.kind, add)
    return stats


def open_streams(
    layers: TextLayers, kept_layers: TextLayers, ids: tuple[Tensor, Tensor, Tensor],
    sets: list[tuple[Columns, Columns]], kept: list[Columns], reread: bool, batch: int,
) -> Streams:  # fmt: skip
    """Streams over (target, anchor, preserve) ids, each prompt cut after its last needed token (causal attention).

    Args:
        sets: (target, anchor) columns that will be read; the first are the streams' own.
        kept: columns of the captions that will be read; the first are the stream's own. Empty: no K.
        batch: prompts of full length that are run together.
    """
    x, y, k = ids
    tokens = batch * x.shape[1]
    need_x, need_y = lengths(len(x), *(t for t, _ in sets)), lengths(len(y), *(a for _, a in sets))
    groups = group(torch.maximum(need_x, need_y), tokens)
    K = None
    if kept and len(kept[0]):
        need_k = lengths(len(k), *kept)
        K = Stream(kept_layers, k, kept[0], group(need_k, tokens), need_k, frozen=True)
    return Streams(
        Stream(layers.twin(), x, sets[0][0], groups, need_x),
        Stream(layers, y, sets[0][1], groups, need_y, frozen=True),
        None if reread else Stream(layers, x, sets[0][0], groups, need_x, frozen=True),
        K,
    )
