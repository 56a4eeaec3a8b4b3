"""The original model's images, drawn once and shared by every run that needs them.

They lie in ``<outputs>/.originals/<hash of model, sampler and work list>/``, named by prompt and seed, and are linked into
the run's own folder under the names of its rows. Another solver on the same concepts draws none of them again. A link is the
file itself: a program that writes into one changes it for all runs, so each run keeps the SHA-256 of what was drawn. The work
list is part of the key because a picture may differ by one grey level with the batch that it is drawn in: so the same job
gives the same bytes whatever was drawn before it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from erasepro.generation import ImageStore, Row, generate
from erasepro.runtime import distributed
from erasepro.runtime.files import digest, replacing
from erasepro.runtime.lock import Lock


def original_images(
    pipe: Any, rows: Sequence[Row], shared: Path, folder: Path, sampler: dict[str, Any], **how: Any
) -> ImageStore:
    """Draw what is missing in the shared store, link the rows' images into ``folder``, return that folder as a store.

    Args:
        shared: the folder of all shared stores (``<outputs>/.originals``).
        folder: where the run keeps its original images.
        sampler: what decides the pixels besides prompt and seed (model hash, dtype, steps, guidance …).
        how: passed on to ``generation.generate``.
    """
    named, place = shared_place(rows, shared, sampler, how.get("batch_size"))
    unique = list({row.name: row for row in named.values()}.values())
    with ExitStack() as held:
        distributed.on_main_process(lambda: _take(place, held))
        store = generate(pipe, unique, place, title="Original images", **how)
        distributed.on_main_process(lambda: _link_all(store, rows, named, folder))
    return ImageStore(folder)


def shared_place(
    rows: Sequence[Row], shared: Path, sampler: dict[str, Any], batch_size: int | None
) -> tuple[dict[str, Row], Path]:
    """The row that is drawn for each of a run's rows, by the run's name for it; and the folder that holds its image.

    Args:
        rows, shared, sampler: see `original_images`.
        batch_size: that the images are drawn with.
    """
    named = {row.name: replace(row, id=content_id(row)) for row in rows}
    unique = dict.fromkeys(row.name for row in named.values())
    return named, shared / digest([sampler, batch_size, list(unique)])[:16]


def _take(place: Path, held: ExitStack) -> None:
    """Hold the shared store; another run that fills it is waited for."""
    place.mkdir(parents=True, exist_ok=True)
    held.enter_context(Lock(place / "lock.json", wait=True))


def _link_all(store: ImageStore, rows: Sequence[Row], named: Mapping[str, Row], folder: Path) -> None:
    """The shared store's images (``named``: own name to shared row) under the names of the run's own rows."""
    run_store, digests = ImageStore(folder), store.record.digests()
    shared = {row.name: digests[named[row.name].name] for row in rows if named[row.name].name in digests}
    run_store.tie(rows, on_mismatch="regenerate", digests=shared)
    with replacing(folder / "manifest.json") as part:  # before the images: a kill must not leave them without one
        shutil.copyfile(store.folder / "manifest.json", part)
    failed, known = store.errors(), run_store.errors()
    for row in rows:
        name = named[row.name].name
        if name in failed and row.name not in known:
            run_store.record_error(row, failed[name]["kind"], failed[name]["message"])
        elif name not in failed and not same(store.path(name), run_store.path(row.name)):
            link(store.path(name), run_store.path(row.name))


def content_id(row: Row) -> str:
    """A file name for what a row asks for, the same wherever it comes up."""
    request = [row.prompt, *(value for value in row.sampler if value is not None)]
    return hashlib.sha256("\0".join(map(str, request)).encode()).hexdigest()[:24]


def same(source: Path, target: Path) -> bool:
    """Whether the target is a hard link to the source already; one to a damaged image that was redrawn is not."""
    return target.exists() and not target.is_symlink() and target.samefile(source)


def link(source: Path, target: Path) -> None:
    """A hard link (no space taken), or a copy where the file system has none."""
    with replacing(target, durable=False) as temporary:  # the images are checked before they are used
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
