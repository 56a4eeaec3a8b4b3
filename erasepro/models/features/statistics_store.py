"""Sums K Kᵀ of captions' features, kept on disk: they belong to a model and its captions, not to any one edit.

A sweep over solvers, pairs or settings reads the same captions through the same encoder again and again, and that is most of
a solve's time. What was collected once is kept under a hash of all that it hangs on: weights, token ids, columns and their
weights, precision, the code that reads them. The folder is a cache: it may be deleted at any time, several processes may use
it, and a folder that cannot be written to costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from erasepro.linalg import Statistics
from erasepro.models.computing import unwrapped
from erasepro.models.features.statistics_folder import statistics_folder
from erasepro.models.features.text_encoder_layers import Columns
from erasepro.models.lazy import source
from erasepro.models.tensor_hashes import raw_bytes, tensor_hash
from erasepro.runtime.files import replacing
from erasepro.runtime.source_digest import source_digest
from erasepro.runtime.temporaries import remove_temporaries

CODE = ("erasepro.models.features", "erasepro.linalg.gram")
"""Packages whose code decides the sums."""


class StatisticsStore:
    """``store.sums(key, d, collect)``: the sums kept under a key, or collected now and kept.

    Args:
        folder: where they lie, a file each; made when the first is written. None keeps nothing.
        limit: bytes that all files may take together; those that were not read for longest go first.
    """

    def __init__(self, folder: Path | None = None, limit: int = 10 * 2**30) -> None:
        self.folder, self.limit = folder, limit
        self.read = 0
        """Sums that were read and not collected."""

    def sums(self, key: str, d: int, collect: Callable[[], Statistics]) -> Statistics:
        """The sums xx (d, d), float64, with their total weight and count: the same bits, read or collected.

        Sums of few columns, which `Statistics.held_columns` gives back, are always collected.
        """
        if self.folder is None:
            return collect()
        path = self.folder / f"{key}.safetensors"
        stored = _read(path, d)
        if stored is not None:
            self.read += 1
            return stored
        collected = collect()
        if collected.held_columns() is None and collected.count and collected.xx.device.type == "cpu":
            self._write(path, collected)
        return collected

    def _write(self, path: Path, sums: Statistics) -> None:
        packed = _packed(sums.xx)
        try:
            self._make_room(path.parent, packed.nbytes)
            facts = {"total": repr(sums.total), "count": str(sums.count), "sha256": _digest(packed)}
            with replacing(path, durable=False) as part:
                part.write_bytes(save({"xx": packed}, facts))  # with the usual rights: `save_file` gives its owner's alone
        except (OSError, SafetensorError) as error:
            warnings.warn(f"{path.parent} keeps no sums ({error}): they are collected again next time.", stacklevel=3)
            self.folder = None

    def _make_room(self, folder: Path, wanted: int) -> None:
        if not folder.is_dir():
            return
        remove_temporaries(folder.iterdir(), keep_living=True)
        held = []
        for path in folder.glob("*.safetensors"):
            with suppress(OSError):  # another process may have taken it away
                facts = path.stat()
                held.append((facts.st_mtime, facts.st_size, path))
        excess = sum(size for _, size, _ in held) + wanted - self.limit
        for _, size, path in sorted(held):
            if excess <= 0:
                break
            path.unlink(missing_ok=True)
            excess -= size


def open_statistics(where: str | Path = "cache", limit: float = 10.0) -> StatisticsStore:
    """The store at a place: "cache" (``statistics`` in the user's cache folder), "none", or a folder.

    Args:
        limit: GiB that it may take.

    Raises:
        UserError: as `statistics_folder`.
    """
    folder = statistics_folder(where, limit)
    return StatisticsStore() if folder is None else StatisticsStore(folder, int(limit * 2**30))


def encoder_digest(encoder: nn.Module) -> str:
    """SHA-256 over all weights of a text encoder, by name; a skeleton's are read from its files."""
    encoder = unwrapped(encoder)
    weights = source(encoder)
    total = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        if tensor.is_meta and (weights is None or name not in weights):
            continue  # a buffer that no file holds
        total.update(f"{name}:{tensor_hash(weights.peek(name) if tensor.is_meta and weights else tensor)}\n".encode())
    return total.hexdigest()


def statistics_key(*parts: Any) -> str:
    """SHA-256 (64 hex digits) of what sums hang on: texts, numbers, tensors, `Columns`, None, and sequences of these.

    The code that reads features and torch's version are always part of it.
    """
    code = source_digest("erasepro.models.features.text_stack", CODE)
    total = hashlib.sha256(f"{code} {torch.__version__}\n".encode())
    for piece in _pieces(parts):
        total.update(piece)
    return total.hexdigest()


def _pieces(parts: Iterable[Any]) -> Iterable[bytes]:
    for part in parts:
        if isinstance(part, Columns):
            yield from _pieces([part.rows, part.positions])
        elif isinstance(part, Tensor):
            yield f"{part.dtype}{tuple(part.shape)}:".encode() + raw_bytes(part)
        elif isinstance(part, (list, tuple)):
            yield f"({len(part)}:".encode()
            yield from _pieces(part)
        else:
            text = f"{type(part).__name__} {part}".encode()
            yield f"{len(text)}:".encode() + text


def _read(path: Path, d: int) -> Statistics | None:
    """The sums in a file; None where there is none, or its content is not what was written."""
    try:
        with safe_open(str(path), framework="pt") as file:
            facts, packed = file.metadata() or {}, file.get_tensor("xx")
        total, count = float(facts["total"]), int(facts["count"])
        if packed.dtype != torch.float64 or packed.shape != (d * (d + 1) // 2,) or facts["sha256"] != _digest(packed):
            raise ValueError("its numbers are not those that were written")
    except FileNotFoundError:
        return None
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        warnings.warn(f"{path} is damaged ({error}): the sums are collected again.", stacklevel=4)
        return None
    with suppress(OSError):
        os.utime(path)  # read now: the last to go
    return Statistics.of_sums(_unpacked(packed, d), total, count)


def _digest(packed: Tensor) -> str:
    return hashlib.sha256(packed.numpy().data).hexdigest()


def _packed(xx: Tensor) -> Tensor:
    """The upper triangle of a symmetric matrix (d, d), row by row: (d (d + 1)/2,)."""
    return torch.cat([row[i:] for i, row in enumerate(xx)])


def _unpacked(packed: Tensor, d: int) -> Tensor:
    """The upper triangle in its place (d, d), zeros below."""
    xx = packed.new_zeros(d, d)
    start = 0
    for i in range(d):
        xx[i, i:] = packed[start : start + d - i]
        start += d - i
    return xx
