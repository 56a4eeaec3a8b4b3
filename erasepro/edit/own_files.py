"""Which files in a folder an edit wrote, by how each begins, so that saving never takes the place of somebody's own.

A file that an edit wrote is known also where it was cut off; an empty one counts as an edit's, as a power cut leaves one.
"""

from __future__ import annotations

import re
from pathlib import Path

from erasepro.errors import UserError

TENSORS, FACTS, CARD = "edit.safetensors", "edit.json", "README.md"
CERTIFICATE = "certificate.json"
HEADS = {
    TENSORS: re.compile(rb'.{8}\{\s*("[0-9a-f]{16}":|\}|$)', re.DOTALL),  # named by the hashes of what they hold
    FACTS: re.compile(rb'\{\s*"format": ?\d+,\s*"hash": ?"'),
    CARD: re.compile(rb"---\n(?:(?!---).*\n)*?library_name: erasepro\n"),
    CERTIFICATE: re.compile(rb'\{\s*"format": ?\d+,\s*"edit": ?\{'),
}
"""How each file begins."""
BEGINNING = 1 << 16
"""Bytes that are looked at."""
WHAT = {TENSORS: "tensors", FACTS: "description", CARD: "card", CERTIFICATE: "certificate"}


def check_target(folder: Path, force: bool = False) -> None:
    """Raise UserError where saving an edit would take the place of something that is no edit's.

    Args:
        force: files of other people's are replaced; a folder in a file's place, or a file in the folder's, never is.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"Cannot save an edit in '{folder}': it is a file. Name a folder.")
    for name, what in WHAT.items():
        if (folder / name).is_dir():
            raise UserError(f"Cannot save an edit in '{folder}': its {name} is a folder. Name another folder.")
        # beside an edit a certificate is that edit's, whatever became of it
        if not force and not (name == CERTIFICATE and (folder / FACTS).is_file()) and is_foreign(folder / name):
            raise UserError(
                f"Cannot save an edit in '{folder}': its {name} is no {what} of an edit. Name another folder, or replace "
                "the file with force=true."
            )


def check_certificate(folder: Path) -> None:
    """Raise UserError where a certificate would take the place of something else."""
    path = folder / CERTIFICATE
    if path.is_dir() or is_foreign(path):
        raise UserError(f"'{path}' is no certificate of an edit, so it is not replaced: move it, or name another folder.")


def is_foreign(path: Path) -> bool:
    """Whether a file is there that no edit wrote under this name."""
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        content = file.read(BEGINNING)
    if path.name != TENSORS:
        content = content.replace(b"\r\n", b"\n")  # as a version control system may check text out
    return bool(content.strip()) and HEADS[path.name].match(content) is None


def remove_foreign(folder: Path) -> None:
    """Remove what no edit wrote under an edit's names, but for the README.md, from a folder that a run made for its edit.

    There it can only be an edit that was damaged beyond recognition.
    """
    for name in (TENSORS, FACTS, CERTIFICATE):
        if is_foreign(folder / name):
            (folder / name).unlink()
