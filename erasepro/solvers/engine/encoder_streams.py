"""The streams of one encoder's pass, side by side at the same block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from erasepro.models.features.mixed_stream import MixedStream
from erasepro.models.features.streams import Partition, Stream, group, lengths
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
        stream.drop(stream.block - 1)
    return stream


@dataclass
class Streams:
    """The streams at the same block. O is None when X is re-read everywhere; K: the captions' by name, those to be read."""

    X: Stream | MixedStream
    Y: Stream | MixedStream
    O: Stream | MixedStream | None
    K: dict[str, LateStream]

    def advance(self) -> None:
        """Carry every stream through the block that they stand before; the block itself is needed no more."""
        streams = [s for s in (self.X, self.Y, self.O) if s is not None]
        for stream in streams:
            stream.advance()
        for late in self.K.values():
            late.advance()
        for stream in streams:
            stream.drop(stream.block - 1, edited=True)


def open_streams(
    parts: Sequence[tuple[Tensor, TextLayers]], retain_layers: TextLayers, ids: tuple[Tensor, Tensor],
    captions: Mapping[str, Tensor], sets: list[tuple[Columns, Columns]], retained: Mapping[str, list[Columns]],
    reread: bool, batch: int,
) -> Streams:  # fmt: skip
    """Streams over (target, anchor) ids and those of captions, each prompt cut after its last needed token (causal attention).

    Args:
        parts: which pairs run through which layers, those in the widest precision first.
        sets: (target, anchor) columns that will be read; the first are the streams' own.
        retained: columns of the captions that will be read, by stream; the first are the stream's own.
        reread: the target's features are read through the edited layers everywhere, so that O is not needed.
        batch: prompts of full length that are run together.
    """
    x, y = ids
    tokens = batch * x.shape[1]
    need_x, need_y = lengths(len(x), *(t for t, _ in sets)), lengths(len(y), *(a for _, a in sets))
    needed = torch.maximum(need_x, need_y)
    groups = [group(needed[rows], tokens) for rows, _ in parts]

    def opened(ids: Tensor, columns: Columns, needed: Tensor, edited: bool = False) -> Stream | MixedStream:
        own = [here for _, here in Partition([rows for rows, _ in parts]).split(columns)]
        streams = [
            (rows, Stream(layers.editable_copy() if edited else layers, ids[rows], here, cut, needed[rows], not edited))
            for (rows, layers), here, cut in zip(parts, own, groups, strict=True)
        ]
        return MixedStream(streams) if len(streams) > 1 else streams[0][1]

    K = {}
    for name, columns in retained.items():
        k, need_k = captions[name], lengths(len(captions[name]), *columns)
        K[name] = LateStream(partial(Stream, retain_layers, k, columns[0], group(need_k, tokens), need_k, frozen=True))
    return Streams(
        opened(x, sets[0][0], need_x, edited=True),
        opened(y, sets[0][1], need_y),
        None if reread else opened(x, sets[0][0], need_x),
        K,
    )
