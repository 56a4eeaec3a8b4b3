"""What an edit does on prompts that it was not built from: what the denoiser really sees.

Both numbers are end to end, over all layers that read the text. The model is not touched; an edit that is on it is looked
through.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import torch

from erasepro.edit.both_sides import BothSides
from erasepro.edit.record import EditRecord
from erasepro.errors import UserError
from erasepro.models.features.columns import plan_pair_columns, plan_retain_columns
from erasepro.models.features.text_stack import TextStack, conditioning_inputs
from erasepro.models.sites import conditioning_sites

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import HeldOut, PromptPair
    from erasepro.models.base import Model

SAMPLE = 48
"""Preserved sentences that are measured beside those that were held out."""
BLOCK = 1024
"""Pairs of sentences whose columns are held at a time."""
SLOW_ENCODER = 16
"""Sentences of a kind, at most, that are held out where an encoder is no CLIP: it reads each at its full length."""


class _Sides:
    """The text encoders of both sides, at one precision, beside the weights."""

    def __init__(self, pipe: Any, edit: EditRecord, dtype: torch.dtype, batch: int) -> None:
        self.pipe, self.edit, self.dtype = pipe, edit, dtype
        self.weights = BothSides(pipe, edit)
        self.original, self.edited = self.weights.stacks(dtype, batch)
        self.moves_text = any(self.weights.text_sites(component) for component in self.weights.clip)
        """Whether a text encoder is edited: else both sides read the same features."""


@torch.no_grad()
def measure_residual(
    model: Model,
    edit: EditRecord,
    prompt_pairs: Sequence[PromptPair],
    policy: str | None = None,
    batch: int = 64,
) -> dict[str, float]:
    """‖W x − W_o y‖ / ‖W_o y‖ over all layers that read the text, end to end.

    x: the target prompt's features through the edited text encoder, y: the anchor prompt's through the original, at the
    token positions that `policy` pairs (None: the edit's own policy for keys and values); W: the edited weights in the
    pipeline's own dtype.

    Returns:
        residual (Frobenius, over every site and column), worst (the largest single column's), before (the same as
        residual for the original weights), columns.
    """
    if not prompt_pairs:
        raise UserError("No prompt to measure a residual on: give pairs of target and anchor prompts.")
    return _residual(_Sides(model.pipe, edit, torch.float64, batch), prompt_pairs, policy)


@torch.no_grad()
def _residual(sides: _Sides, prompt_pairs: Sequence[PromptPair], policy: str | None = None) -> dict[str, float]:
    pipe, config = sides.pipe, sides.edit.meta.get("config", {})
    policy = policy or config.get("cross_attention_token_policy") or config.get("token_policy") or "subject_to_end"
    sums = torch.zeros(3, dtype=torch.float64)  # of squares: residual, before, wanted
    worst, count = 0.0, 0
    blocks = [prompt_pairs[i : i + BLOCK] for i in range(0, len(prompt_pairs), BLOCK)]
    for read, block in product(conditioning_inputs(pipe), blocks):
        targets, anchors = [p.target_prompt for p in block], [p.anchor_prompt for p in block]
        parts = plan_pair_columns(pipe, read, block, policy)
        X_o = sides.original.input_features(read, targets, [p.target for p in parts]).to(sides.dtype)  # (d, n)
        X = sides.edited.input_features(read, targets, [p.target for p in parts]).to(X_o) if sides.moves_text else X_o
        Y = sides.original.input_features(read, anchors, [p.anchor for p in parts]).to(X_o)
        off, off_o, size = (torch.zeros(X.shape[1], dtype=torch.float64, device=X.device) for _ in range(3))
        for site in conditioning_sites(pipe, read):
            W_o, W = (w.to(X) for w in sides.weights.pair(site.name))
            V = W_o @ Y
            off += (W @ X - V).pow(2).sum(dim=0, dtype=torch.float64)
            off_o += (W_o @ X_o - V).pow(2).sum(dim=0, dtype=torch.float64)
            size += V.pow(2).sum(dim=0, dtype=torch.float64)
        sums += torch.stack([off.sum(), off_o.sum(), size.sum()]).cpu()
        worst, count = max(worst, float((off / size).max().sqrt())), count + X.shape[1]
    return {
        "residual": float((sums[0] / sums[2]).sqrt()),
        "worst": worst,
        "before": float((sums[1] / sums[2]).sqrt()),
        "columns": float(count),
    }


@torch.no_grad()
def measure_drift(model: Model, edit: EditRecord, texts: Sequence[str], batch: int = 64) -> float:
    """‖W K_e − W_o K‖ / ‖W_o K‖ over all layers that read the text: how far an edit moves what these texts say.

    K: features of the texts, from begin to end of text, through the original encoders, K_e through the edited ones; W: the
    edited weights.
    """
    return _drift(_Sides(model.pipe, edit, torch.float32, batch), texts)


@torch.no_grad()
def _drift(sides: _Sides, texts: Sequence[str]) -> float:
    moved = size = 0.0
    for read in conditioning_inputs(sides.pipe):
        columns, _ = plan_retain_columns(sides.pipe, read, texts, "text")
        K = sides.original.input_features(read, texts, columns).to(sides.dtype)  # (d, m)
        K_e = sides.edited.input_features(read, texts, columns).to(K) if sides.moves_text else K
        for site in conditioning_sites(sides.pipe, read):
            W_o, W = (w.to(K) for w in sides.weights.pair(site.name))
            V = W_o @ K
            moved += float((W @ K_e - V).pow(2).sum(dtype=torch.float64))
            size += float(V.pow(2).sum(dtype=torch.float64))
    return (moved / size) ** 0.5 if size > 0 else 0.0


def measure_held_out(
    model: Model, edit: EditRecord, held_out: HeldOut, preserve: Sequence[str]
) -> dict[str, float | int]:
    """An edit on sentences that it was neither fitted on nor preserves.

    Args:
        preserve: the sentences that it preserves; `SAMPLE` of them, evenly taken, are measured to compare with.

    Returns:
        residual, residual_before: as `measure_residual` on the pairs, and of the original weights; drift: `measure_drift` on
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
    if pairs:
        residual = _residual(sides, pairs)
        found |= {"residual": residual["residual"], "residual_before": residual["before"]}
    if unseen:
        found["drift"] = _drift(sides, unseen)
    if seen:
        found["drift_preserved"] = _drift(sides, seen)
    return found
