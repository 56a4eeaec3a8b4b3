"""A folder of pictures as a reference: read and decoded by threads while a network looks at the last batch."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from erasepro.errors import UserError
from erasepro.generation.picture_file import UnreadableImage, read_picture
from erasepro.metrics.engine.reading import AHEAD, THREADS

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


class PictureFolder:
    """The pictures in a folder and the folders below it, by name, in batches of one size.

    ``skipped``: name -> why, of files that could not be read; ``formats`` and ``sizes``: how many of each were read.
    Raises UserError where there is no such folder, or no picture in it; ``key`` is the setting that names it.
    """

    def __init__(self, path: str | Path, key: str = "reference") -> None:
        self.path = Path(path).expanduser()
        if not self.path.is_dir():
            raise UserError(f"{key}: no folder {str(path)!r}.")
        self.files = sorted(p for p in self.path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not self.files:
            raise UserError(f"{key}: no picture ({', '.join(SUFFIXES)}) in {str(path)!r}.")
        self.skipped: dict[str, str] = {}
        self.formats: Counter[str] = Counter()
        self.sizes: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self.files)

    def batches(self, batch_size: int = 64) -> Iterator[Tensor]:
        """Pictures (B, 3, H, W) uint8 RGB; those of one stretch that differ in size come apart. Counts start anew."""
        self.skipped, self.formats, self.sizes = {}, Counter(), Counter()
        stretches = deque(self.files[i : i + batch_size] for i in range(0, len(self.files), batch_size))
        waiting: deque[list[tuple[Path, Future[Tensor]]]] = deque()
        with ThreadPoolExecutor(THREADS) as pool:
            while stretches or waiting:
                while stretches and len(waiting) <= AHEAD:
                    waiting.append([(path, pool.submit(read_picture, path)) for path in stretches.popleft()])
                yield from self._by_size(waiting.popleft())

    def _by_size(self, reading: list[tuple[Path, Future[Tensor]]]) -> Iterator[Tensor]:
        groups: dict[torch.Size, list[Tensor]] = {}
        for path, future in reading:
            try:
                image = future.result()
            except UnreadableImage as error:
                self.skipped[path.relative_to(self.path).as_posix()] = str(error)
                continue
            self.formats[path.suffix.lower().lstrip(".").replace("jpeg", "jpg")] += 1
            self.sizes[f"{image.shape[2]}x{image.shape[1]}"] += 1
            groups.setdefault(image.shape, []).append(image)
        yield from (torch.stack(images) for images in groups.values())
