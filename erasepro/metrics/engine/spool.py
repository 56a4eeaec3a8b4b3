"""Pictures laid aside in a temporary file, so that a metric that compares pairs holds none in memory."""

from __future__ import annotations

import math
import tempfile
from typing import Any

import torch
from torch import Tensor


class PictureSpool:
    """``put`` a picture (3, H, W) uint8 under a name, ``get`` it back. The file is gone with the object."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="erasepro-")  # noqa: SIM115 - it lives as long as the spool
        self._places: dict[str, tuple[int, tuple[int, ...]]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __len__(self) -> int:
        return len(self._places)

    def put(self, name: str, image: Tensor) -> None:
        """Lay aside a picture (3, H, W) uint8 of any size; the last of a name counts."""
        place = self._file.seek(0, 2)
        self._file.write(image.contiguous().cpu().numpy().tobytes())
        self._places[name] = (place, tuple(image.shape))

    def __getstate__(self) -> dict[str, Any]:
        self._file.seek(0)
        return {"content": self._file.read(), "places": self._places}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        self._file.write(state["content"])
        self._places = state["places"]

    def get(self, name: str) -> Tensor:
        """The picture (3, H, W) uint8 that was laid aside under a name. Raises KeyError where there is none."""
        place, shape = self._places[name]
        self._file.seek(place)
        return torch.frombuffer(bytearray(self._file.read(math.prod(shape))), dtype=torch.uint8).reshape(shape)
