"""What an edit does on prompts that it was not built from: what the denoiser really sees.

Both numbers are end to end, over all layers that read the text. The model is not touched; an edit that is on it is looked
through.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from erasepro.edit.both_sides import BothSides
from erasepro.edit.record import EditRecord
from erasepro.errors import UserError
from erasepro.models.architectures import ConditioningInput
from erasepro.models.features.columns import plan_pair_columns, plan_retain_columns
from erasepro.models.features.text_stack import TextStack, conditioning_inputs
from erasepro.models.sites import conditioning_sites
from erasepro.results.renamed_keys import TOKEN_POLICIES

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import HeldOut, PromptPair
    from erasepro.models.base import Model

SAMPLE = 48
"""Preserved sentences that are measured beside those that were held out."""
BLOCK = 64
"""Pairs of sentences whose columns are held at a time."""
READ_TOKENS = "subject_to_end"
"""Token policy that residuals are measured at: a concept's last token and all that follows, where the denoiser reads it.

It is the same for every method: at its own tokens, one that moves a single token would seem better than one that moves all.
"""
HELD_OUT_TOKENS = "subject_to_eighth_padding"
"""The same for the check that comes with every edit: of the paddings the first few, which say nearly what all of them say.

On the miniature, of six methods and three sets of concepts, the share of the original's residual that is left differs by .06 at
most from the one at all paddings, in the same order but for two methods that are level; at full size the check takes a fifth of
the time.
"""
SLOW_ENCODER = 16
"""Sentences of a kind, at most, that are held out where an encoder is no CLIP: it reads each at its full length."""


class _Sides:
    """The text encoders of both sides, at one precision, beside the weights."""

    def __init__(self, pipe: Any, edit: EditRecord, dtype: torch.dtype, batch: int) -> None:
        self.pipe, self.edit, self.dtype = pipe, edit, dtype
        self.weights = BothSides(pipe, edit)
        self.original, self.edited = self.weights.stacks(dtype, batch)
        self.moves_text = any(self.weights.moves(component) for component in self.weights.clip)
        """Whether a text encoder is edited: else both sides read the same features."""

    def policy(self) -> str:
        """The token policy that the edit's held-out residual was measured at; of older edits that of their keys and values."""
        config, tokens = self.edit.meta.get("config", {}), self.edit.meta.get("tokens", {})
        own = config.get("cross_attention_token_policy") or config.get("token_policy")
        stored = tokens.get("held_out") or own or HELD_OUT_TOKENS
        return TOKEN_POLICIES.get(stored, stored)

    def pair_columns(self, read: ConditioningInput, pairs: Sequence[PromptPair], policy: str) -> _Columns:
        """What a group of linears reads of target prompts, and should act on as on the anchor prompts."""
        targets, anchors = [p.target_prompt for p in pairs], [p.anchor_prompt for p in pairs]
        parts = plan_pair_columns(self.pipe, read, pairs, policy)
        X_o = self.original.input_features(read, targets, [p.target for p in parts]).to(self.dtype)  # (d, n)
        X = self.edited.input_features(read, targets, [p.target for p in parts]).to(X_o) if self.moves_text else X_o
        return _Columns(X_o, X, self.original.input_features(read, anchors, [p.anchor for p in parts]).to(X_o))

    def text_columns(self, read: ConditioningInput, texts: Sequence[str]) -> _Columns:
        """What a group of linears reads of texts, from begin to end of text, and should act on as before."""
        columns, _ = plan_retain_columns(self.pipe, read, texts, "text")
        K = self.original.input_features(read, texts, columns).to(self.dtype)
        K_e = self.edited.input_features(read, texts, columns).to(K) if self.moves_text else K
        return _Columns(K, K_e, K)


class _Columns:
    """Features (d, n) that a group of linears reads; what the linears do to them, as it adds up.

    X_o: before the edit, X: after it, Y: those that the original linears act on as the edited ones should act on X.
    """

    def __init__(self, X_o: Tensor, X: Tensor, Y: Tensor) -> None:
        self.X_o, self.X, self.Y = X_o, X, Y
        # sums over the linears of ‖W x − W_o y‖², ‖W_o x_o − W_o y‖² and ‖W_o y‖², (n,) each
        self.off, self.off_before, self.wanted = (
            torch.zeros(X.shape[1], dtype=torch.float64, device=X.device) for _ in range(3)
        )

    def add(self, W_o: Tensor, W: Tensor) -> None:
        """Count one linear, of original weight W_o and edited weight W (d_out, d)."""
        V = W_o @ self.Y
        self.off += _squares(W @ self.X - V)
        if self.X_o is not self.Y:
            self.off_before += _squares(W_o @ self.X_o - V)
        self.wanted += _squares(V)


@dataclass
class _Shares:
    """Sums over columns, and the worst of them."""

    off: float = 0.0
    off_before: float = 0.0
    wanted: float = 0.0
    worst: float = 0.0
    columns: int = 0

    def add(self, columns: _Columns) -> None:
        self.off += float(columns.off.sum())
        self.off_before += float(columns.off_before.sum())
        self.wanted += float(columns.wanted.sum())
        if len(columns.off):
            self.worst = max(self.worst, float((columns.off / columns.wanted).max().sqrt()))
        self.columns += len(columns.off)

    @property
    def left(self) -> float:
        """‖W X − W_o Y‖ / ‖W_o Y‖: 0 of no columns, NaN where the layers give zeros or no numbers."""
        return self._share(self.off)

    @property
    def before(self) -> float:
        """The same for the original weights."""
        return self._share(self.off_before)

    def _share(self, square: float) -> float:
        if not self.columns:
            return 0.0
        return (square / self.wanted) ** 0.5 if self.wanted != 0 else math.nan


def _squares(columns: Tensor) -> Tensor:
    return columns.pow(2).sum(dim=0, dtype=torch.float64)


def _measure(
    sides: _Sides, pairs: Sequence[PromptPair], texts: Sequence[Sequence[str]], policy: str = READ_TOKENS
) -> tuple[_Shares, list[_Shares]]:
    """The shares of the pairs' columns and of each list of texts', over all linears that read the text.

    An edited weight is made once for all columns of a block.
    """
    of_pairs, of_texts = _Shares(), [_Shares() for _ in texts]
    for read in conditioning_inputs(sides.pipe):
        for start in range(0, max(len(pairs), 1), BLOCK):
            parts = []
            if pairs:
                parts.append((of_pairs, sides.pair_columns(read, pairs[start : start + BLOCK], policy)))
            if start == 0:
                parts += [(of_texts[i], sides.text_columns(read, some)) for i, some in enumerate(texts) if some]
            for site in conditioning_sites(sides.pipe, read):
                W_o, W = sides.weights.pair(site.name)
                for _, columns in parts:
                    columns.add(W_o.to(columns.X), W.to(columns.X))
            for shares, columns in parts:
                shares.add(columns)
    return of_pairs, of_texts


@torch.no_grad()
def measure_residual(
    model: Model,
    edit: EditRecord,
    prompt_pairs: Sequence[PromptPair],
    policy: str = READ_TOKENS,
    batch: int = 64,
) -> dict[str, float]:
    """‖W x − W_o y‖ / ‖W_o y‖ over all layers that read the text, end to end.

    x: the target prompt's features through the edited text encoder, y: the anchor prompt's through the original, at the
    token positions that `policy` pairs, by default the concept's last token and all that follows; W: the edited weights in
    the pipeline's own dtype.

    Returns:
        residual (Frobenius, over every site and column), worst (the largest single column's), before (the same as
        residual for the original weights), columns.
    """
    if not prompt_pairs:
        raise UserError("No prompt to measure a residual on: give pairs of target and anchor prompts.")
    shares, _ = _measure(_Sides(model.pipe, edit, torch.float64, batch), prompt_pairs, (), policy)
    return {
        "residual": shares.left,
        "worst": shares.worst,
        "before": shares.before,
        "columns": float(shares.columns),
    }


@torch.no_grad()
def measure_drift(model: Model, edit: EditRecord, texts: Sequence[str], batch: int = 64) -> float:
    """‖W K_e − W_o K‖ / ‖W_o K‖ over all layers that read the text: how far an edit moves what these texts say.

    K: features of the texts, from begin to end of text, through the original encoders, K_e through the edited ones; W: the
    edited weights.
    """
    _, (shares,) = _measure(_Sides(model.pipe, edit, torch.float32, batch), (), (texts,))
    return shares.left


@torch.no_grad()
def measure_held_out(
    model: Model, edit: EditRecord, held_out: HeldOut, preserve: Sequence[str]
) -> dict[str, float | int]:
    """An edit on sentences that it was neither fitted on nor preserves.

    Args:
        preserve: the sentences that it preserves; `SAMPLE` of them, evenly taken, are measured to compare with.

    Returns:
        residual, residual_before: as `measure_residual` on the pairs (older edits: at their own tokens), and of the original
        weights; drift: `measure_drift` on
        sentences about words that were never preserved; drift_preserved: the same on preserved sentences; pairs, texts: how
        many sentences of a kind were held out. A number that has no sentences is left out.
    """
    encoders = TextStack(model.pipe).architecture.encoders
    there = [e for e in encoders if getattr(model.pipe, e.component, None) is not None]
    limit = None if all(e.family == "clip" for e in there) else SLOW_ENCODER
    sample = preserve[:: max(1, len(preserve) // SAMPLE)][:SAMPLE]
    pairs, unseen, seen = held_out.pairs[:limit], held_out.unseen[:limit], sample[:limit]
    found: dict[str, float | int] = {"pairs": len(pairs), "texts": len(unseen)}
    sides = _Sides(model.pipe, edit, torch.float32, 64)  # shares of some tenths: single precision tells them
    residual, (drift, drift_preserved) = _measure(sides, pairs, (unseen, seen), sides.policy())
    if pairs:
        found |= {"residual": residual.left, "residual_before": residual.before}
    if unseen:
        found["drift"] = drift.left
    if seen:
        found["drift_preserved"] = drift_preserved.left
    return found
