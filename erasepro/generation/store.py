"""A folder of images, tied by a manifest to the model, the edit and the sampler that drew them."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from erasepro.errors import OutOfSpace, UserError
from erasepro.generation.drawn_file import encode_png, read_drawn, why_not_drawn
from erasepro.generation.picture_file import UnreadableImage, decode_picture, read_picture
from erasepro.generation.picture_record import PictureRecord
from erasepro.generation.worklist import Row
from erasepro.runtime.files import digest, write_bytes
from erasepro.runtime.json_text import NoJson, load_json, parse_json
from erasepro.runtime.temporaries import remove_temporaries, temporary_neighbour

MANIFEST_VERSION = 1
THREADS = 4  # reading and hashing hold no lock
ROWS, ERRORS = "rows.jsonl", "errors.jsonl"
TIED = ("id", "prompt", "seed", "guidance", "steps", "width", "height")
"""What of a row decides its pixels, beside the manifest."""


class ImageStore:
    """A folder of images drawn by one model, edit and sampler.

    It holds ``<id>_<seed>.png``, ``manifest.json`` (what drew them), ``rows.jsonl`` (the row that each image was drawn from and
    the SHA-256 of its file, see `PictureRecord`) and ``errors.jsonl`` (rows that could not be drawn, and why).

    A folder belongs to one manifest. Opening it with another one raises UserError: images are expensive, so nothing
    is deleted unless the caller says ``on_mismatch="regenerate"``.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.record = PictureRecord(self.folder / ROWS)

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
        for name in self.names():
            self.remove(name)
        for name in ("manifest.json", ROWS, ERRORS):
            (self.folder / name).unlink(missing_ok=True)

    def is_of(self, model: str, edit: str = "none") -> bool:
        """Whether a model and an edit (their hashes) drew what is here; an empty folder is of any.

        Raises UserError for a damaged manifest.
        """
        manifest = self.manifest
        if manifest is None:
            return not self.names()
        return (manifest["model"], manifest.get("edit")) == (model, edit)

    def tie(self, rows: Iterable[Row], on_mismatch: str = "error", digests: Mapping[str, str] | None = None) -> None:
        """Writes down what each image is drawn from, by name; what a killed writer left is swept away.

        Args:
            on_mismatch: an image of the same name that was drawn from another prompt or sampler raises UserError;
                with ``regenerate`` it goes.
            digests: image name -> SHA-256 of its file, of images that are put here from elsewhere.
        """
        remove_temporaries(self.folder.glob(".*.tmp"), keep_living=True)
        for path in (self.record.path, self.folder / ERRORS):
            if path.is_fifo() or path.is_socket():  # to open it would be to wait
                path.unlink()
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
            self.remove(name)
        kept = {name: sha256 for name, sha256 in self.record.digests().items() if name not in other}
        try:
            self.record.write(known | wanted, {**kept, **(digests or {})})
        except OSError as error:
            raise _disk_error(error, self.folder) from error

    def rows(self) -> dict[str, dict[str, Any]]:
        """Image name -> id, prompt, seed, guidance, steps, width, height of its row."""
        return self.record.rows()

    def fingerprint(self, rows: Iterable[Row]) -> str:
        """Hash (64 hex digits) of the bytes that these rows' images are recorded with; numbers are filed under it."""
        digests, failed = self.record.digests(), self.errors()
        return digest([[row.name, digests.get(row.name), row.name in failed] for row in rows])

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

    def damaged(self, rows: Iterable[Row]) -> dict[str, str]:
        """Name -> why, for those of the rows' images that are not, byte for byte, what was drawn. Reads each file once.

        A link, a folder or a pipe in an image's place is damaged, and so is an image whose SHA-256 is not recorded.
        """
        there, digests = self.names(), self.record.digests()
        names = [row.name for row in rows if row.name in there]
        with ThreadPoolExecutor(THREADS) as pool:
            reasons = list(pool.map(lambda name: why_not_drawn(self.path(name), digests.get(name)), names))
        return {name: reason for name, reason in zip(names, reasons, strict=True) if reason}

    def lost(self, rows: Sequence[Row]) -> dict[str, str]:
        """Name -> why, for the rows' images that are `missing` or `damaged`."""
        return {row.name: "gone" for row in self.missing(rows)} | self.damaged(rows)

    def drop_damaged(self, rows: Iterable[Row]) -> dict[str, str]:
        """Delete the rows' damaged images, which are to be drawn again; returns them, by name, with the reasons.

        Raises UserError where a folder with something in it has an image's place.
        """
        damaged = self.damaged(rows)
        for name in damaged:
            self.remove(name)
        return damaged

    def remove(self, name: str) -> None:
        """Delete an image, or what lies in its place. Raises UserError for a folder with something in it."""
        path = self.path(name)
        try:
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            if path.is_dir():
                raise UserError(f"{str(path)!r} is a folder in the place of an image: move it away or delete it.") from error
            raise _disk_error(error, self.folder) from error

    def save(self, name: str, image: Tensor) -> None:
        """Writes an image (3, H, W) uint8 under a temporary name, then renames it."""
        self.save_all({name: image})

    def save_all(self, images: Mapping[str, Tensor]) -> None:
        """Writes images (3, H, W) uint8; none gets its name before all are written, so that a kill leaves all or none.

        Nothing waits for the disk: fsync takes 3 to 9 ms an image (as long again as to write a 64-pixel PNG), and an image
        that a power cut spoils is recognised and drawn again (`drop_damaged`). The digests are recorded before the names
        are given, so that no image lies here without one.
        """
        parts = {temporary_neighbour(self.path(name)): name for name in images}
        digests = {}
        try:
            for part, name in parts.items():
                data, digests[name] = encode_png(images[name])
                part.write_bytes(data)
            self.record.append(digests)
            for part, name in parts.items():
                part.replace(self.path(name))
        except OSError as error:
            for part in parts:
                part.unlink(missing_ok=True)
            raise _disk_error(error, self.folder) from error

    def load(self, names: Sequence[str]) -> Tensor:
        """Images (B, 3, H, W) uint8 RGB in the order of `names`.

        In a folder with a record each must be, byte for byte, what was drawn; of any other folder every picture is read.

        Raises UnreadableImage naming the file.
        """
        if self.record.path.exists():
            digests = self.record.digests()
            files = {name: read_drawn(self.path(name), digests.get(name)) for name in names}
            images = [decode_picture(files[name], self.path(name).name) for name in names]
        else:
            images = [read_picture(self.path(name)) for name in names]
        sizes = {tuple(image.shape) for image in images}
        if len(sizes) > 1:
            raise UnreadableImage(f"images of different sizes cannot be stacked: {sorted(sizes)}")
        return torch.stack(images)

    # -- errors --------------------------------------------------------------------------------------------------
    def errors(self) -> dict[str, dict[str, Any]]:
        """Image name -> ``{name, id, seed, kind, message}`` for every row that could not be drawn."""
        error_of: dict[str, dict[str, Any]] = {}
        path = self.folder / ERRORS
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
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
            with (self.folder / ERRORS).open("a", encoding="utf-8") as file:
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
