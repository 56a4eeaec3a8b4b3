"""The residual on prompts that an edit was not built from: what the U-Net really sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from erasepro.edit.edit import Edit
from erasepro.edit.record import TABLE
from erasepro.errors import UserError
from erasepro.models.features.columns import plan_pair_columns
from erasepro.models.features.text_stack import TextStack, conditioning_inputs
from erasepro.models.sites import conditioning_sites, weight

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import PromptPair
    from erasepro.models.base import Model


@torch.no_grad()
def measure_residual(
    model: Model,
    edit: Edit,
    prompt_pairs: Sequence[PromptPair],
    policy: str | None = None,
    batch: int = 64,
) -> dict[str, float]:
    """‖W x − W_o y‖ / ‖W_o y‖ over all layers that read the text, end to end.

    x: the target prompt's features through the edited text encoder, y: the anchor prompt's through the original, at the
    token positions that `policy` pairs (None: the edit's own policy for keys and values); W: the edited weights in the
    pipeline's own dtype. The model is not touched; an edit that is on it is looked through.

    Returns:
        residual (Frobenius, over every site and column), worst (the largest single column's), before (the same as
        residual for the original weights), columns.
    """
    if not prompt_pairs:
        raise UserError("No prompt to measure a residual on: give pairs of target and anchor prompts.")
    pipe = model.pipe
    held = getattr(pipe, TABLE, {"originals": {}})["originals"]
    config = edit.meta.get("config", {})
    policy = policy or config.get("cross_attention_token_policy") or config.get("token_policy") or "subject_to_end"
    original = TextStack(pipe, batch=batch)
    edited = original.editable_copy()
    encoders = [e.component for e in original.architecture.encoders]
    for name in {**dict.fromkeys(held), **dict.fromkeys(edit.updates)}:
        component, _, path = name.partition(".")
        if component in encoders:
            block, kind = _block(path)
            W = held[name] if name in held else weight(pipe, name)
            update = edit.updates.get(name)
            original.layers(component).set_weight(block, kind, W)
            edited.layers(component).set_weight(block, kind, W if update is None else update.apply_to(W, edit.strength))
    targets, anchors = [p.target_prompt for p in prompt_pairs], [p.anchor_prompt for p in prompt_pairs]
    sums = torch.zeros(3, dtype=torch.float64)  # of squares: residual, before, wanted
    worst, count = 0.0, 0
    for read in conditioning_inputs(pipe):
        parts = plan_pair_columns(pipe, read, prompt_pairs, policy)
        X, X_o = (
            stack.input_features(read, targets, [p.target for p in parts]) for stack in (edited, original)
        )  # (d, n)
        Y = original.input_features(read, anchors, [p.anchor for p in parts])
        off, off_o, size = (torch.zeros(X.shape[1], dtype=torch.float64, device=X.device) for _ in range(3))
        for site in conditioning_sites(pipe, read):
            W_o = held.get(site.name, weight(pipe, site.name))
            W = edit.updates[site.name].apply_to(W_o, edit.strength) if site.name in edit.updates else W_o
            W_o, W = W_o.to(X), W.to(X)
            V = W_o @ Y
            off += (W @ X - V).pow(2).sum(dim=0)
            off_o += (W_o @ X_o - V).pow(2).sum(dim=0)
            size += V.pow(2).sum(dim=0)
        sums += torch.stack([off.sum(), off_o.sum(), size.sum()]).cpu()
        worst, count = max(worst, float((off / size).max().sqrt())), count + X.shape[1]
    return {
        "residual": float((sums[0] / sums[2]).sqrt()),
        "worst": worst,
        "before": float((sums[1] / sums[2]).sqrt()),
        "columns": float(count),
    }


def _block(path: str) -> tuple[int, str]:
    """The block's number and the layer in it: "encoder.layers.3.mlp.fc2" → (3, "mlp.fc2")."""
    number, _, kind = path.partition("layers.")[2].partition(".")
    return int(number), kind
