"""Hashes of tensors and of whole pipelines."""

from __future__ import annotations

import hashlib
from typing import Any

import torch
from torch import Tensor, nn


def raw_bytes(tensor: Tensor) -> bytes:
    """The tensor's bytes in memory order, whatever its dtype."""
    return tensor.detach().to("cpu").contiguous().flatten().view(torch.uint8).numpy().tobytes()


def tensor_hash(tensor: Tensor) -> str:
    """SHA-256 over dtype, shape and bytes: 16 hex digits."""
    head = f"{tensor.dtype}{tuple(tensor.shape)}".encode()
    return hashlib.sha256(head + raw_bytes(tensor)).hexdigest()[:16]


def weights_hash(pipe: Any) -> str:
    """SHA-256 (16 hex digits) over every parameter and buffer of the pipeline's networks, by name."""
    digest = hashlib.sha256()
    for name, part in sorted(pipe.components.items()):
        if isinstance(part, nn.Module):
            for key, tensor in sorted(part.state_dict().items()):
                digest.update(f"{name}.{key}:{tensor_hash(tensor)}\n".encode())
    return digest.hexdigest()[:16]
