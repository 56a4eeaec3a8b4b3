"""The layers of a text encoder, and which of its positions are wanted.

Shapes: ids (B, T), hidden states (B, T, d), gathered columns (features, n) with n chosen (prompt, position) pairs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from erasepro.errors import UserError
from erasepro.models.checkpoint import PREFIX
from erasepro.models.computing import plain_path, unwrapped
from erasepro.models.lazy import materialise, source

GREATEST = 2
"""The `eos_token_id` for which transformers takes the pooled vector at the greatest id."""


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
    """The parts of a CLIP text encoder in the given precision: embeddings, blocks, final norm.

    lazy: the encoder is a skeleton's, so that blocks are read from disk and had better be dropped after use.

    Blocks are converted when they are first read, and share the encoder's memory where the precision is the same: their
    weights are never written to, only replaced (`set_weight`).
    """

    def __init__(self, encoder: nn.Module, dtype: torch.dtype = torch.float64) -> None:
        encoder = unwrapped(encoder)
        ends = ("embeddings", "encoder.layers", "final_layer_norm")
        paths = [plain_path(path) for path, _ in encoder.named_modules()]
        names = {path.rpartition(".")[2]: path for path in paths if path.endswith(ends)}
        if set(names) != {"embeddings", "layers", "final_layer_norm"}:
            raise UserError(f"{type(encoder).__name__} is not laid out like a CLIP text encoder: it cannot be read.")
        self.dtype, self.lazy = dtype, source(encoder) is not None
        # added in half precision, the numbers would be rounded before anything is computed with them
        adds_in = torch.promote_types(next(encoder.parameters()).dtype, torch.float32)
        self.embeddings = submodule(encoder, names["embeddings"], adds_in)
        path = names["layers"]
        self._places = {"embeddings": names["embeddings"], "final_norm": names["final_layer_norm"], "blocks": path}
        count = len(list(encoder.get_submodule(path).children()))
        self.blocks = Blocks(count, lambda i: submodule(encoder, f"{path}.{i}", dtype))
        self.final_norm = submodule(encoder, names["final_layer_norm"], dtype)
        self.end_of_text = pooled_token(encoder)
        """The id whose place gives the pooled vector; 2: the place of the greatest id."""
        projected = isinstance(getattr(encoder, "text_projection", None), nn.Module)
        self.projection = submodule(encoder, "text_projection", dtype) if projected else None

    @property
    def width(self) -> int:
        """d, the size of a hidden state."""
        return int(self.final_norm.weight.numel())  # type: ignore[operator]

    def editable_copy(self) -> TextLayers:
        """The same layers, free to be edited apart; the weights that are not replaced stay in common."""
        other = copy.copy(self)
        other.blocks = Blocks(len(self.blocks), lambda i: in_precision(self.blocks[i], self.dtype))
        return other

    def embed(self, ids: Tensor) -> Tensor:
        """Token and position embeddings (B, T, d), added as the encoder itself does, in single precision at least."""
        device = next(p.device for p in self.embeddings.parameters())
        return self.embeddings(input_ids=ids.to(device)).detach().to(self.dtype)

    def project(self, pooled: Tensor) -> Tensor:
        """Pooled vectors (d, B) as the denoiser reads them: projected, where the encoder has a projection."""
        return pooled if self.projection is None else self.projection(pooled.T).T

    def pooled_positions(self, ids: Tensor) -> Columns:
        """Where the encoder takes the pooled vector of each text with these ids (B, T).

        Source: transformers' CLIPTextModel. The first end of text by the id in its config, which is the first position where
        a text has none. The id 2 (CLIP's own configs, SDXL, SD 3 and FLUX) stands for the first place of the greatest id: the
        end of text, or an added token, whose id is greater.
        """
        wanted = ids.int() if self.end_of_text == GREATEST else (ids == self.end_of_text).int()
        return Columns(torch.arange(len(ids)), wanted.argmax(dim=-1))

    def linear(self, block: int, kind: str) -> nn.Linear:
        found = self.blocks[block].get_submodule(kind)
        assert isinstance(found, nn.Linear)
        return found

    def set_weight(self, block: int, kind: str, W: Tensor) -> None:
        """Replace a linear's weight (d_out, d_in) here, and nowhere else."""
        linear = self.linear(block, kind)
        self.blocks.edited.add(block)
        linear.weight = nn.Parameter(W.detach().to(linear.weight), requires_grad=False)

    def set_parameter(self, path: str, value: Tensor) -> None:
        """Replace any parameter, by its path in the encoder, here and nowhere else.

        Raises:
            UserError: the encoder's layers have none of that path.
        """
        bare = path.removeprefix(PREFIX)
        for part, place in self._places.items():
            start = f"{place.removeprefix(PREFIX)}."
            if not bare.startswith(start):
                continue
            inner = bare.removeprefix(start)
            if part == "blocks":
                number, _, inner = inner.partition(".")
                self.blocks.edited.add(int(number))
                root = self.blocks[int(number)]
            else:
                root = in_precision(getattr(self, part), _dtype(getattr(self, part)))
                setattr(self, part, root)
            _put(root, inner, value)
            return
        if self.projection is not None and bare == "text_projection.weight":
            self.projection = in_precision(self.projection, self.dtype)
            _put(self.projection, "weight", value)
            return
        raise UserError(f"The text encoder has no parameter {path!r}: this edit was made for another model.")


def _dtype(module: nn.Module) -> torch.dtype:
    return next((p.dtype for p in module.parameters()), torch.float32)


def _put(root: nn.Module, path: str, value: Tensor) -> None:
    """A parameter of a module of one's own; an embedding that reads its rows from the disk becomes one that has them."""
    place, _, leaf = path.rpartition(".")
    layer = root.get_submodule(place)
    if leaf in layer._parameters:
        old = layer._parameters[leaf]
        layer._parameters[leaf] = nn.Parameter(value.detach().to(old), requires_grad=False)
        return
    parent, _, name = place.rpartition(".")
    held = value.detach().to(_dtype(root))
    setattr(root.get_submodule(parent), name, nn.Embedding.from_pretrained(held))


def pooled_token(encoder: nn.Module) -> int:
    """The end of text of a CLIP encoder: as its modules keep it, else as its config has it."""
    kept = [m.eos_token_id for m in encoder.modules() if isinstance(getattr(m, "eos_token_id", None), int)]
    return int(kept[0] if kept else encoder.config.eos_token_id)  # type: ignore[union-attr, arg-type]


class Blocks(Sequence[nn.Module]):
    """Encoder blocks in one precision, each made when it is first asked for."""

    def __init__(self, count: int, make: Callable[[int], nn.Module]) -> None:
        self._count, self._make = count, make
        self._made: dict[int, nn.Module] = {}
        self.edited: set[int] = set()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self[j] for j in range(len(self))[i]]
        i = range(len(self))[i]
        if i not in self._made:
            self._made[i] = self._make(i)
        return self._made[i]

    def drop(self, i: int, edited: bool = False) -> None:
        """Forget a block: it is made anew if it is asked for again. One that was edited stays, but for `edited`."""
        if edited or i not in self.edited:
            self._made.pop(i, None)


def submodule(root: nn.Module, path: str, dtype: torch.dtype) -> nn.Module:
    """A copy of a submodule in this precision, its weights read from the checkpoint where the root is only a skeleton."""
    root = unwrapped(root)
    if source(root) is not None:
        return materialise(root, path, dtype)
    return in_precision(unwrapped(root.get_submodule(path)), dtype)


def in_precision(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of the module; its weights are the same tensors where they have that precision already."""
    tensors = [*module.parameters(), *module.buffers()]
    if all(t.dtype == dtype or not t.is_floating_point() for t in tensors):
        return copy.deepcopy(module, {id(t): t for t in tensors}).eval()
    return copy.deepcopy(module).eval().requires_grad_(False).to(dtype)


def causal_mask(length: int, like: Tensor) -> Tensor:
    """The additive mask (1, 1, T, T) that hides later tokens."""
    hidden = torch.full((length, length), torch.finfo(like.dtype).min, dtype=like.dtype, device=like.device)
    return hidden.triu(1)[None, None]


def token_ids(tokenizer: Any, prompts: Sequence[str]) -> Tensor:
    """Padded ids (B, T), as the pipeline itself makes them."""
    if not prompts:
        return torch.zeros(0, tokenizer.model_max_length, dtype=torch.long)
    return tokenizer(
        list(prompts), padding="max_length", max_length=tokenizer.model_max_length, truncation=True, return_tensors="pt"
    ).input_ids


def run_block(layer: nn.Module, h: Tensor, mask: Tensor) -> Tensor:
    """The block's output (B, T, d); transformers returned a tuple in earlier versions."""
    out = layer(h, attention_mask=mask)
    return out[0] if isinstance(out, tuple) else out
