"""The residual on prompts that an edit was not built from: what the U-Net really sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from erasepro.models.columns import pair_columns
from erasepro.models.features import TextLayers, token_ids
from erasepro.models.sites import TEXT_ENCODER, cross_attention_sites, module
from erasepro.models.streams import encode

from .edit import TABLE, Edit

if TYPE_CHECKING:
    from erasepro.concepts.prompts import PromptPair
    from erasepro.models.base import Model


@torch.no_grad()
def test_residual(
    model: Model,
    edit: Edit,
    prompt_pairs: Sequence[PromptPair],
    policy: str | None = None,  # noqa: PT028
    batch: int = 64,  # noqa: PT028
) -> dict[str, float]:
    """‖W x − W_o y‖ / ‖W_o y‖ over all cross-attention keys and values, end to end.

    x: the target prompt's features through the edited text encoder, y: the anchor prompt's through the original, at the
    token positions that `policy` pairs (None: the edit's own policy for keys and values); W: the edited weights in the
    pipeline's own dtype. The model is not touched; an edit that is on it is looked through.

    Returns:
        residual (Frobenius, over every site and column), worst (the largest single column's), before (the same as
        residual for the original weights), columns.
    """
    pipe = model.pipe
    held = getattr(pipe, TABLE, {"originals": {}})["originals"]
    config = edit.meta.get("config", {})
    policy = policy or config.get("kv_tokens") or config.get("tokens") or "subject_to_end"
    columns = pair_columns(pipe.tokenizer, prompt_pairs, policy)
    original = TextLayers(pipe.text_encoder)
    edited = original.twin()
    for name, update in edit.updates.items():
        component, _, path = name.partition(".")
        if component == TEXT_ENCODER:
            block, kind = _block(path)
            W = held.get(name, original.linear(block, kind).weight).to(next(pipe.text_encoder.parameters()).dtype)
            original.set_weight(block, kind, W)
            edited.set_weight(block, kind, update.apply_to(W, edit.strength))
    ids_x = token_ids(pipe.tokenizer, [p.target_prompt for p in prompt_pairs])
    ids_y = token_ids(pipe.tokenizer, [p.anchor_prompt for p in prompt_pairs])
    X = encode(edited, ids_x, columns.target, batch)  # (d, n)
    X_o = encode(original, ids_x, columns.target, batch)
    Y = encode(original, ids_y, columns.anchor, batch)
    off, off_o, size = (torch.zeros(X.shape[1], dtype=torch.float64, device=X.device) for _ in range(3))
    for site in cross_attention_sites(pipe):
        W_o = held.get(site.name, module(pipe, site).weight)
        W = edit.updates[site.name].apply_to(W_o, edit.strength) if site.name in edit.updates else W_o
        W_o, W = W_o.to(X), W.to(X)
        V = W_o @ Y
        off += (W @ X - V).pow(2).sum(dim=0)
        off_o += (W_o @ X_o - V).pow(2).sum(dim=0)
        size += V.pow(2).sum(dim=0)
    return {
        "residual": float((off.sum() / size.sum()).sqrt()),
        "worst": float((off / size).max().sqrt()),
        "before": float((off_o.sum() / size.sum()).sqrt()),
        "columns": float(X.shape[1]),
    }


test_residual.__test__ = False  # type: ignore[attr-defined]  # a measurement, not a test case


def _block(path: str) -> tuple[int, str]:
    """ "encoder.layers.3.mlp.fc2" → (3, "mlp.fc2")."""
    number, _, kind = path.partition("layers.")[2].partition(".")
    return int(number), kind
