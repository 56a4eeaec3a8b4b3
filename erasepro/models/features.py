"""Features entering each layer, read block by block: the two streams of METHOD's one pass.

A `Stream` holds the hidden states of a list of prompts at the door of one encoder block. Reading a site runs that block
(in batches) and gathers, at chosen token positions, what enters the site's linear and what the block makes of it. The
pipeline is never touched: streams run on copies.

Shapes: ids (B, T), hidden states (B, T, d), gathered columns (features, n) with n chosen (prompt, position) pairs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from erasepro.errors import UserError


@dataclass(frozen=True)
class Columns:
    """n chosen positions: rows[j] is the prompt of column j and positions[j] its token."""

    rows: Tensor
    positions: Tensor

    @classmethod
    def of(cls, chosen: Sequence[tuple[int, int]]) -> Columns:
        table = torch.tensor(list(chosen), dtype=torch.long).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def length(self) -> int:
        """The number of leading tokens that a causal encoder must see to compute them all."""
        return int(self.positions.max()) + 1 if len(self) else 1

    def gather(self, states: Tensor) -> Tensor:
        """Columns (f, n) out of states (B, T, f)."""
        return states[self.rows.to(states.device), self.positions.to(states.device)].T


class TextLayers:
    """The parts of a CLIP text encoder, copied in the given precision: embeddings, blocks, final norm."""

    def __init__(self, encoder: nn.Module, dtype: torch.dtype = torch.float64) -> None:
        ends = ("embeddings", "encoder.layers", "final_layer_norm")
        names = {name.rpartition(".")[2]: name for name, _ in encoder.named_modules() if name.endswith(ends)}
        if set(names) != {"embeddings", "layers", "final_layer_norm"}:
            raise UserError(f"{type(encoder).__name__} is not laid out like a CLIP text encoder: it cannot be read.")
        clone = copy.deepcopy(encoder).eval().requires_grad_(False).to(dtype)
        self.embeddings = clone.get_submodule(names["embeddings"])
        self.blocks: list[nn.Module] = list(clone.get_submodule(names["layers"]).children())
        self.final_norm = clone.get_submodule(names["final_layer_norm"])
        self.prefix = names["layers"]  # module path of the blocks inside the encoder

    def twin(self) -> TextLayers:
        """Another copy of the blocks, free to be edited; embeddings and final norm are shared."""
        other = copy.copy(self)
        other.blocks = copy.deepcopy(self.blocks)
        return other

    def linear(self, block: int, kind: str) -> nn.Linear:
        found = self.blocks[block].get_submodule(kind)
        assert isinstance(found, nn.Linear)
        return found


@dataclass(frozen=True)
class Reading:
    """What a stream says of one site, at its columns. `middle` is the residual stream after the attention branch."""

    inputs: Tensor  # (d_in, n) entering the linear
    middle: Tensor  # (d, n)
    output: Tensor  # (d, n) leaving the block

    def state_after(self, kind: str) -> Tensor | None:
        """The residual stream (d, n) right after the linear's output was added to it; None for inner linears."""
        return {"mlp.fc2": self.output, "self_attn.out_proj": self.middle}.get(kind)


class Stream:
    """Hidden states of some prompts on their way through the blocks of `layers`.

    frozen: the layers are never edited, so that what a reading computed of a block serves `advance` too.
    """

    def __init__(
        self, layers: TextLayers, ids: Tensor, columns: Columns, batch: int = 64, frozen: bool = False
    ) -> None:
        self.layers, self.columns, self.batch, self.frozen = layers, columns, batch, frozen
        self._after: tuple[int, Tensor] | None = None
        with torch.no_grad():
            self.h = layers.embeddings(input_ids=ids.to(next(layers.embeddings.parameters()).device))  # (B, T, d)

    @torch.no_grad()
    def read(self, block: int, kind: str, columns: Columns | None = None) -> Reading:
        """The site's inputs and the block's states at the stream's columns (or at others)."""
        columns = columns if columns is not None else self.columns
        parts: dict[str, list[Tensor]] = {"inputs": [], "middle": [], "output": []}
        order = []
        for start, taps in self._scan(block, kind):
            mine = _within(columns, start, len(taps["output"]))
            order.append(mine)
            local = Columns(columns.rows[mine] - start, columns.positions[mine])
            for key, states in taps.items():
                parts[key].append(local.gather(states))
        back = torch.argsort(torch.cat(order))
        return Reading(**{key: torch.cat(found, dim=1)[:, back] for key, found in parts.items()})

    @torch.no_grad()
    def visit(self, block: int, kind: str, see: Callable[[Tensor, Tensor], None]) -> None:
        """Hand the site's inputs to `see(columns (d_in, m), their numbers)` a batch at a time, keeping none."""
        for start, taps in self._scan(block, kind):
            mine = _within(self.columns, start, len(taps["output"]))
            if len(mine):
                see(Columns(self.columns.rows[mine] - start, self.columns.positions[mine]).gather(taps["inputs"]), mine)

    @torch.no_grad()
    def advance(self, block: int) -> None:
        """Carry the hidden states through one block."""
        known = self._after is not None and self._after[0] == block
        self.h = self._after[1] if self._after is not None and known else self.through([block])
        self._after = None

    @torch.no_grad()
    def through(self, blocks: Sequence[int]) -> Tensor:
        """The states (B, T, d) after these blocks; the stream itself stays where it is."""
        mask = causal_mask(self.h.shape[1], self.h)
        done = []
        for h in self.h.split(self.batch):
            for block in blocks:
                h = _run(self.layers.blocks[block], h, mask)
            done.append(h)
        return torch.cat(done)

    @torch.no_grad()
    def features(self, columns: Columns | None = None) -> Tensor:
        """What the U-Net reads (d, n): the final norm of the current states, at the stream's columns or at others."""
        return self.layers.final_norm((columns if columns is not None else self.columns).gather(self.h).T).T

    def _scan(self, block: int, kind: str) -> Iterator[tuple[int, dict[str, Tensor]]]:
        layer = self.layers.blocks[block]
        mask = causal_mask(self.h.shape[1], self.h)
        taps: dict[str, Tensor] = {}
        hooks = [
            layer.get_submodule(kind).register_forward_pre_hook(lambda _, args: taps.update(inputs=args[0])),
            layer.get_submodule("layer_norm2").register_forward_pre_hook(lambda _, args: taps.update(middle=args[0])),
        ]
        try:
            start, done = 0, []
            for h in self.h.split(self.batch):
                taps["output"] = _run(layer, h, mask)
                yield start, dict(taps)
                start += len(h)
                if self.frozen:
                    done.append(taps["output"])
            self._after = (block, torch.cat(done)) if self.frozen else None
        finally:
            for hook in hooks:
                hook.remove()


def causal_mask(length: int, like: Tensor) -> Tensor:
    """The additive mask (1, 1, T, T) that hides later tokens."""
    hidden = torch.full((length, length), torch.finfo(like.dtype).min, dtype=like.dtype, device=like.device)
    return hidden.triu(1)[None, None]


def encode(layers: TextLayers, ids: Tensor, columns: Columns, batch: int = 64) -> Tensor:
    """What the U-Net reads (d, n) at these columns, all blocks run."""
    stream = Stream(layers, ids[:, : columns.length], columns, batch)
    stream.h = stream.through(range(len(layers.blocks)))
    found = stream.features()
    if not bool(torch.isfinite(found).all()):
        raise UserError("The text encoder gives NaN or infinity: load the model again, or in a wider dtype.")
    return found


def token_ids(tokenizer: Any, prompts: Sequence[str]) -> Tensor:
    """Padded ids (B, T), as the pipeline itself makes them."""
    if not prompts:
        return torch.zeros(0, tokenizer.model_max_length, dtype=torch.long)
    return tokenizer(
        list(prompts), padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids


def _run(layer: nn.Module, h: Tensor, mask: Tensor) -> Tensor:
    out = layer(h, attention_mask=mask)
    return out[0] if isinstance(out, tuple) else out


def _within(columns: Columns, start: int, count: int) -> Tensor:
    return ((columns.rows >= start) & (columns.rows < start + count)).nonzero().flatten()
