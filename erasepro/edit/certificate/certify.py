"""An edit measured on the model that it was made for, from the weights."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import torch

from erasepro.errors import UserError
from erasepro.models.base import tensor_hash
from erasepro.models.sites import UNET, cross_attention_sites, site_module

from ..base_weights import check_base
from ..card import pairs_of
from ..combine import leaves
from ..versions import versions
from .measure import Drift, Squares, kept_sums
from .readings import PRESERVE_TOKENS, Reading, Weights, open_reading

if TYPE_CHECKING:
    from erasepro.models.base import Model

    from ..edit import Edit

FORMAT = 1


@torch.no_grad()
def certify(edit: Edit, model: Model) -> dict[str, Any]:
    """The certificate of an edit on its base model, as plain JSON. The model is not touched.

    All columns of the sentences that the edit was built from are read through the edited text encoder (the anchors'
    through the original). A sum is measured with the weights of the sum: each weight on the sentences of those of its
    parts that change it, and ``end_to_end`` on all.

    Returns:
        ``edit`` and ``model``: what they are. ``tensors``: for each edited weight its dtype, shape, and the hashes of base
        and edited bytes. ``sites``: for each edited weight the relative residual ‖WX − W_oY‖/‖W_oY‖ before and after over
        all columns, after over the selected ones (None where that is not known), ``drift`` ‖W K_e − W_oK‖/‖W_oK‖ on the
        preserved sentences K (text layers: ‖ΔW K‖/‖W_oK‖; keys and values: end to end), ‖ΔW‖/‖W_o‖. ``end_to_end``: the
        same over all keys and values, edited or not. ``gaps``: ‖A_x − A_y‖/‖A_y‖ of the hidden states after each text
        layer. ``unmeasured``: why there are no residuals, where there are none.

    Raises:
        UserError: another base (the first weight that differs is named), no text encoder, or sentences that this version
            cannot make again.
    """
    from erasepro.models.base import Model

    if not isinstance(model, Model):
        raise UserError(f"A certificate is measured on what load_model returns; got a {type(model).__name__}.")
    weights = Weights(model.pipe, edit)
    _check(weights)
    squares: dict[str, Squares] = defaultdict(Squares)
    drifts: dict[str, Drift] = defaultdict(Drift)
    gaps: list[list[dict[str, float]]] = []
    counts: dict[str, int] = defaultdict(int)
    unmeasured: list[str] = []
    for meta in leaves(edit.meta):
        if "build" not in meta:
            unmeasured.append(f"{meta.get('solver', 'an edit')} does not say which sentences it was built from")
            continue
        reading = open_reading(weights, meta)
        gaps.append(_text(reading, squares, drifts))
        _keys_and_values(reading, squares, drifts)
        for key, number in reading.counts.items():
            counts[key] += number
    rows, tensors = [], {}
    for name in edit.updates:
        W_o, W = weights.base(name), weights.edited(name)
        tensors[name] = {
            "dtype": str(W_o.dtype).removeprefix("torch."),
            "shape": list(W_o.shape),
            "base": tensor_hash(W_o),
            "edited": tensor_hash(W),
        }
        size = float(W_o.double().norm())
        change = float((W.double() - W_o.double()).norm()) / size if size > 0 else 0.0
        rows.append({"site": name, **squares[name].numbers(), "drift": drifts[name].number(), "delta_norm": change})
    return {
        "format": FORMAT,
        "edit": {
            "hash": edit.hash,
            "strength": edit.strength,
            "solver": edit.meta.get("solver"),
            "pairs": pairs_of(edit.meta),
        },
        "model": model.facts(),
        "sentences": {**counts, "preserve_tokens": PRESERVE_TOKENS},
        "tensors": tensors,
        "sites": rows,
        "end_to_end": {**squares[""].numbers(), "drift": drifts[""].number()},
        "gaps": gaps,
        "unmeasured": unmeasured,
        "versions": versions(),
    }


def _check(weights: Weights) -> None:
    """Raise UserError unless every base weight is there, fits, and is the one that the edit was solved on."""
    for name, update in weights.edit.updates.items():
        W = weights.base(name)
        if W.is_meta:
            raise UserError(f"'{name}' is offloaded (meta device): load the model without CPU offloading.")
        if tuple(W.shape) != update.shape:
            raise UserError(
                f"'{name}' is {tuple(W.shape)} here but {update.shape} in the edit: it belongs to another model."
            )
    check_base(weights.pipe, weights.edit.meta.get("base", {}), weights.base)


def _text(reading: Reading, squares: dict[str, Squares], drifts: dict[str, Drift]) -> list[dict[str, float]]:
    """Every edited text layer; the hidden-state gap after each block. The streams end behind the last block."""
    gaps: list[dict[str, float]] = []
    weights, last = reading.weights, -1
    for block, sites in reading.blocks():
        if block:
            gaps.append(reading.gaps(last))
        for site in sites:
            W_o, W = (w.to(torch.float64) for w in (weights.base(site.name), weights.edited(site.name)))
            if reading.edits(site.name):
                chosen = reading.chosen(site.name)
                for columns in reading.inputs(site):
                    squares[site.name].add(W_o, W, columns, chosen)
            kept = reading.kept_inputs(site, W.shape[1])
            if kept is not None:
                drifts[site.name].add(W_o, W, kept)
        last = block
    return [*gaps, reading.gaps(last)] if last >= 0 else gaps


def _keys_and_values(reading: Reading, squares: dict[str, Squares], drifts: dict[str, Drift]) -> None:
    """Every key and value projection, edited or not; under "" the sums over them all."""
    weights, columns, kept = reading.weights, reading.features(), reading.kept_features()
    sums = kept_sums(*kept) if kept is not None else None
    names = {site_module(weights.pipe, n): n for n in weights.edit.updates if n.startswith(f"{UNET}.")}
    for site in cross_attention_sites(weights.pipe):
        name = names.get(site_module(weights.pipe, site.name), site.name)
        W_o, W = (w.to(torch.float64) for w in (weights.base(name), weights.edited(name)))
        chosen = reading.chosen(name)
        for key in (name, "") if reading.edits(name) else ("",):
            squares[key].add(W_o, W, columns, chosen)
        if sums is not None:
            for key in (name, ""):
                drifts[key].add(W_o, W, sums)
