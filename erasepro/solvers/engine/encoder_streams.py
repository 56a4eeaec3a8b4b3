"""The streams of one encoder's pass, side by side at the same block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from erasepro.models.features.streams import Stream, group, lengths
from erasepro.models.features.text_encoder_layers import Columns, TextLayers


class LateStream:
    """A stream of frozen layers that is opened when it is first read, and then catches up with the others."""

    def __init__(self, open_stream: Callable[[], Stream]) -> None:
        self._open = open_stream
        self._stream: Stream | None = None
        self.block = 0
        """The block that it stands before, opened or not."""

    @property
    def is_open(self) -> bool:
        """Whether anything was read of it."""
        return self._stream is not None

    def here(self) -> Stream:
        """The stream, standing before `block`."""
        self._stream = _carried(self._open() if self._stream is None else self._stream, self.block)
        return self._stream

    def anew(self, block: int) -> Stream:
        """Another stream of the same texts, cut and grouped alike, standing before a block."""
        return _carried(self._open(), block)

    def advance(self) -> None:
        """Stand before the next block."""
        self.block += 1
        if self._stream is not None:
            self.here()


def _carried(stream: Stream, block: int) -> Stream:
    while stream.block < block:
        stream.advance()
        stream.layers.blocks.drop(stream.block - 1)
    return stream


@dataclass
class Streams:
    """The streams at the same block. O is None when X is re-read everywhere; K: the captions' by name, those to be read."""

    X: Stream
    Y: Stream
    O: Stream | None
    K: dict[str, LateStream]

    def advance(self) -> None:
        """Carry every stream through the block that they stand before; the block itself is needed no more."""
        streams = [s for s in (self.X, self.Y, self.O) if s is not None]
        for stream in streams:
            stream.advance()
        for late in self.K.values():
            late.advance()
        for stream in streams:
            stream.layers.blocks.drop(stream.block - 1, edited=True)


def open_streams(
    layers: TextLayers, retain_layers: TextLayers, ids: tuple[Tensor, Tensor], captions: Mapping[str, Tensor],
    sets: list[tuple[Columns, Columns]], retained: Mapping[str, list[Columns]], reread: bool, batch: int,
) -> Streams:  # fmt: skip
    """Streams over (target, anchor) ids and those of captions, each prompt cut after its last needed token (causal attention).

    Args:
        sets: (target, anchor) columns that will be read; the first are the streams' own.
        retained: columns of the captions that will be read, by stream; the first are the stream's own.
        reread: the target's features are read through the edited layers everywhere, so that O is not needed.
        batch: prompts of full length that are run together.
    """
    x, y = ids
    tokens = batch * x.shape[1]
    need_x, need_y = lengths(len(x), *(t for t, _ in sets)), lengths(len(y), *(a for _, a in sets))
    groups = group(torch.maximum(need_x, need_y), tokens)
    K = {}
    for name, columns in retained.items():
        k, need_k = captions[name], lengths(len(captions[name]), *columns)
        opened = partial(Stream, retain_layers, k, columns[0], group(need_k, tokens), need_k, frozen=True)
        K[name] = LateStream(opened)
    return Streams(
        Stream(layers.editable_copy(), x, sets[0][0], groups, need_x),
        Stream(layers, y, sets[0][1], groups, need_y, frozen=True),
        None if reread else Stream(layers, x, sets[0][0], groups, need_x, frozen=True),
        K,
    )
