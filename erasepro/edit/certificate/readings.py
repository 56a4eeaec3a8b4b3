"""What a certificate is measured on: features of an edit's own sentences, through the original and the edited encoder.

X the target prompts through the edited encoder, O the same through the original, Y the anchor prompts through the
original; K the preserved sentences, through both. Only this module knows how text is encoded.

Shapes: X, O, Y (d_in, n), one column a chosen (prompt, token) pair; K (d_in, m).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from erasepro.closed_form import Statistics
from erasepro.errors import UserError
from erasepro.models.columns import PairColumns, pair_columns, preserve_columns
from erasepro.models.features import TextLayers, token_ids
from erasepro.models.sites import TEXT_ENCODER, TEXT_KINDS, Site, site_module, text_blocks, text_sites
from erasepro.models.streams import Stream, group, lengths

from ..edit import TABLE
from ..grow import build_of
from ..selected import unpacked

if TYPE_CHECKING:
    from ..edit import Edit

BATCH = 64  # prompts of full length encoded at a time
PRESERVE_TOKENS = "text"  # columns of a preserved sentence: from its first token to the end of text
Columns3 = tuple[Tensor, Tensor, Tensor, Tensor]
"""(numbers of the columns, X, O, Y)."""


class Weights:
    """The base and the edited weights of a pipeline, in its own dtypes. An edit that is on it is looked through."""

    def __init__(self, pipe: Any, edit: Edit) -> None:
        self.pipe, self.edit = pipe, edit
        self._held = getattr(pipe, TABLE, {"originals": {}})["originals"]

    def base(self, name: str) -> Tensor:
        """W_o (d_out, d_in)."""
        held = self._held.get(name)
        return held if held is not None else site_module(self.pipe, name).weight.detach()

    def edited(self, name: str) -> Tensor:
        """W = W_o + strength·ΔW, rounded to the pipeline's dtype: the bytes that `apply` puts there."""
        update = self.edit.updates.get(name)
        return self.base(name) if update is None else update.apply_to(self.base(name), self.edit.strength)

    def encoders(self, dtype: torch.dtype) -> tuple[TextLayers, TextLayers]:
        """The original and the edited text encoder in this precision of arithmetic."""
        if getattr(self.pipe, TEXT_ENCODER, None) is None:
            raise UserError(
                f"The {type(self.pipe).__name__} has no text encoder: a certificate is measured on its features."
            )
        original = TextLayers(self.pipe.text_encoder, dtype)
        edited = original.twin()
        for site in self.sites_of_text():
            original.set_weight(site.depth, site.kind, self.base(site.name))
            edited.set_weight(site.depth, site.kind, self.edited(site.name))
        return original, edited

    def sites_of_text(self) -> list[Site]:
        """The encoder's sites that this edit, or the one on the pipeline, changes, shallow → deep; under this edit's names."""
        if not text_blocks(self.pipe):
            return []
        names = {**dict.fromkeys(self._held), **dict.fromkeys(self.edit.updates)}
        mine = {site_module(self.pipe, n): n for n in names if n.startswith(f"{TEXT_ENCODER}.")}
        found = []
        for site in text_sites(self.pipe, TEXT_KINDS) if mine else ():
            linear = site_module(self.pipe, site.name)
            if linear in mine:
                found.append(Site(mine[linear], site.component, site.kind, site.depth))
        return found


@dataclass
class Reading:
    """One solved edit's sentences on their way through both encoders. `blocks` must be exhausted before the rest is read."""

    weights: Weights
    selected: dict[str, str] | None  # site → numbers of its selected columns, packed; None in older edits
    text: PairColumns
    kv: PairColumns
    X: Stream
    O: Stream
    Y: Stream
    kept: tuple[Stream, Stream] | None  # K through the original and the edited encoder
    counts: dict[str, int]

    def edits(self, name: str) -> bool:
        """Whether the edit that these sentences belong to changes this site (a sum has sites of other parts)."""
        return self.selected is None or name in self.selected

    def chosen(self, name: str) -> set[int] | None:
        """The numbers of a site's columns that the solve selected, of `text` or of `kv`; None: not known."""
        return None if self.selected is None else set(unpacked(self.selected.get(name, "")))

    def blocks(self) -> Iterator[tuple[int, list[Site]]]:
        """Each block of the encoder and the sites edited in it, at whose door all streams stand."""
        sites = [site for site in self.weights.sites_of_text() if site.name in self.weights.edit.updates]
        for block in range(len(self.Y.layers.blocks)):
            yield block, [site for site in sites if site.depth == block]
            for stream in (self.X, self.O, self.Y, *(self.kept or ())):
                stream.advance()

    def inputs(self, site: Site) -> Iterator[Columns3]:
        """The columns entering a site, a group of prompts at a time."""
        scans = [
            stream.scan(site.kind, columns)
            for stream, columns in ((self.X, self.text.target), (self.O, self.text.target), (self.Y, self.text.anchor))
        ]
        for (mine, x), (_, o), (_, y) in zip(*scans, strict=True):
            if len(mine):
                yield mine, x.inputs, o.inputs, y.inputs

    def gaps(self, block: int) -> dict[str, float]:
        """‖A_x − A_y‖/‖A_y‖ of the states after a block (the one behind the streams), before and after the edit."""
        y = self.Y.states(self.text.anchor)
        size = max(float(y.norm()), 1e-300)
        before, after = (float((s.states(self.text.target) - y).norm()) / size for s in (self.O, self.X))
        return {"layer": block, "before": before, "after": after}

    def kept_inputs(self, site: Site, d_in: int) -> Statistics | None:
        """The sums of K entering a site of the original encoder."""
        if self.kept is None:
            return None
        sums = Statistics(d_in)

        def add(part: Tensor, _: Tensor) -> None:
            sums.update(part)

        self.kept[0].visit(site.kind, add)
        return sums

    def features(self) -> Columns3:
        """What the U-Net reads."""
        X, O = (s.features(self.kv.target) for s in (self.X, self.O))
        return torch.arange(X.shape[1]), X, O, self.Y.features(self.kv.anchor)

    def kept_features(self) -> tuple[Tensor, Tensor] | None:
        """What the U-Net reads of K through the original and the edited encoder."""
        return None if self.kept is None else (self.kept[0].features(), self.kept[1].features())


def open_reading(weights: Weights, meta: dict[str, Any]) -> Reading:
    """The streams of one solved edit's sentences; `meta` is its meta data (see `combine.leaves`)."""
    from erasepro.solvers import make_solver

    build = build_of(meta)
    pairs = make_solver(meta["config"]).pairs(build)
    tokens = meta.get("tokens") or meta["config"]
    policy = tokens.get("tokens", "subject_to_end")
    tokenizer = weights.pipe.tokenizer
    text, kv = (pair_columns(tokenizer, pairs, tokens.get(key, policy)) for key in ("text_tokens", "kv_tokens"))
    x, y = (token_ids(tokenizer, [getattr(p, f"{who}_prompt") for p in pairs]) for who in ("target", "anchor"))
    original, edited = weights.encoders(torch.float64)
    need_x, need_y = lengths(len(x), text.target, kv.target), lengths(len(y), text.anchor, kv.anchor)
    groups = group(torch.maximum(need_x, need_y), BATCH * x.shape[1])
    X = Stream(edited, x, text.target, groups, need_x, frozen=True)
    O = Stream(original, x, text.target, groups, need_x, frozen=True)
    Y = Stream(original, y, text.anchor, groups, need_y, frozen=True)
    kept = None
    if build.preserve:
        k = token_ids(tokenizer, build.preserve)
        columns, _ = preserve_columns(tokenizer, k, PRESERVE_TOKENS)
        need = lengths(len(k), columns)
        groups = group(need, BATCH * k.shape[1])
        both = weights.encoders(torch.float32)  # captions are many, and a drift needs few digits
        kept = (
            Stream(both[0], k, columns, groups, need, frozen=True),
            Stream(both[1], k, columns, groups, need, frozen=True),
        )
    counts = {"pairs": len(pairs), "preserved": len(build.preserve), "text_columns": len(text), "columns": len(kv)}
    return Reading(weights, meta.get("selected"), text, kv, X, O, Y, kept, counts)
