"""Picture files as OpenCV reads them from a path, with an error that names the file where it cannot."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LARGEST = 16_384
"""Pixels a side. A detector pads to a square first: at this size that takes 0.8 GB."""


class PictureError(Exception):
    """A picture that a network cannot be given: unreadable, empty, too large, or of a strange shape."""


def read_bgr(path: str | Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8, BGR, the very pixels of ``cv2.imread(path)``.

    Alpha is dropped, 16 bits become 8, grey and CMYK become colour, EXIF's rotation is applied. Raises PictureError.
    """
    import cv2

    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path.name}: {error.strerror or error}") from error
    if not data:
        raise PictureError(f"{path.name}: an empty file")
    try:
        check_size(*_size_in_header(data))
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except PictureError as error:
        raise PictureError(f"{path.name}: {error}") from error
    except (cv2.error, MemoryError):
        image = None
    if image is None or image.size == 0:
        raise PictureError(f"{path.name}: not a readable image")
    return image  # type: ignore[return-value]


def check_size(height: int, width: int) -> None:
    """Raises PictureError for a picture with no pixels, or more than LARGEST a side."""
    if min(height, width) < 1:
        raise PictureError(f"an image of {width} × {height} pixels, which is empty")
    if max(height, width) > LARGEST:
        raise PictureError(f"an image of {width} × {height} pixels; the most is {LARGEST} a side")


def _size_in_header(data: bytes) -> tuple[int, int]:
    """Height and width before anything is decoded; (1, 1) where Pillow does not know the format, which OpenCV may."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.height, image.width
    except Image.DecompressionBombError as error:
        raise PictureError("an image of far too many pixels") from error
    except Exception:
        return 1, 1
