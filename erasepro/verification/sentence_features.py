"""What a certificate is measured on: features of an edit's own sentences, through the original and the edited encoders.

X the target prompts through the edited encoders, O the same through the original ones, Y the anchor prompts through the
original; K the preserved sentences, through both. Only this module knows how text is encoded.

Shapes: X, O, Y (d_in, n), one column a chosen (prompt, token) pair; K (d_in, m).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from erasepro.edit.both_sides import BothSides
from erasepro.edit.column_ranges import unpacked
from erasepro.edit.prompt_record import prompts_of
from erasepro.linalg import Statistics
from erasepro.models.architectures import ConditioningInput, architecture_of
from erasepro.models.features.columns import (
    PairColumns,
    pair_columns,
    plan_pair_columns,
    plan_retain_columns,
    preserve_columns,
)
from erasepro.models.features.streams import Stream, group, lengths
from erasepro.models.features.text_encoder_layers import token_ids
from erasepro.models.features.text_stack import tokenizer_of
from erasepro.models.sites import Site
from erasepro.solvers import stored_solver
from erasepro.verification.sums_of_squares import kept_sums

BATCH = 64  # prompts of full length encoded at a time
PRESERVE_TOKENS = "text"  # columns of a preserved sentence: from its first token to the end of text
FourColumns = tuple[Tensor, Tensor, Tensor, Tensor]
"""(numbers of the columns, X, O, Y)."""


@dataclass
class TextReading:
    """The sentences of one solved edit on their way through a CLIP encoder, block by block."""

    sites: list[Site]
    columns: PairColumns
    X: Stream
    O: Stream
    Y: Stream
    K: Stream | None  # through the original encoder
    count: int  # blocks that anything depends on

    def blocks(self) -> Iterator[tuple[int, list[Site]]]:
        """Each block of the encoder and the sites edited in it, at whose door all streams stand."""
        for block in range(self.count):
            yield block, [site for site in self.sites if site.depth == block]
            for stream in (self.X, self.O, self.Y, *([self.K] if self.K is not None else [])):
                stream.advance()

    def inputs(self, site: Site) -> Iterator[FourColumns]:
        """The columns entering a site, a group of prompts at a time."""
        target, anchor = self.columns.target, self.columns.anchor
        scans = [s.scan(site.kind, c) for s, c in ((self.X, target), (self.O, target), (self.Y, anchor))]
        for (numbers, x), (_, o), (_, y) in zip(*scans, strict=True):
            if len(numbers):
                yield numbers, x.inputs, o.inputs, y.inputs

    def gap(self) -> dict[str, float]:
        """The gap ‖A_x − A_y‖/‖A_y‖ of the hidden states where the streams stand, ``before`` and ``after`` the edit."""
        y = self.Y.states(self.columns.anchor)
        size = max(float(y.norm()), 1e-300)
        before, after = (float((s.states(self.columns.target) - y).norm()) / size for s in (self.O, self.X))
        return {"before": before, "after": after}

    def kept(self, site: Site, d_in: int) -> Statistics | None:
        """The sums of K entering a site."""
        if self.K is None:
            return None
        sums = Statistics(d_in)

        def add(part: Tensor, _: Tensor) -> None:
            sums.update(part)

        self.K.visit(site.kind, add)
        return sums


class Sentences:
    """The sentences of one solved edit, read through both sides; `meta` is its meta data (see `combine.leaves`)."""

    def __init__(self, weights: BothSides, meta: dict[str, Any]) -> None:
        self.weights, self.pipe = weights, weights.pipe
        build = prompts_of(meta, self.pipe)
        self.held_out = build.held_out
        self.pairs, self.preserve = (
            stored_solver(meta).pairs(build),
            list(build.preserve),
        )
        self._policies = meta.get("tokens") or meta["config"]
        self._selected = meta.get("selected_columns")  # site → numbers of its selected columns; None in older edits
        self.original, self.edited = weights.stacks(torch.float64)
        self._kept = weights.stacks(torch.float32)  # captions are many, and a drift needs few digits

    def edits(self, name: str) -> bool:
        """Whether the edit that these sentences belong to changes this site (a sum has sites of other parts)."""
        return self._selected is None or name in self._selected

    def chosen(self, name: str) -> set[int] | None:
        """The numbers of a site's columns that the solve selected; None: not known."""
        return None if self._selected is None else set(unpacked(self._selected.get(name, "")))

    def policy(self, key: str) -> str:
        """The token policy of one part of the model.

        Args:
            key: "text_token_policy" or "cross_attention_token_policy"; a method with a single policy uses it for both.
        """
        return str(self._policies.get(key, self._policies.get("token_policy", "subject_to_end")))

    def text(self, component: str) -> TextReading:
        """The streams through a CLIP encoder, at the door of its first block."""
        tokenizer = tokenizer_of(self.pipe, component)
        columns = pair_columns(tokenizer, self.pairs, self.policy("text_token_policy"))
        x, y = (token_ids(tokenizer, [getattr(p, f"{who}_prompt") for p in self.pairs]) for who in ("target", "anchor"))
        need_x, need_y = lengths(len(x), columns.target), lengths(len(y), columns.anchor)
        groups = group(torch.maximum(need_x, need_y), BATCH * x.shape[1])
        original, edited = self.original.layers(component), self.edited.layers(component)
        sites, K = self.weights.text_sites(component), None
        if self.preserve and sites:
            k = token_ids(tokenizer, self.preserve)
            kept, _ = preserve_columns(tokenizer, k, PRESERVE_TOKENS)
            need = lengths(len(k), kept)
            K = Stream(self._kept[0].layers(component), k, kept, group(need, BATCH * k.shape[1]), need, frozen=True)
        return TextReading(
            sites, columns,
            Stream(edited, x, columns.target, groups, need_x, frozen=True),
            Stream(original, x, columns.target, groups, need_x, frozen=True),
            Stream(original, y, columns.anchor, groups, need_y, frozen=True),
            K, architecture_of(self.pipe).blocks_read(component, len(original.blocks)),
        )  # fmt: skip

    def read(self, read: ConditioningInput) -> tuple[FourColumns, Statistics | None]:
        """The features that the linears of a conditioning input read.

        Returns:
            The columns of the pairs, and the sums over those of the preserved sentences (`sums_of_squares.kept_sums`), None
            where nothing is preserved.
        """
        parts = plan_pair_columns(self.pipe, read, self.pairs, self.policy("cross_attention_token_policy"))
        targets, anchors = [p.target_prompt for p in self.pairs], [p.anchor_prompt for p in self.pairs]
        moved = any(self.weights.moves(name) for part in read.parts for name in part if name in self.weights.clip)
        O = self.original.input_features(read, targets, [p.target for p in parts])
        X = self.edited.input_features(read, targets, [p.target for p in parts]) if moved else O
        Y = self.original.input_features(read, anchors, [p.anchor for p in parts])
        sums = None
        if self.preserve:
            columns, _ = plan_retain_columns(self.pipe, read, self.preserve, PRESERVE_TOKENS)
            K = self._kept[0].input_features(read, self.preserve, columns)
            sums = kept_sums(K, self._kept[1].input_features(read, self.preserve, columns) if moved else K)
        return (torch.arange(X.shape[1]), X, O, Y), sums
