"""One list of prompts in two precisions: those that must be exact in double, the others in single, at half the cost.

A `MixedStream` answers as a `Stream` of all of them does, in the wider precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from torch import Tensor

from erasepro.models.features.streams import Partition, Reading, Stream
from erasepro.models.features.text_encoder_layers import Columns, TextLayers


class MixedStream:
    """Streams of some prompts each, side by side at the same block; the first has the widest precision.

    Args:
        parts: the numbers of the prompts of each stream, and the stream.
    """

    def __init__(self, parts: Sequence[tuple[Tensor, Stream]]) -> None:
        self._streams = [stream for _, stream in parts]
        self._partition = Partition([rows for rows, _ in parts])

    @property
    def block(self) -> int:
        """The block that all of them stand before."""
        return self._streams[0].block

    @property
    def layers(self) -> TextLayers:
        """The layers in the widest precision."""
        return self._streams[0].layers

    def set_weight(self, block: int, kind: str, W: Tensor) -> None:
        """As `Stream.set_weight`."""
        for stream in self._streams:
            stream.set_weight(block, kind, W)

    def drop(self, block: int, edited: bool = False) -> None:
        """As `Stream.drop`."""
        for stream in self._streams:
            stream.drop(block, edited)

    def advance(self) -> None:
        """As `Stream.advance`."""
        for stream in self._streams:
            stream.advance()

    def scan(self, kind: str, columns: Columns) -> Iterator[tuple[Tensor, Reading]]:
        """As `Stream.scan`, the groups of one stream after those of the other."""
        for stream, mine, here in self._parts(columns):
            for numbers, found in stream.scan(kind, here):
                yield mine[numbers], Reading(*map(self._widened, (found.inputs, found.middle, found.output)))

    def read(self, kind: str, columns: Columns) -> Reading:
        """As `Stream.read`."""
        found = [(mine, stream.read(kind, here)) for stream, mine, here in self._parts(columns)]
        parts = ([(mine, getattr(reading, key)) for mine, reading in found] for key in ("inputs", "middle", "output"))
        return Reading(*(self._joined(part, len(columns)) for part in parts))

    def states(self, columns: Columns) -> Tensor:
        """As `Stream.states`."""
        return self._collect(Stream.states, columns)

    def features(self, columns: Columns) -> Tensor:
        """As `Stream.features`."""
        return self._collect(Stream.features, columns)

    def through(self, blocks: Sequence[int], columns: Columns) -> Tensor:
        """As `Stream.through`."""
        return self._collect(lambda stream, here: stream.through(blocks, here), columns)

    def _collect(self, of: Callable[[Stream, Columns], Tensor], columns: Columns) -> Tensor:
        found = [(mine, of(stream, here)) for stream, mine, here in self._parts(columns)]
        return self._joined(found, len(columns))

    def _joined(self, parts: Sequence[tuple[Tensor, Tensor]], count: int) -> Tensor:
        first = parts[0][1]
        whole = first.new_empty(len(first), count, dtype=self.layers.dtype)
        for mine, part in parts:
            whole[:, mine.to(whole.device)] = self._widened(part)
        return whole

    def _widened(self, part: Tensor) -> Tensor:
        return part.to(self.layers.dtype)

    def _parts(self, columns: Columns) -> list[tuple[Stream, Tensor, Columns]]:
        """The streams that have any of the columns, with the columns' numbers and their places there."""
        parts = [(s, *places) for s, places in zip(self._streams, self._partition.split(columns), strict=True)]
        return [part for part in parts if len(part[1])] or parts[:1]  # of no column at all a stream has its own to say
