"""One pass through a text encoder whose layers are edited on the way: read, replace, carry on.

Streams: X the target prompts through the edited copy, Y the anchor prompts through the original, O the target prompts
through the original (schedules that do not re-read), K the captions to preserve through the original, each stream of them
apart. X, Y and O run the same prompts in the same groups, so that a group's columns of both are there at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import Any

import torch
from torch import Tensor

from erasepro.linalg import Statistics, Update
from erasepro.models.architectures import architecture_of
from erasepro.models.features.columns import PairColumns, pair_columns, preserve_columns
from erasepro.models.features.mixed_stream import MixedStream
from erasepro.models.features.statistics_store import StatisticsStore, encoder_digest, statistics_key
from erasepro.models.features.streams import Reading, Stream, encode, lengths
from erasepro.models.features.text_encoder_layers import Columns, TextLayers, token_ids
from erasepro.models.features.text_stack import exit_layer, tokenizer_of
from erasepro.models.sites import Site
from erasepro.schedules import Schedule, SiteView
from erasepro.solvers.configs.fit import PreserveConfig
from erasepro.solvers.engine.captions import ADDED, REMOVED, SHARED, joint_sums
from erasepro.solvers.engine.constraints import round_weight
from erasepro.solvers.engine.encoder import ANCHOR, TARGET, Texts
from erasepro.solvers.engine.encoder_streams import Streams, open_streams
from erasepro.solvers.engine.fit import check_finite, share_left
from erasepro.solvers.engine.required_columns import RequiredColumns


@dataclass(frozen=True)
class EncoderSettings:
    """How an encoder is read while it is edited."""

    token_policy: str
    """Which tokens of the pairs are constrained, a key of `token_pairing.POLICIES`."""
    preserve: PreserveConfig
    """Which columns of the captions shape the cost."""
    schedule: Schedule
    dtype: torch.dtype
    """Precision of the pairs' forward passes."""
    mixed: bool
    """Only of those sentences that hold a name's columns: the others run in single precision."""
    preserve_dtype: torch.dtype
    """Precision of the captions'."""
    batch_size: int
    """Prompts of full length run together; speed only."""
    statistics: StatisticsStore = field(default_factory=StatisticsStore)
    """Where the captions' sums are kept."""


class EditableEncoder:
    """A CLIP encoder that is edited block by block; use it as `plan`, `open_streams`, then per block `look`, `replace`,
    `advance`; `tokens` and `pooled` answer once all blocks are behind it.

    Args:
        sites: the linears that are edited, shallow → deep.
    """

    def __init__(self, pipe: Any, component: str, sites: Sequence[Site], settings: EncoderSettings) -> None:
        self.pipe, self.component, self.sites, self.settings = pipe, component, list(sites), settings
        self._exit_states: dict[tuple[str, int], Tensor] = {}
        self._identities: dict[str, str] = {}

    def plan(self, texts: Texts, pairs: Sequence[Any], required: RequiredColumns) -> None:
        """Decide which columns of each text will be read; no layer is run.

        Args:
            pairs: prompt pairs row by row, as in `texts`.
            required: what the conditioning inputs will ask for afterwards.

        Raises:
            UserError: a concept that its prompt does not hold, or that does not fit the context.
        """
        settings = self.settings
        encoder = getattr(self.pipe, self.component)
        self.tokenizer, self.required = tokenizer_of(self.pipe, self.component), required
        self.ids = {
            stream: token_ids(self.tokenizer, texts.of(stream)) for stream in (TARGET, ANCHOR, *texts.captions)
        }
        self.layers = TextLayers(encoder, settings.dtype)
        same = settings.dtype == settings.preserve_dtype
        self.retain_layers = self.layers if same else TextLayers(encoder, settings.preserve_dtype)
        self.weight_dtype = next(encoder.parameters()).dtype
        self.exit_layer = exit_layer(self.tokenizer.encoder, self.layers)
        places = {stream: self.layers.pooled_positions(ids) for stream, ids in self.ids.items()}
        self.pooled_positions = places if required.pooled else {}
        planned = required.planned.get(settings.token_policy)
        self.columns: PairColumns = planned or pair_columns(self.tokenizer, pairs, settings.token_policy)
        self.parts = self._parts(encoder)
        self.retained_columns, self.retained_weights = self._retained_columns()
        """The columns of each stream of captions whose sums shape the cost, and their weights."""
        architecture = architecture_of(self.pipe)
        self.depth = architecture.blocks_read(self.component, len(self.layers.blocks))
        """Blocks that anything the denoiser reads depends on."""

    def open_streams(self) -> None:
        """Embed all texts: every stream stands before block 0."""
        required, schedule = self.required, self.settings.schedule
        sets = [(self.columns.target, self.columns.anchor), *((p.target, p.anchor) for p in required.pairs)]
        sets += [(self.pooled_positions[TARGET], self.pooled_positions[ANCHOR])] if required.pooled else []
        self.streams: Streams = open_streams(
            self.parts, self.retain_layers, (self.ids[TARGET], self.ids[ANCHOR]), self.ids, sets,
            {stream: self._read_of(stream) for stream in self.retained_columns},
            reread=schedule.reread and schedule.reread_cross_attention, batch=self.settings.batch_size,
        )  # fmt: skip
        self._final_anchor: Tensor | None = None
        self._keep_exit_states()

    def sites_at(self, block: int) -> list[Site]:
        """The block's edited linears, in the order in which it computes them."""
        return [site for site in self.sites if site.depth == block]

    def weight(self, site: Site) -> Tensor:
        """W_o (d_out, d_in), the original. UserError where it holds NaN or infinity."""
        W = self.streams.Y.layers.linear(site.depth, site.kind).weight
        check_finite(W, site.name)
        return W

    def look(self, site: Site, grouped: bool = False) -> Iterator[SiteView]:
        """A site as a schedule sees it: X through the layers edited so far, Y through the original ones.

        Args:
            grouped: a view a group of prompts, so that never all columns are held at once.
        """
        X = self.streams.X if self.settings.schedule.reread or self.streams.O is None else self.streams.O
        Y, columns, W = self.streams.Y, self.columns, self.weight(site)
        kind, step = site.kind, self.sites.index(site) + 1
        final_gap = cache(partial(self._final_gap, site.depth))

        def view(x: Reading, y: Reading, gap: Callable[[], Tensor]) -> SiteView:
            states = x.state_after(kind), y.state_after(kind)
            return SiteView(kind, step, len(self.sites), W, x.inputs, y.inputs, *states, gap)

        if not grouped:
            yield view(X.read(kind, columns.target), Y.read(kind, columns.anchor), final_gap)
            return
        groups = zip(X.scan(kind, columns.target), Y.scan(kind, columns.anchor), strict=True)
        for (numbers, x), (_, y) in groups:
            if len(numbers):
                yield view(x, y, lambda at=numbers: final_gap()[:, at])  # type: ignore[misc]

    def retained(self, site: Site) -> Statistics | None:
        """The sums K Kᵀ of the captions' features entering a site; None where nothing is preserved by them."""
        if not self.retained_columns:
            return None
        d_in = self.weight(site).shape[1]

        def collect(stream: str) -> Statistics:
            sums, weights = Statistics(d_in), self.retained_weights[stream]

            def add(part: Tensor, numbers: Tensor) -> None:
                sums.update(part, weights=None if weights is None else weights[numbers])

            self.streams.K[stream].here().visit(site.kind, add)
            return sums

        def key(stream: str) -> str:
            columns = self.retained_columns[stream], self.retained_weights[stream]
            return statistics_key("site", site.kind, site.depth, self.identity(stream), columns)

        return joint_sums(self.retained_columns, collect, key, d_in, self.settings.statistics)

    def identity(self, stream: str) -> str:
        """A hash of the original encoder, of the captions, and of how they are run: float32 rounds by the groups."""
        if stream not in self._identities:
            settings, captions = self.settings, self.ids[stream]
            cut = lengths(len(captions), *self._read_of(stream)) if len(captions) else None
            facts = self._weights_digest, captions, cut, settings.batch_size, settings.preserve_dtype
            self._identities[stream] = statistics_key(*facts)
        return self._identities[stream]

    @cached_property
    def _weights_digest(self) -> str:
        return encoder_digest(getattr(self.pipe, self.component))

    def replace(self, site: Site, update: Update) -> Tensor:
        """Put W_o + ΔW in the edited copy, rounded as it will be applied: later layers see that. Returns it (d_out, d_in)."""
        W = round_weight(update.apply_to(self.weight(site)), self.weight_dtype)
        self.streams.X.set_weight(site.depth, site.kind, W)
        return W

    def advance(self) -> None:
        """Carry every stream through the block that they stand before."""
        self.streams.advance()
        self._keep_exit_states()

    def gap(self) -> float:
        """‖A_x − A_y‖/‖A_y‖ of the constrained columns' hidden states, where the streams stand."""
        return share_left(self.streams.X.states(self.columns.target), self.streams.Y.states(self.columns.anchor))

    def tokens(self, stream: str, columns: Columns) -> Tensor:
        states = self._exit_states.get((stream, id(columns)))
        if states is not None:
            return states
        source = self._stream(stream)
        if source is not None and self.exit_layer is None:
            return source.features(columns)
        if stream in self.streams.K and self.exit_layer is not None:
            return self.streams.K[stream].anew(self.exit_layer).states(columns)
        if stream in (TARGET, ANCHOR):
            raise RuntimeError(f"The {stream} columns were not planned, so they were not kept at the exit layer.")
        return encode(self.retain_layers, self.ids[stream], columns, self.settings.batch_size, self.exit_layer)

    def pooled(self, stream: str) -> Tensor:
        source, columns = self._stream(stream), self.pooled_positions[stream]
        layers = self.layers if stream in (TARGET, ANCHOR) else self.retain_layers
        states = (
            source.features(columns) if source else encode(layers, self.ids[stream], columns, self.settings.batch_size)
        )
        return layers.project(states)

    def _final_gap(self, block: int) -> Tensor:
        """The anchor's minus the target's hidden state (d, n) after the last edited block, from this block on."""
        ahead = range(block, max(site.depth for site in self.sites) + 1)
        if self._final_anchor is None:
            self._final_anchor = self.streams.Y.through(ahead, self.columns.anchor)
        return self._final_anchor - self.streams.X.through(ahead, self.columns.target)

    def _parts(self, encoder: Any) -> list[tuple[Tensor, TextLayers]]:
        """Which pairs run through which layers: all of them through the same, or those that are held exactly apart."""
        rows = torch.arange(len(self.ids[TARGET]))
        if not self.settings.mixed:
            return [(rows, self.layers)]
        pairs = [self.columns, *self.required.pairs]
        exact = torch.isin(rows, torch.cat([columns.target.rows[columns.names] for columns in pairs]))
        if bool(exact.all()):
            return [(rows, self.layers)]
        same = self.settings.preserve_dtype == torch.float32
        single = self.retain_layers if same else TextLayers(encoder, torch.float32)
        return [(rows[exact], self.layers), (rows[~exact], single)]

    def _stream(self, stream: str) -> Stream | MixedStream | None:
        s = self.streams
        target = s.X if self.settings.schedule.reread_cross_attention or s.O is None else s.O
        if stream in (TARGET, ANCHOR):
            return target if stream == TARGET else s.Y
        return s.K[stream].here() if stream in s.K else None

    def _keep_exit_states(self) -> None:
        """Keep what the denoiser reads in passing, where that is not the end."""
        if self.streams.Y.block != self.exit_layer:
            return
        asked = [(TARGET, p.target) for p in self.required.pairs] + [(ANCHOR, p.anchor) for p in self.required.pairs]
        for stream, late in self.streams.K.items():
            asked += [(stream, columns) for columns in self.required.retained.get(stream, []) if late.is_open]
        for name, columns in asked:
            source = self._stream(name)
            if source is not None:
                self._exit_states[name, id(columns)] = source.states(columns)

    def _read_of(self, stream: str) -> list[Columns]:
        """All columns of a stream of captions that are read; first those whose sums shape the cost of the layers."""
        own = self.retained_columns.get(stream)
        if own is None:
            return []
        required = self.required
        pooled = [self.pooled_positions[stream]] if required.pooled else []
        return [own, *required.retained.get(stream, []), *pooled]

    def _retained_columns(self) -> tuple[dict[str, Columns], dict[str, Tensor | None]]:
        preserve = self.settings.preserve
        columns: dict[str, Columns] = {}
        weights: dict[str, Tensor | None] = {}
        for stream in (SHARED, ADDED, REMOVED):
            ids = self.ids[stream][: preserve.captions]
            if self.sites and preserve.kind in ("gram", "null_space") and len(ids):
                first = stream == SHARED
                read = preserve_columns(self.tokenizer, ids, preserve.tokens, preserve.weights, first)
                if len(read[0]):
                    columns[stream], weights[stream] = read
        return columns, weights
