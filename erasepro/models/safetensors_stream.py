"""Safetensors files read and written one tensor at a time.

The format: 8 bytes (little-endian length of the header), the header as JSON, then the tensors' bytes one after another.
header: tensor name → {dtype, shape, data_offsets: [start, end) within the data}; `__metadata__`: string → string.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.models.tensor_hashes import raw_bytes
from erasepro.runtime.json_text import parse_json
from erasepro.runtime.pickled_files import is_pickled
from erasepro.runtime.progress import stage

CHUNK = 1 << 24  # bytes copied at a time
LONGEST_HEADER = 100_000_000  # bytes; the reference reader's own limit
FLOATS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
NAMES = {dtype: name for name, dtype in FLOATS.items()}


@dataclass(frozen=True)
class Entry:
    """One tensor of a file: its dtype by safetensors' name, its shape, and where its bytes lie within the data."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """A file whose header has been read and checked. offset: where the data begins, in bytes."""

    path: Path
    offset: int
    entries: dict[str, Entry]
    metadata: dict[str, str]

    def read(self, name: str) -> Tensor:
        """One tensor, on the CPU. UserError for a dtype that is no ordinary floating point."""
        entry = self.entries[name]
        if entry.dtype not in FLOATS:
            allowed = ", ".join(FLOATS)
            raise UserError(f"'{name}' in {str(self.path)!r} is stored as {entry.dtype}; only {allowed} can be edited.")
        data = bytearray().join(self.chunks(name))
        return torch.frombuffer(data, dtype=FLOATS[entry.dtype]).reshape(entry.shape)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The tensor's bytes as they are in the file, at most CHUNK at a time."""
        entry = self.entries[name]
        with open(self.path, "rb") as file:
            file.seek(self.offset + entry.start)
            left = entry.end - entry.start
            while left:
                data = file.read(min(left, CHUNK))
                if not data:
                    raise UserError(f"{str(self.path)!r} ended early: it changed while it was read.")
                left -= len(data)
                yield data


@dataclass(frozen=True)
class Piece:
    """One tensor to write: name, dtype (safetensors' name), shape, and a function that yields its bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int
    chunks: Callable[[], Iterable[bytes]]


def piece_of(name: str, tensor: Tensor) -> Piece:
    """A tensor of floating point that is at hand."""
    size = tensor.numel() * tensor.element_size()
    return Piece(name, NAMES[tensor.dtype], tuple(tensor.shape), size, lambda: [raw_bytes(tensor)])


def read_source(path: Path) -> Source:
    """The file's header, checked against its size.

    Raises:
        UserError: the file is pickled, cut short, or no safetensors at all.
    """
    if is_pickled(path):
        raise UserError(f"{str(path)!r} holds pickled weights, which are never loaded: convert to safetensors.")
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise UserError(f"Cannot read {str(path)!r}: it is no file.")
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            first = file.read(8)
            length = struct.unpack("<Q", first)[0] if len(first) == 8 else LONGEST_HEADER + 1
            if length > min(LONGEST_HEADER, size - 8):
                raise ValueError("its header is cut short")
            header = parse_json(file.read(length))
    except ValueError as error:
        if isinstance(error, UserError):
            raise
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise UserError(f"Cannot read {str(path)!r}: {error.strerror}.") from error
    try:
        metadata = header.pop("__metadata__", {})
        entries = {
            name: Entry(str(e["dtype"]), tuple(map(int, e["shape"])), *map(int, e["data_offsets"]))
            for name, e in header.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1].start):
        bits = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16}.get(entry.dtype)
        if entry.start != end or entry.end < end or (bits and math.prod(entry.shape) * bits // 8 != entry.end - end):
            raise _damaged(path, f"'{name}' does not lie where its header says")
        end = entry.end
    if 8 + length + end != size:
        raise _damaged(path, f"{size} bytes instead of {8 + length + end}")
    return Source(path, 8 + length, entries, metadata)


def rewrite(source: Source, target: Path, changed: Mapping[str, Callable[[Tensor], Tensor]]) -> None:
    """Copy a file with some tensors changed: the header's bytes and every other tensor's stay as they are.

    Args:
        changed: tensor name → function of the tensor that returns one of the same shape and dtype.
    """
    with open(target, "wb") as out:
        with open(source.path, "rb") as file:
            out.write(file.read(source.offset))
        with stage("Writing weights", len(source.entries), unit="tensors") as advance:
            for name, entry in sorted(source.entries.items(), key=lambda item: item[1].start):
                chunks = [raw_bytes(changed[name](source.read(name)))] if name in changed else source.chunks(name)
                _copy(out, name, chunks, entry.end - entry.start)
                advance(1)


def write(target: Path, pieces: Iterable[Piece], metadata: Mapping[str, str]) -> None:
    """Write a file of these tensors, widest numbers first so that every tensor is aligned."""
    order = {"F64": 0, "I64": 0, "F32": 1, "I32": 1}
    rows = sorted(pieces, key=lambda p: (order.get(p.dtype, 2), p.name))
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for piece in rows:
        header[piece.name] = {"dtype": piece.dtype, "shape": piece.shape, "data_offsets": [end, end + piece.size]}
        end += piece.size
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        with stage("Writing weights", len(rows), unit="tensors") as advance:
            for piece in rows:
                _copy(out, piece.name, piece.chunks(), piece.size)
                advance(1)


def _copy(out: BinaryIO, name: str, chunks: Iterable[bytes], size: int) -> None:
    written = sum(out.write(chunk) for chunk in chunks)
    if written != size:
        raise ValueError(f"'{name}' has {written} bytes where {size} were promised")


def _damaged(path: Path, why: str) -> UserError:
    return UserError(f"{str(path)!r} is damaged or no safetensors file ({why}): fetch it again.")
