"""Features entering each layer, read block by block: one pass over the encoder serves all layers.

A `Stream` holds the hidden states of a list of prompts at the door of one encoder block. Prompts are grouped by length
and each group is cut after the last position that anyone asks for: with causal attention later ones cannot matter. What
does not fit in `LIMIT` bytes waits on disk. The pipeline is never touched.

Shapes: ids (B, T), hidden states (B, T, d), gathered columns (features, n) with n chosen (prompt, position) pairs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.models.features.text_encoder_layers import Columns, TextLayers, causal_mask, run_block

LIMIT = 32 * 2**20  # bytes of hidden states that a store keeps in memory
LIMIT_TAPS = 256 * 2**20  # bytes of an edited layer's taps that are kept, so that `advance` need not run the block again
PADDING = 0.1  # share of a group's tokens that may be padding
LEAST = 256  # tokens of a group before that matters: smaller ones would cost more calls than they save


class Store:
    """Tensors by number: in memory while they fit in `limit` bytes, in a temporary folder beyond that."""

    def __init__(self, limit: int | None = None) -> None:
        self._limit = LIMIT if limit is None else limit
        self._held: dict[int, Tensor] = {}
        self._bytes = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._device = torch.device("cpu")

    def put(self, i: int, t: Tensor) -> None:
        before = self._held.pop(i, None)
        self._bytes -= before.nbytes if before is not None else 0
        if self._bytes + t.nbytes <= self._limit:
            self._held[i], self._bytes = t, self._bytes + t.nbytes
            return
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="erasepro-")
        self._device = t.device
        try:
            np.save(self._file(i), t.detach().cpu().numpy(), allow_pickle=False)
        except OSError as error:
            raise UserError(
                f"Cannot write hidden states to {self._folder.name} ({error.strerror}): free some space there, or set "
                "TMPDIR to a folder with more."
            ) from error

    def get(self, i: int) -> Tensor:
        if i in self._held:
            return self._held[i]
        return torch.from_numpy(np.load(self._file(i), allow_pickle=False)).to(self._device)

    def _file(self, i: int) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / f"{i}.npy"


@dataclass(frozen=True)
class Reading:
    """What a stream says of one site, at its columns. `middle` is the residual stream after the attention branch."""

    inputs: Tensor  # (d_in, n) entering the linear
    middle: Tensor  # (d, n)
    output: Tensor  # (d, n) leaving the block

    def state_after(self, kind: str) -> Tensor | None:
        """The residual stream (d, n) right after the linear's output was added to it; None for inner linears."""
        return {"mlp.fc2": self.output, "self_attn.out_proj": self.middle}.get(kind)


def lengths(prompts: int, *columns: Columns) -> Tensor:
    """(prompts,) leading tokens that a causal encoder must see of each prompt to compute all of these columns."""
    needed = torch.ones(prompts, dtype=torch.long)
    for c in columns:
        needed.scatter_reduce_(0, c.rows, c.positions + 1, "amax")
    return needed


def group(needed: Tensor, tokens: int) -> list[Tensor]:
    """Prompt numbers in groups of like length, each of at most `tokens` tokens once padded (but one prompt at least).

    A group of `LEAST` tokens or more takes no longer prompt that would make more than `PADDING` of it padding.
    """
    order = torch.argsort(needed, stable=True)
    groups: list[Tensor] = []
    start = used = 0
    for i, length in enumerate(needed[order].tolist()):
        padded = (i + 1 - start) * length
        wasteful = padded > LEAST and padded - used - length > PADDING * padded
        if i > start and (padded > tokens or wasteful):
            groups.append(order[start:i])
            start, used = i, 0
        used += length
    return [*groups, order[start:]] if len(order) else []


class Partition:
    """Prompts in parts, each given by their numbers."""

    def __init__(self, parts: Sequence[Tensor]) -> None:
        self._count = len(parts)
        self._home = torch.zeros(sum(map(len, parts)), dtype=torch.long)
        self._local = torch.zeros_like(self._home)
        for number, rows in enumerate(parts):
            self._home[rows], self._local[rows] = number, torch.arange(len(rows))
        self._held: dict[int, tuple[Columns, list[tuple[Tensor, Columns]]]] = {}

    def split(self, columns: Columns) -> list[tuple[Tensor, Columns]]:
        """For each part: the numbers of the columns in it, and their places there. Asked again, the same objects."""
        held = self._held.get(id(columns))
        if held is None:
            home = self._home[columns.rows]
            numbers = [(home == part).nonzero().flatten() for part in range(self._count)]
            found = [(mine, Columns(self._local[columns.rows[mine]], columns.positions[mine])) for mine in numbers]
            held = self._held[id(columns)] = (columns, found)  # the columns are kept: their id stays theirs
        return held[1]


class Stream:
    """Hidden states of some prompts on their way through the blocks of `layers`.

    Args:
        groups: prompt numbers run together (`group`); streams with the same groups can be scanned side by side.
        needed: (B,) leading tokens wanted of each prompt (`lengths`).
        frozen: the layers are never edited, so that what a reading computed of a block serves `advance` too.
    """

    @torch.no_grad()
    def __init__(
        self, layers: TextLayers, ids: Tensor, columns: Columns, groups: Sequence[Tensor], needed: Tensor,
        frozen: bool = False,
    ) -> None:  # fmt: skip
        self.layers, self.columns, self.groups, self.frozen = layers, columns, list(groups), frozen
        self.block = 0
        self._cut = [int(needed[rows].max()) for rows in self.groups]
        self._states, self._after, self._inputs = Store(), Store(), Store(LIMIT_TAPS)
        self._known: tuple[int, str] | None = None  # the block and site whose outputs (frozen) or taps are kept
        self._partition = Partition(self.groups)
        for g, rows in enumerate(self.groups):
            self._states.put(g, layers.embed(ids[rows, : self._cut[g]]))

    def places(self, columns: Columns) -> list[tuple[Tensor, Columns]]:
        """For each group: the numbers of the columns in it, and their places in the group's states."""
        return self._partition.split(columns)

    @torch.no_grad()
    def scan(self, kind: str, columns: Columns | None = None) -> Iterator[tuple[Tensor, Reading]]:
        """Run the block at the door and give, group by group, the columns' numbers and what is read at them."""
        places = self.places(self.columns if columns is None else columns)
        for (mine, here), taps in zip(places, self._run(kind), strict=True):
            yield mine, Reading(**{key: here.gather(states) for key, states in taps.items()})

    def read(self, kind: str, columns: Columns | None = None) -> Reading:
        """The site's inputs and the block's states at the stream's columns (or at others), all at once."""
        columns = self.columns if columns is None else columns
        whole: dict[str, Tensor] = {}  # filled group by group, so that each column is held once
        for mine, reading in self.scan(kind, columns):
            for key in ("inputs", "middle", "output"):
                part = getattr(reading, key)
                if key not in whole:
                    whole[key] = part.new_empty(len(part), len(columns))
                whole[key][:, mine.to(part.device)] = part
        return Reading(**whole)

    def visit(self, kind: str, see: Callable[[Tensor, Tensor], None]) -> None:
        """Hand the site's inputs to `see(columns (d_in, m), their numbers)` a group at a time, keeping none."""
        for mine, reading in self.scan(kind):
            if len(mine):
                see(reading.inputs, mine)

    def set_weight(self, block: int, kind: str, W: Tensor) -> None:
        """Put another weight (d_out, d_in) in the layers that the prompts run through."""
        self.layers.set_weight(block, kind, W)

    def drop(self, block: int, edited: bool = False) -> None:
        """Forget a block of the layers, as `Blocks.drop`."""
        self.layers.blocks.drop(block, edited)

    @torch.no_grad()
    def advance(self) -> None:
        """Carry the hidden states through the block at the door."""
        block, known = self.block, self._known
        layer = self.layers.blocks[block]
        for g in range(len(self.groups)):
            if known is not None and known[0] == block and self.frozen:
                h = self._after.get(g)
            elif known == (block, "mlp.fc2"):  # all but the last product is known: fc2 may have been edited since
                h = self._after.get(g) + layer.get_submodule("mlp.fc2")(self._inputs.get(g))
            else:
                h = self._through(g, [block])
            self._states.put(g, h)
        self.block, self._known = block + 1, None
        self._after, self._inputs = Store(), Store(LIMIT_TAPS)

    @torch.no_grad()
    def through(self, blocks: Sequence[int], columns: Columns | None = None) -> Tensor:
        """The columns (d, n) of the states after these blocks; the stream itself stays where it is."""
        return self._collect(lambda g: self._through(g, blocks), self.columns if columns is None else columns)

    def states(self, columns: Columns | None = None) -> Tensor:
        """The columns (d, n) of the states at the door."""
        return self._collect(self._states.get, self.columns if columns is None else columns)

    @torch.no_grad()
    def features(self, columns: Columns | None = None) -> Tensor:
        """What the U-Net reads (d, n): the final norm of the current states, at the stream's columns or at others."""
        return self.layers.final_norm(self.states(columns).T).T

    def _collect(self, states: Callable[[int], Tensor], columns: Columns) -> Tensor:
        out: Tensor | None = None
        for g, (mine, here) in enumerate(self.places(columns)):
            if len(mine):
                part = here.gather(states(g))
                if out is None:
                    out = part.new_empty(len(part), len(columns))
                out[:, mine.to(out.device)] = part
        if out is None:
            raise UserError("No token is left to read: the texts or the token policy give none.")
        return out

    def _through(self, g: int, blocks: Sequence[int]) -> Tensor:
        h = self._states.get(g)
        mask = causal_mask(h.shape[1], h)
        for block in blocks:
            h = run_block(self.layers.blocks[block], h, mask)
        return h

    def _run(self, kind: str) -> Iterator[dict[str, Tensor]]:
        layer = self.layers.blocks[self.block]
        taps: dict[str, Tensor] = {}
        hooks = [
            layer.get_submodule(kind).register_forward_pre_hook(lambda _, args: taps.update(inputs=args[0])),
            layer.get_submodule("layer_norm2").register_forward_pre_hook(lambda _, args: taps.update(middle=args[0])),
        ]
        keep = self.frozen or (kind == "mlp.fc2" and self._fits(layer.get_submodule(kind).in_features))
        self._known = None
        try:
            for g in range(len(self.groups)):
                taps["output"] = self._through(g, [self.block])
                if keep:
                    self._after.put(g, taps["output" if self.frozen else "middle"])
                    if not self.frozen:
                        self._inputs.put(g, taps["inputs"])
                yield taps
            self._known = (self.block, kind) if keep else None
        finally:
            for hook in hooks:
                hook.remove()

    def _fits(self, d_in: int) -> bool:
        """Whether the taps of an edited fc2, for all tokens, may be kept in memory."""
        tokens = sum(len(rows) * cut for rows, cut in zip(self.groups, self._cut, strict=True))
        return tokens * 2 * d_in * torch.finfo(self.layers.dtype).bits // 8 <= LIMIT_TAPS


def open_stream(layers: TextLayers, ids: Tensor, columns: Columns, batch: int = 64, frozen: bool = False) -> Stream:
    """A stream of its own, for these columns alone; `batch` prompts of full length are run together."""
    needed = lengths(len(ids), columns)
    return Stream(layers, ids, columns, group(needed, batch * ids.shape[1]), needed, frozen)


def encode(layers: TextLayers, ids: Tensor, columns: Columns, batch: int = 64, blocks: int | None = None) -> Tensor:
    """What is read (d, n) at these columns: all blocks run and the final norm; or the bare states after some `blocks`."""
    if not len(columns):
        return torch.zeros(layers.width, 0, dtype=layers.dtype)
    stream = open_stream(layers, ids, columns, batch)
    count = len(layers.blocks) if blocks is None else blocks
    if layers.lazy:  # block by block for all prompts, so that none is read twice or kept
        for block in range(count):
            stream.advance()
            layers.blocks.drop(block)
        found = stream.states()
    else:
        found = stream.through(range(count))
    found = layers.final_norm(found.T).T if blocks is None else found
    if not bool(torch.isfinite(found).all()):
        raise UserError("The text encoder gives NaN or infinity: load the model again, or in a wider dtype.")
    return found.detach()
