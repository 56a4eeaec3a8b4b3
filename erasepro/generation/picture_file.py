"""Files of pictures as pixels: every mode and depth is read here, by one function.

Alpha is dropped and EXIF's rotation is not applied, as pytorch-fid and clean-fid do; 16 bits become the upper 8, as libpng and
OpenCV do. Modes of 32 bits do not say which number is white, so they are refused and not guessed.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's names for grey of 16 bits, in either order of bytes."""
NO_WHITE = {"I": "whole numbers", "F": "fractions"}
"""Modes of 32 bits a pixel, and what they hold."""
WITH_ALPHA = ("P", "PA", "La", "RGBa")
"""Palettes, which may hold transparency, and premultiplied colours: read as RGBA first."""
UNREADABLE = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, OverflowError, EOFError, MemoryError, struct.error, zlib.error,
    Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow raises for files that are cut short, damaged, of no known format, or that announce far too many pixels."""


class UnreadableImage(Exception):
    """A picture that is missing, cut off, not the one that was drawn, of too many pixels, or without a white number."""


def read_picture(path: Path) -> Tensor:
    """A file as (3, H, W) uint8 RGB. Raises UnreadableImage, one line that names the file."""
    return _to_tensor(read_rgb(path))


def read_rgb(path: Path) -> Image.Image:
    """A file as a picture of mode RGB, decoded whole. Raises UnreadableImage, one line that names the file."""
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe would be waited for
        raise UnreadableImage(f"{path.name}: no plain file")
    return _decode(path, path.name)


def decode_picture(data: bytes, name: str) -> Tensor:
    """The bytes of a file as (3, H, W) uint8 RGB. Raises UnreadableImage, one line that begins with the file's name."""
    return _to_tensor(_decode(io.BytesIO(data), name))


def _to_tensor(picture: Image.Image) -> Tensor:
    """A picture of mode RGB as (3, H, W) uint8."""
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def _decode(source: Path | io.BytesIO, name: str) -> Image.Image:
    try:
        with Image.open(source) as image:
            return _to_rgb(image)
    except UNREADABLE as error:
        raise UnreadableImage(f"{name}: {reason_of(error)}") from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in SIXTEEN_BITS or (image.mode == "I" and image.format == "PNG"):  # a PNG has at most 16 bits
        upper = np.asarray(image).astype(np.int64) >> 8  # 65,535 is white, and 257 v becomes v
        return Image.fromarray(upper.astype(np.uint8)).convert("RGB")
    if image.mode in NO_WHITE:
        what = NO_WHITE[image.mode]
        raise ValueError(f"{what} of 32 bits, which do not say which one is white; save it with 8 or 16 bits")
    if image.mode in WITH_ALPHA:
        image = image.convert("RGBA")
    return image.convert("RGB")


def reason_of(error: Exception) -> str:
    """Why a file cannot be read, in a few words on one line."""
    if isinstance(error, Image.DecompressionBombError):
        return "an image of far too many pixels"
    if isinstance(error, Image.UnidentifiedImageError):
        return "not a readable image"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
