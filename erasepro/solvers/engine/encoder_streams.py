"""The streams of one encoder's pass, side by side at the same block."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from erasepro.models.features.streams import Stream, group, lengths
from erasepro.models.features.text_encoder_layers import Columns, TextLayers


@dataclass
class Streams:
    """The streams at the same block. O is None when X is re-read everywhere; K when nothing is preserved by its Gram."""

    X: Stream
    Y: Stream
    O: Stream | None
    K: Stream | None

    def advance(self) -> None:
        """Carry every stream through the block that they stand before; the block itself is needed no more."""
        streams = [s for s in (self.X, self.Y, self.O, self.K) if s is not None]
        for stream in streams:
            stream.advance()
        for stream in streams:
            stream.layers.blocks.drop(stream.block - 1, edited=True)


def open_streams(
    layers: TextLayers, retain_layers: TextLayers, ids: tuple[Tensor, Tensor, Tensor],
    sets: list[tuple[Columns, Columns]], retained: list[Columns], reread: bool, batch: int,
) -> Streams:  # fmt: skip
    """Streams over (target, anchor, retain) ids, each prompt cut after its last needed token (causal attention).

    Args:
        sets: (target, anchor) columns that will be read; the first are the streams' own.
        retained: columns of the captions that will be read; the first are the stream's own. Empty: no K.
        reread: the target's features are read through the edited layers everywhere, so that O is not needed.
        batch: prompts of full length that are run together.
    """
    x, y, k = ids
    tokens = batch * x.shape[1]
    need_x, need_y = lengths(len(x), *(t for t, _ in sets)), lengths(len(y), *(a for _, a in sets))
    groups = group(torch.maximum(need_x, need_y), tokens)
    K = None
    if retained and len(retained[0]):
        need_k = lengths(len(k), *retained)
        K = Stream(retain_layers, k, retained[0], group(need_k, tokens), need_k, frozen=True)
    return Streams(
        Stream(layers.editable_copy(), x, sets[0][0], groups, need_x),
        Stream(layers, y, sets[0][1], groups, need_y, frozen=True),
        None if reread else Stream(layers, x, sets[0][0], groups, need_x, frozen=True),
        K,
    )
