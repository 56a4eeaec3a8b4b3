"""The two sides of an erasure in one text encoder: the target's texts through the edited layers, the anchor's through the
original ones, and the texts to preserve. What the denoiser reads of each is asked for afterwards, Read by Read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from erasepro.models.architectures import architecture_of
from erasepro.models.features.columns import PairColumns, pair_columns, preserve_columns
from erasepro.models.features.layers import Columns, TextLayers, token_ids
from erasepro.models.features.streams import Stream, encode
from erasepro.models.features.text_stack import TextStack, door, ends, tokenizer_of
from erasepro.models.sites import Site
from erasepro.schedules import Schedule
from erasepro.solvers.engine.fit import Fit, FitConfig
from erasepro.solvers.engine.text_pass import Streams, TextResult, open_streams, text_pass

TARGET, ANCHOR, KEPT = "target", "anchor", "kept"


@dataclass(frozen=True)
class Texts:
    """The sentences of an edit: target and anchor prompts row by row, captions to preserve."""

    target: Sequence[str]
    anchor: Sequence[str]
    kept: Sequence[str]

    def of(self, who: str) -> Sequence[str]:
        return {TARGET: self.target, ANCHOR: self.anchor, KEPT: self.kept}[who]


class Side(Protocol):
    """What a Read asks of an encoder, for one of TARGET, ANCHOR, KEPT."""

    def tokens(self, who: str, columns: Columns) -> Tensor:
        """Features (d, n) at these columns."""

    def pooled(self, who: str) -> Tensor:
        """Pooled vectors (d, B), one a text."""


class FrozenSide:
    """An encoder that is read, not edited: both sides run through the same layers."""

    def __init__(self, stack: TextStack, component: str, texts: Texts) -> None:
        self.stack, self.component, self.texts = stack, component, texts

    def tokens(self, who: str, columns: Columns) -> Tensor:
        return self.stack.tokens(self.component, self.texts.of(who), columns)

    def pooled(self, who: str) -> Tensor:
        return self.stack.pooled(self.component, self.texts.of(who))


@dataclass
class Wanted:
    """Which columns of one encoder will be read, by whom, and whether its pooled vectors are."""

    pairs: list[PairColumns] = field(default_factory=list)
    kept: list[Columns] = field(default_factory=list)
    pooled: bool = False


class ClipSide:
    """A CLIP encoder, edited block by block in one pass (`text_pass`).

    Args:
        wanted: everything that will be asked of this side.
        tokens, fit, schedule: of the text encoder's own sites.
        original: the target's features are read through the original layers (schedules that do not re-read).
        dtypes: of the pairs' and of the captions' forward passes.
    """

    def __init__(
        self, pipe: Any, component: str, texts: Texts, wanted: Wanted, *, sites: list[Site], tokens: str, fit: FitConfig,
        schedule: Schedule, dtypes: tuple[torch.dtype, torch.dtype], batch: int, pairs: Sequence[Any],
    ) -> None:  # fmt: skip
        encoder = getattr(pipe, component)
        self.tokenizer, self.batch, self.wanted = tokenizer_of(pipe, component), batch, wanted
        ids = {who: token_ids(self.tokenizer, texts.of(who)) for who in (TARGET, ANCHOR, KEPT)}
        self.layers = TextLayers(encoder, dtypes[0])
        self.kept_layers = self.layers if dtypes[0] == dtypes[1] else TextLayers(encoder, dtypes[1])
        self.door = door(self.tokenizer.encoder, self.layers)
        self.ids = ids
        self.ends = {who: ends(self.tokenizer, ids[who]) for who in ids} if wanted.pooled else {}
        columns = pair_columns(self.tokenizer, pairs, tokens)
        kept, weights = self._kept(fit, bool(sites))
        sets = [(columns.target, columns.anchor), *((p.target, p.anchor) for p in wanted.pairs)]
        sets += [(self.ends[TARGET], self.ends[ANCHOR])] if wanted.pooled else []
        later = [*wanted.kept, *([self.ends[KEPT]] if wanted.pooled else [])]
        self.streams: Streams = open_streams(
            self.layers, self.kept_layers, (ids[TARGET], ids[ANCHOR], ids[KEPT]), sets,
            [kept, *later] if kept is not None else [], schedule.reread and schedule.reread_kv, batch,
        )  # fmt: skip
        self.reread = schedule.reread_kv
        self._held: dict[tuple[str, int], Tensor] = {}
        fitter = Fit(fit, columns.per_concept(), columns.labels)
        last = architecture_of(pipe).blocks_read(component, len(self.layers.blocks))
        self.result: TextResult = text_pass(
            self.streams, sites, columns, schedule, fitter, weights, next(encoder.parameters()).dtype,
            at_door=self._hold, blocks=last,
        )  # fmt: skip

    def tokens(self, who: str, columns: Columns) -> Tensor:
        held = self._held.get((who, id(columns)))
        if held is not None:
            return held
        stream = self._stream(who)
        if stream is not None and self.door is None:
            return stream.features(columns)
        assert who == KEPT  # the others were held as they passed the door
        return encode(self.kept_layers, self.ids[KEPT], columns, self.batch, self.door)

    def pooled(self, who: str) -> Tensor:
        stream = self._stream(who)
        layers = self.kept_layers if who == KEPT else self.layers
        found = stream.features(self.ends[who]) if stream else encode(layers, self.ids[who], self.ends[who], self.batch)
        return layers.project(found)

    def _stream(self, who: str) -> Stream | None:
        s = self.streams
        return {TARGET: s.X if self.reread or s.O is None else s.O, ANCHOR: s.Y, KEPT: s.K}[who]

    def _hold(self, block: int) -> None:
        """Keep what the denoiser reads in passing, where that is not the end."""
        if block != self.door:
            return
        for pairs in self.wanted.pairs:
            for who, columns in ((TARGET, pairs.target), (ANCHOR, pairs.anchor)):
                stream = self._stream(who)
                assert stream is not None
                self._held[who, id(columns)] = stream.states(columns)
        if self.streams.K is not None:
            for columns in self.wanted.kept:
                self._held[KEPT, id(columns)] = self.streams.K.states(columns)

    def _kept(self, fit: FitConfig, used: bool) -> tuple[Columns | None, Tensor | None]:
        if not used or fit.preserve.kind not in ("gram", "null_space") or not len(self.ids[KEPT]):
            return None, None
        ids = self.ids[KEPT][: fit.preserve.captions]
        return preserve_columns(self.tokenizer, ids, fit.preserve.tokens, fit.preserve.weights)


Reader = Callable[[str], Side]
"""The side of an encoder, by its component's name."""
