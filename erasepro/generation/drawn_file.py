"""Files of drawn pictures: written as PNG, and read only where they still are the bytes that were written."""

from __future__ import annotations

import hashlib
import io
import stat
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from erasepro.generation.picture_file import UnreadableImage, reason_of


def encode_png(image: Tensor) -> tuple[bytes, str]:
    """The PNG file of an image (3, H, W) uint8, and the SHA-256 (64 hex digits) of its bytes."""
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).cpu().numpy())  # (H, W, 3)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="png", compress_level=4)
    data = file.getvalue()
    return data, hashlib.sha256(data).hexdigest()


def read_drawn(path: Path, digest: str | None) -> bytes:
    """The bytes of a file whose recorded SHA-256 is `digest` (None: nothing is recorded of it).

    A link, a folder or a pipe in the file's place is not that file: it is neither followed nor waited for.

    Raises:
        UnreadableImage: the file is gone, or not the one that was drawn; one line that begins with its name.
    """
    reason = ""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            reason = "no plain file"
        elif hashlib.sha256(data := path.read_bytes()).hexdigest() != digest:
            reason = "not the bytes that were drawn" if digest else "its SHA-256 is not recorded"
    except OSError as error:
        reason = reason_of(error)
    if reason:
        raise UnreadableImage(f"{path.name}: {reason}")
    return data


def why_not_drawn(path: Path, digest: str | None) -> str:
    """Why a file is not the one that was drawn, in a few words; "" where it is."""
    try:
        read_drawn(path, digest)
    except UnreadableImage as error:
        return str(error).removeprefix(f"{path.name}: ")
    return ""
