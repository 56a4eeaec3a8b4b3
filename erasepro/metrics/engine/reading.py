"""Pictures off the disk in batches, read and decoded by threads while the last batch is looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from erasepro.generation.picture_file import UnreadableImage
from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row

AHEAD = 2  # batches that are read before they are asked for
THREADS = 4  # decoding holds no lock


@dataclass(frozen=True)
class LoadedRows:
    """Rows of one stretch of the list: those with a picture (B, 3, H, W) uint8 of one size, or those without, and why."""

    rows: list[Row]
    images: Tensor | None
    broken: list[tuple[Row, str]]


def read_batches(store: ImageStore, rows: Sequence[Row], batch_size: int) -> Iterator[LoadedRows]:
    """The rows in order, cut every `batch_size`; pictures of different sizes come apart, missing ones are named."""
    failed = store.errors()
    stretches = deque(rows[i : i + batch_size] for i in range(0, len(rows), batch_size))
    waiting: deque[list[tuple[Row, Future[Tensor]]]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        while stretches or waiting:
            while stretches and len(waiting) <= AHEAD:
                waiting.append([(row, pool.submit(_one, store, row)) for row in stretches.popleft()])
            yield from _together(waiting.popleft(), failed)


def _one(store: ImageStore, row: Row) -> Tensor:
    return store.load([row.name])[0]


def _together(reading: list[tuple[Row, Future[Tensor]]], failed: dict[str, dict[str, str]]) -> Iterator[LoadedRows]:
    by_size: dict[torch.Size, tuple[list[Row], list[Tensor]]] = {}
    broken = []
    for row, future in reading:
        try:
            image = future.result()
        except UnreadableImage as error:
            entry = failed.get(row.name)
            broken.append((row, f"{entry['kind']}: {entry['message']}" if entry else f"unreadable: {error}"))
            continue
        rows, images = by_size.setdefault(image.shape, ([], []))
        rows.append(row)
        images.append(image)
    for rows, images in by_size.values():
        yield LoadedRows(rows, torch.stack(images), [])
    if broken:
        yield LoadedRows([], None, broken)
