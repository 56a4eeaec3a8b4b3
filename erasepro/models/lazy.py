"""Modules whose weights are there, or there in a wider precision, only while they are needed.

Those on the meta device are read from a checkpoint; those that are loaded in half precision are converted.
"""

from __future__ import annotations

import copy
import re
from typing import Any

import torch
from torch import Tensor, nn

from erasepro.models.checkpoint import Checkpoint

HALF = (torch.float16, torch.bfloat16)
MANY = 1024  # rows of an embedding that is not kept, but read row by row
BLOCK = re.compile(r"(?:^|\.)(?:block|layers)\.\d+$")


def attach(root: nn.Module, checkpoint: Checkpoint) -> None:
    """Say where the weights of a meta module lie; see `real`."""
    object.__setattr__(root, "erasepro_weights", checkpoint)


def source(root: nn.Module) -> Checkpoint | None:
    """Where the weights of a module lie; None where it holds them itself."""
    return getattr(root, "erasepro_weights", None)


def materialise(root: nn.Module, path: str, dtype: torch.dtype) -> nn.Module:
    """A copy of a submodule of a meta module, its weights read in this precision."""
    weights = source(root)
    assert weights is not None
    module = root.get_submodule(path)
    made = copy.deepcopy(module).requires_grad_(False).eval()
    for name, inner in list(made.named_modules()):
        if isinstance(inner, nn.Embedding) and inner.num_embeddings > MANY:
            _set(made, name, embedding(root, f"{path}.{name}", dtype))
    for name, parameter in list(made.named_parameters()):
        if parameter.is_meta:
            _set(made, name, nn.Parameter(weights.get(f"{path}.{name}").to(dtype), requires_grad=False))
    for name, buffer in list(made.named_buffers()):
        if buffer.is_meta:
            _set(made, name, _buffer(weights, f"{path}.{name}", buffer))
    return made


def embedding(root: nn.Module, path: str, dtype: torch.dtype) -> nn.Module:
    """A copy of an embedding layer that reads the rows it is asked for, and keeps none."""
    weights = source(root)
    return _Rows(_Held(root.get_submodule(path)) if weights is None else weights, f"{path}.weight", dtype)


class _Held:
    """The rows of a loaded embedding, as a checkpoint gives them."""

    def __init__(self, module: nn.Module) -> None:
        weight = module.weight
        assert isinstance(weight, Tensor)
        self._weight = weight.detach()

    def rows(self, key: str, wanted: Tensor) -> Tensor:
        return self._weight[wanted]


class _Rows(nn.Module):
    def __init__(self, weights: Any, key: str, dtype: torch.dtype) -> None:
        super().__init__()
        self._weights, self._key, self._dtype = weights, key, dtype

    def forward(self, ids: Tensor) -> Tensor:
        wanted, back = ids.unique(return_inverse=True)  # ids (B, T)
        return self._weights.rows(self._key, wanted).to(self._dtype)[back]


def is_plain_half(root: nn.Module) -> bool:
    """Whether a loaded module's weights are plain numbers of half precision (a few may be wider, none quantised or away)."""
    weights = list(root.parameters())
    plain = all(
        type(weight) is nn.Parameter and weight.dtype in (*HALF, torch.float32) and not weight.is_meta for weight in weights
    )
    return plain and any(weight.dtype in HALF for weight in weights)


def stream(root: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of an encoder that can be called: each block has its weights in this precision at its turn, and not after it.

    root: on the meta device with a checkpoint (`attach`), or loaded, which stays as it is.
    """
    loaded = source(root) is None
    made = copy.deepcopy(root, {id(t): t for t in root.parameters()} if loaded else {}).eval()
    tops = [path for path, _ in made.named_modules() if BLOCK.search(path)]
    inside = tuple(f"{path}." for path in tops)
    for path, module in list(made.named_modules()):
        if isinstance(module, nn.Embedding) and not path.startswith(inside):
            _set(made, path, embedding(root, path, dtype))
        elif path in tops or (not path.startswith(inside) and next(module.parameters(recurse=False), None) is not None):
            before, after = _converted(dtype) if loaded else (_fill(root, path, dtype), _empty)
            module.register_forward_pre_hook(before)
            module.register_forward_hook(after)
    return made


def _fill(root: nn.Module, path: str, dtype: torch.dtype) -> Any:
    def fill(module: nn.Module, args: Any) -> None:
        weights = source(root)
        assert weights is not None
        for name, parameter in list(module.named_parameters()):
            if parameter.is_meta:
                _set(module, name, nn.Parameter(weights.get(f"{path}.{name}").to(dtype), requires_grad=False))

    return fill


def _converted(dtype: torch.dtype) -> tuple[Any, Any]:
    """What is done before and after a loaded module's turn: its weights are replaced by wider ones, and put back."""
    kept: dict[str, nn.Parameter] = {}

    def widen(module: nn.Module, args: Any) -> None:
        for name, parameter in list(module.named_parameters()):
            if parameter.dtype in HALF:
                kept[name] = parameter
                _set(module, name, nn.Parameter(parameter.detach().to(dtype), requires_grad=False))

    def put_back(module: nn.Module, args: Any, output: Any) -> None:
        for name, parameter in kept.items():
            _set(module, name, parameter)
        kept.clear()

    return widen, put_back


def _empty(module: nn.Module, args: Any, output: Any) -> None:
    for name, parameter in list(module.named_parameters()):
        _set(module, name, nn.Parameter(torch.empty_like(parameter, device="meta"), requires_grad=False))


def _buffer(weights: Checkpoint, key: str, like: Tensor) -> Tensor:
    if key in weights:
        return weights.get(key)
    if key.endswith("position_ids"):
        return torch.arange(like.shape[-1], device=weights.device).expand(like.shape).clone()
    raise AssertionError(f"the buffer {key} is neither stored nor known")


def _set(root: nn.Module, path: str, value: Any) -> None:
    parent, _, name = path.rpartition(".")
    setattr(root.get_submodule(parent) if parent else root, name, value)
