"""A folder of images, tied by a manifest to the model, the edit and the sampler that drew them."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from erasepro.errors import OutOfSpace, UserError
from erasepro.generation.picture_file import UnreadableImage, is_whole_png, read_picture
from erasepro.generation.worklist import Row
from erasepro.runtime.files import write_bytes
from erasepro.runtime.json_text import NoJson, load_json, parse_json
from erasepro.runtime.temporaries import remove_temporaries, temporary_neighbour

MANIFEST_VERSION = 1
ROWS = "rows.jsonl"
TIED = ("id", "prompt", "seed", "guidance", "steps", "width", "height")
"""What of a row decides its pixels, beside the manifest."""


class ImageStore:
    """A folder of images drawn by one model, edit and sampler.

    It holds ``<id>_<seed>.png``, ``manifest.json`` (what drew them), ``rows.jsonl`` (the row that each image was drawn from)
    and ``errors.jsonl`` (rows that could not be drawn, and why).

    A folder belongs to one manifest. Opening it with another one raises UserError: images are expensive, so nothing
    is deleted unless the caller says ``on_mismatch="regenerate"``.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    # -- manifest ------------------------------------------------------------------------------------------------
    @property
    def manifest(self) -> dict[str, Any] | None:
        """What drew the images, or None for a new folder."""
        path = self.folder / "manifest.json"
        if not path.exists():
            return None
        try:
            content = load_json(path)
        except NoJson as error:
            raise UserError(f"{path} is damaged ({error}); delete the folder and run again.") from error
        if not isinstance(content, dict):
            raise UserError(f"{path} is damaged (no JSON object); delete the folder and run again.")
        if not content.keys() >= {"version", "model"}:
            raise UserError(f"{path} is not of images that erasepro drew, so it is not replaced: choose another folder.")
        return content

    def open(self, manifest: dict[str, Any], on_mismatch: str = "error") -> ImageStore:
        """Claims the folder for `manifest` (JSON values only). Same manifest: nothing happens, the run resumes.

        Args:
            on_mismatch: ``error`` (default) or ``regenerate``: delete the folder's images and start again.
        """
        wanted = json.loads(json.dumps({"version": MANIFEST_VERSION, **manifest}))
        stored = self.manifest
        if stored is not None and stored != wanted:
            if on_mismatch != "regenerate":
                keys = sorted(k for k in {*stored, *wanted} if stored.get(k) != wanted.get(k))
                detail = "; ".join(f"{k}: {stored.get(k)!r} there, {wanted.get(k)!r} now" for k in keys)
                raise UserError(
                    f"The images in {str(self.folder)!r} were drawn differently ({detail}). Use another folder, or "
                    "delete this one to draw them again."
                )
            self.clear()
            stored = None
        if stored is None:
            self._write("manifest.json", json.dumps(wanted, indent=2, sort_keys=True).encode())
        return self

    def clear(self) -> None:
        """Deletes the images, the manifest and the errors; leaves anything else in the folder alone."""
        for path in [
            *self.folder.glob("*.png"),
            *(self.folder / name for name in ("manifest.json", ROWS, "errors.jsonl")),
        ]:
            path.unlink(missing_ok=True)

    def tie(self, rows: Iterable[Row], on_mismatch: str = "error") -> None:
        """Writes down what each image is drawn from, by name; what a killed writer left is swept away.

        Raises UserError where an image of the same name was drawn from another prompt or sampler (``regenerate``: it goes).
        """
        remove_temporaries(self.folder.glob(".*.tmp"), keep_living=True)
        known = self.rows()
        wanted = {row.name: {key: getattr(row, key) for key in TIED} for row in rows}
        there = self.names()
        other = sorted(name for name, facts in wanted.items() if name in there and known.get(name, facts) != facts)
        if other and on_mismatch != "regenerate":
            was, now = known[other[0]], wanted[other[0]]
            detail = "; ".join(
                f"{key}: {was.get(key)!r} there, {now[key]!r} now" for key in TIED if was.get(key) != now[key]
            )
            raise UserError(
                f"{len(other)} images in {str(self.folder)!r} were drawn from other rows ({other[0]}: {detail}). Use another "
                "folder, other prompt ids, or delete this folder to draw them again."
            )
        for name in other:
            self.path(name).unlink()
        if any(known.get(name) != facts for name, facts in wanted.items()):
            lines = [
                json.dumps({"name": name, **facts}, ensure_ascii=False) for name, facts in (known | wanted).items()
            ]
            self._write(ROWS, ("\n".join(lines) + "\n").encode())

    def rows(self) -> dict[str, dict[str, Any]]:
        """Image name -> id, prompt, seed, guidance, steps, width, height of its row."""
        row_of: dict[str, dict[str, Any]] = {}
        path = self.folder / ROWS
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
            with suppress(NoJson, AttributeError, KeyError, TypeError):
                entry = parse_json(line)
                row_of[entry.pop("name")] = entry
        return row_of

    # -- images --------------------------------------------------------------------------------------------------
    def path(self, name: str) -> Path:
        """The file of an image (`Row.name`), whether or not it is there."""
        return self.folder / f"{name}.png"

    def names(self) -> set[str]:
        """Names of the images that are there (complete: files get their name only when written)."""
        return {p.stem for p in self.folder.glob("*.png") if not p.name.startswith(".")}

    def missing(self, rows: Iterable[Row]) -> list[Row]:
        """Rows with neither an image nor a recorded error."""
        done = self.names() | self.errors().keys()
        return [row for row in rows if row.name not in done]

    def damaged(self, rows: Iterable[Row], side: int | None = None) -> list[str]:
        """Names of images that do not read, or are not of the row's size (None: of `side` pixels a side)."""
        there = self.names()
        return [
            row.name
            for row in rows
            if row.name in there and not is_whole_png(self.path(row.name), (row.width or side, row.height or side))
        ]

    def drop_damaged(self, rows: Iterable[Row], side: int | None = None) -> None:
        """Delete the rows' damaged images: they are to be drawn again."""
        for name in self.damaged(rows, side):
            self.path(name).unlink()

    def save(self, name: str, image: Tensor) -> None:
        """Writes an image (3, H, W) uint8 under a temporary name, then renames it."""
        self.save_all({name: image})

    def save_all(self, images: Mapping[str, Tensor]) -> None:
        """Writes images (3, H, W) uint8; none gets its name before all are written, so that a kill leaves all or none.

        Nothing waits for the disk: fsync takes 3 to 9 ms an image (as long again as to write a 64-pixel PNG), and an image
        that a power cut spoils is recognised and drawn again (`drop_damaged`).
        """
        parts = {temporary_neighbour(self.path(name)): name for name in images}
        try:
            for part, name in parts.items():
                pixels = np.ascontiguousarray(images[name].permute(1, 2, 0).cpu().numpy())  # (H, W, 3)
                Image.fromarray(pixels).save(part, format="png", compress_level=4)
            for part, name in parts.items():
                part.replace(self.path(name))
        except OSError as error:
            for part in parts:
                part.unlink(missing_ok=True)
            raise _disk_error(error, self.folder) from error

    def load(self, names: Sequence[str]) -> Tensor:
        """Images (B, 3, H, W) uint8 RGB in the order of `names`. Raises UnreadableImage naming the file."""
        images = [read_picture(self.path(name)) for name in names]
        sizes = {tuple(image.shape) for image in images}
        if len(sizes) > 1:
            raise UnreadableImage(f"images of different sizes cannot be stacked: {sorted(sizes)}")
        return torch.stack(images)

    # -- errors --------------------------------------------------------------------------------------------------
    def errors(self) -> dict[str, dict[str, Any]]:
        """Image name -> ``{name, id, seed, kind, message}`` for every row that could not be drawn."""
        path = self.folder / "errors.jsonl"
        if not path.exists():
            return {}
        error_of: dict[str, dict[str, Any]] = {}
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = parse_json(line)
            except NoJson:
                continue  # a line cut short by a kill: that row is simply drawn again
            if isinstance(entry, dict) and {"name", "kind", "message"} <= entry.keys():
                error_of[entry["name"]] = entry
        return error_of

    def record_error(self, row: Row, kind: str, message: str) -> None:
        """Note in ``errors.jsonl`` that a row could not be drawn.

        Args:
            row: what was to be drawn.
            kind: one word for the reason, for example ``nan``.
            message: what happened and what to do about it.

        Raises:
            UserError: the disk is full or may not be written to.
        """
        entry = {"name": row.name, "id": row.id, "seed": row.seed, "kind": kind, "message": message}
        try:
            with (self.folder / "errors.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        except OSError as error:
            raise _disk_error(error, self.folder) from error

    def _write(self, name: str, data: bytes) -> None:
        try:
            write_bytes(self.folder / name, data)
        except OSError as error:
            raise _disk_error(error, self.folder) from error


def _disk_error(error: OSError, folder: Path) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutOfSpace(f"The disk that holds {str(folder)!r} is full. Free some space and run again: it resumes.")
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return UserError(f"Cannot write in {str(folder)!r}: {error.strerror}. Choose another folder.")
    return error
