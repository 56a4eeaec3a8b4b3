"""An edit measured on the model that it was made for, from the weights."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from erasepro.edit.both_sides import BothSides
from erasepro.edit.combine import leaves
from erasepro.edit.fingerprints import check_base
from erasepro.edit.generalization import measure_held_out
from erasepro.edit.meta import pairs_of
from erasepro.edit.own_files import check_certificate
from erasepro.edit.record import check_edit
from erasepro.edit.store import save_certificate
from erasepro.errors import UserError
from erasepro.models.architectures import architecture_of
from erasepro.models.base import Model
from erasepro.models.features.text_stack import conditioning_inputs
from erasepro.models.sites import conditioning_sites, is_linear_site, site_module
from erasepro.models.tensor_hashes import tensor_hash
from erasepro.runtime.files import as_path
from erasepro.runtime.progress import stage
from erasepro.runtime.versions import versions
from erasepro.verification.sentence_features import PRESERVE_TOKENS, Sentences
from erasepro.verification.sums_of_squares import Drift, Squares

if TYPE_CHECKING:
    from erasepro.edit.edit import Edit

FORMAT = 1


@torch.no_grad()
def certify(edit: Edit, model: Model, folder: str | Path | None = None) -> dict[str, Any]:
    """The certificate of an edit on its base model, as plain JSON. The model is not touched.

    All columns of the sentences that the edit was built from are read through the edited text encoder (the anchors'
    through the original). A sum is measured with the weights of the sum: each weight on the sentences of those of its
    parts that change it, and ``end_to_end`` on all.

    Args:
        model: the base, from `load_model`.
        folder: where to write it too, as certificate.json; None: nowhere.

    Returns:
        ``edit`` and ``model``: what they are. ``tensors``: for each edited weight its dtype, shape, and the hashes of base
        and edited bytes. ``sites``: for each edited weight the relative residual ‖WX − W_oY‖/‖W_oY‖ before and after over
        all columns, after over the selected ones (None where that is not known), ``drift`` ‖W K_e − W_oK‖/‖W_oK‖ on the
        preserved sentences K (text layers: ‖ΔW K‖/‖W_oK‖; what reads the text: end to end), ‖ΔW‖/‖W_o‖. ``end_to_end``: the
        same over all layers that read the text (a U-Net's keys and values), edited or not. ``held_out``: for each
        solve `generalization.measure_held_out`. ``gaps``: ‖A_x − A_y‖/‖A_y‖ of
        the hidden states after each layer of each CLIP encoder. ``unmeasured``: why there are no residuals, where
        there are none.

    Raises:
        UserError: another base (the first weight that differs is named), no text encoder, sentences that this version
            cannot make again, or a certificate.json in the folder that is no certificate.
    """
    check_edit(edit)
    target = None if folder is None else as_path(folder, "the certificate's folder")
    if target is not None:
        check_certificate(target)
    if not isinstance(model, Model):
        raise UserError(f"A certificate is measured on what load_model returns; got a {type(model).__name__}.")
    weights = BothSides(model.pipe, edit)
    _check(weights)
    squares: dict[str, Squares] = defaultdict(Squares)
    drifts: dict[str, Drift] = defaultdict(Drift)
    gaps: list[list[dict[str, float]]] = []
    counts: dict[str, int] = defaultdict(int)
    unmeasured: list[str] = []
    held_out: list[dict[str, float | int]] = []
    for meta in leaves(edit.meta):
        if "edit_prompts" not in meta:
            unmeasured.append(f"{meta.get('solver', 'an edit')} does not say which sentences it was built from")
            continue
        sentences = Sentences(weights, meta)
        gaps.append([gap for name in weights.clip for gap in _measure_encoder(sentences, name, squares, drifts)])
        _measure_conditioning_layers(sentences, squares, drifts)
        counts["pairs"] += len(sentences.pairs)
        counts["preserved"] += len(sentences.preserve)
        if sentences.held_out is not None:
            with stage("Measuring on other sentences"):
                held_out.append(measure_held_out(model, edit, sentences.held_out, sentences.preserve))
    rows, tensors = [], {}
    places = {entry["site"]: place for place, entry in enumerate(edit.diagnostics)}  # a record's keys have no order
    for name in sorted(edit.updates, key=lambda name: (places.get(name, len(places)), name)):
        W_o, W = weights.pair(name)
        tensors[name] = {
            "dtype": str(W_o.dtype).removeprefix("torch."),
            "shape": list(W_o.shape),
            "base": tensor_hash(W_o),
            "edited": tensor_hash(W),
        }
        size = float(W_o.double().norm())
        change = float((W.double() - W_o.double()).norm()) / size if size > 0 else 0.0
        rows.append({"site": name, **squares[name].numbers(), "drift": drifts[name].number(), "delta_norm": change})
    certificate = {
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
        "held_out": held_out,
        "gaps": gaps,
        "unmeasured": unmeasured,
        "versions": versions(),
    }
    if target is not None:
        save_certificate(certificate, target)
    return certificate


def _check(weights: BothSides) -> None:
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


def _measure_encoder(
    sentences: Sentences, component: str, squares: dict[str, Squares], drifts: dict[str, Drift]
) -> list[dict[str, Any]]:
    """Add what every edited layer of a CLIP encoder does to the sums; return the hidden-state gap after each of its blocks."""
    gaps: list[dict[str, Any]] = []
    weights, reading = sentences.weights, sentences.text(component)
    with stage("Measuring the text encoder", reading.count, unit="blocks") as advance:
        for block, sites in reading.blocks():
            if block:
                gaps.append({"encoder": component, "layer": block - 1, **reading.gap()})
            for site in sites:
                W_o, W = (w.to(torch.float64) for w in weights.pair(site.name))
                if sentences.edits(site.name):
                    chosen = sentences.chosen(site.name)
                    for columns in reading.inputs(site):
                        squares[site.name].add(W_o, W, columns, chosen)
                kept = reading.kept(site, W.shape[1])
                if kept is not None:
                    drifts[site.name].add(W_o, W, kept)
            advance(1)
    return [*gaps, {"encoder": component, "layer": reading.count - 1, **reading.gap()}]


def _measure_conditioning_layers(sentences: Sentences, squares: dict[str, Squares], drifts: dict[str, Drift]) -> None:
    """Add what every layer that reads the text (keys, values, embedders) does, edited or not; under "" the sums of them all."""
    weights = sentences.weights
    pipe, readers = weights.pipe, architecture_of(weights.pipe).denoisers
    linears = [n for n in weights.edit.updates if n.partition(".")[0] in readers and is_linear_site(n)]
    names = {site_module(pipe, n): n for n in linears}
    reads = conditioning_inputs(pipe)
    count = sum(len(conditioning_sites(pipe, read)) for read in reads)
    with stage("Measuring the denoiser", count, unit="layers") as advance:
        for read in reads:
            columns, sums = sentences.read(read)
            for site in conditioning_sites(pipe, read):
                name = names.get(site_module(pipe, site.name), site.name)
                W_o, W = (w.to(columns[1]) for w in weights.pair(name))
                for key in (name, "") if sentences.edits(name) else ("",):
                    squares[key].add(W_o, W, columns, sentences.chosen(name))
                if sums is not None:
                    for key in (name, ""):
                        drifts[key].add(W_o, W, sums)
                advance(1)
