"""Which files are pickles: by their name, and by their first bytes, so that none is ever opened as one.

A pickle can run any code when it is read. ``torch.save`` writes a zip file with one inside, before PyTorch 1.6 a bare one.
"""

from __future__ import annotations

from pathlib import Path

SUFFIXES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")
STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""A zip file, and a bare pickle of protocol 2 to 5. Older protocols have no mark of their own."""
SIGN_LENGTH = 9
"""Bytes that tell: safetensors' length of the header and the brace that opens it."""


def has_pickled_name(path: Path) -> bool:
    """Whether the file's suffix is one that pickled weights have."""
    return path.suffix.lower() in SUFFIXES


def starts_as_pickle(first: bytes) -> bool:
    """Whether these are the first bytes of a pickle and not of a safetensors file, whose length may begin with the same two.

    Args:
        first: the file's first SIGN_LENGTH bytes, or all of a shorter one. A safetensors file has a header below 4 GiB (bytes
            4 to 7 of its little-endian length are zero) that opens with a brace; no pickle and no zip file has both.
    """
    is_safetensors = first[4:8] == bytes(4) and first[8:SIGN_LENGTH] == b"{"
    return first.startswith(STARTS) and not is_safetensors


def is_pickled(path: Path) -> bool:
    """Whether a file is pickled, by its name or by its bytes; by its name alone where it cannot be read, or is no file."""
    if has_pickled_name(path):
        return True
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with open(path, "rb") as file:
            return starts_as_pickle(file.read(SIGN_LENGTH))
    except OSError:
        return False
