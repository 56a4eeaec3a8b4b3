"""A loaded model, and the fingerprint of its weights."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass
class Model:
    """A pipeline and where it came from.

    pipe: a diffusers pipeline (or its `Skeleton`, which can be edited but not drawn with). kind: "diffusers" | "miniature".
    evaluator: the judge that was trained with the model, where it has one. weights_hash: see the function of that name; ""
    where not all were read. revision: the hub's, where one was asked for.
    """

    pipe: Any
    name: str
    source: str
    weights_hash: str
    kind: str = "diffusers"
    evaluator: object | None = None
    revision: str | None = None

    def facts(self) -> dict[str, str | None]:
        """What an edit says of the model it was made for."""
        facts = {"name": self.name, "source": self.source, "revision": self.revision, "kind": self.kind}
        return facts | {"weights_hash": self.weights_hash}


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
