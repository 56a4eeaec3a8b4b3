"""Images go to the disk in a thread of their own, while the next batch is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row


class Writer:
    """``with Writer(store) as writer: writer.put([(row, pixels), …])``.

    Pixels (3, H, W) in [0, 1]. One batch is written while the next is drawn; what goes wrong with it is raised by the next
    ``put``, or at the end. An image with NaN or of one colour is recorded as an error of the store instead.
    """

    def __init__(self, store: ImageStore) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None

    def put(self, images: Sequence[tuple[Row, Tensor]]) -> None:
        """Hand over a batch of rows and pixels (3, H, W) in [0, 1], once the one before is written.

        Raises what went wrong with that one, UserError for a full disk among it.
        """
        self._wait()
        self._last = self._pool.submit(self._write, images)

    def _wait(self) -> None:
        if self._last is not None:
            last, self._last = self._last, None
            last.result()

    def _write(self, images: Sequence[tuple[Row, Tensor]]) -> None:
        good = {row.name: pixels for row, image in images if (pixels := self._sound(row, image)) is not None}
        self._store.save_all(good)

    def _sound(self, row: Row, image: Tensor) -> Tensor | None:
        if not torch.isfinite(image).all():
            why = "the model returned NaN or infinite pixels; try dtype=float32 or a smaller edit"
            self._store.record_error(row, "nan", why)
            return None
        pixels = (image * 255).round().clamp(0, 255).to(torch.uint8)
        if bool((pixels == pixels[:, :1, :1]).all()):
            self._store.record_error(row, "constant", f"every pixel is {pixels[:, 0, 0].tolist()}: a blank image")
            return None
        return pixels

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._wait()
        finally:
            self._pool.shutdown()
