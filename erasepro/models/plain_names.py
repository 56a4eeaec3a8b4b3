"""A pipeline's folder as diffusers and transformers read it by themselves: the chosen weights under names without a variant.

The libraries differ in the names of variants, shards and indexes that they know; `weight_names` decides for both of them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from erasepro.errors import UserError
from erasepro.models.weight_files import names_in
from erasepro.models.weight_names import choose_entry, is_index, is_shard, is_weights, stem_of, variant_of, variants


@contextmanager
def under_plain_names(folder: Path, parts: Collection[str], variant: str | None) -> Iterator[Path]:
    """The folder itself where every chosen file has a plain name; else a temporary folder of links to the chosen files.

    Args:
        folder: a pipeline's, one folder a component.
        parts: the components that need weights; of others, those that nothing can be chosen of keep their names.
        variant: as in `weight_names.choose_entry`.

    Raises:
        UserError: a part that needs weights and has none, or none of that variant.
    """
    held = {part.name: names_in(part) for part in sorted(folder.iterdir()) if part.is_dir()}
    elsewhere = any(variant in variants(names) for names in held.values())
    entries = {}
    for part, names in held.items():
        try:
            entries[part] = choose_entry(str(folder / part), names, variant, elsewhere)
        except UserError:
            if part in parts:
                raise
    if not any(variant_of(entry) for entry in entries.values()):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="erasepro-model-", ignore_cleanup_errors=True) as made:
        for name in names_in(folder):
            _link(folder / name, Path(made) / name)
        for part, names in held.items():
            (Path(made) / part).mkdir()
            for name, plain in _plain(names, entries.get(part)).items():
                _link(folder / part / name, Path(made) / part / plain)
        yield Path(made)


def _plain(names: set[str], entry: str | None) -> dict[str, str]:
    """Each file of a component that is linked, and under which name. Shards keep theirs, which their index has."""
    if entry is None:
        return {name: name for name in names}
    shards = is_index(entry)
    rest = {n: n for n in names if not is_index(n) and (not is_weights(n) or (shards and is_shard(n)))}
    return rest | {entry: f"{stem_of(entry)}.safetensors{'.index.json' if shards else ''}"}


def _link(source: Path, target: Path) -> None:
    """A link to the file; a copy where the system makes none."""
    for link in (os.symlink, os.link, shutil.copy2):
        try:
            link(source.resolve(), target)
        except OSError:
            if link is shutil.copy2:
                raise
        else:
            return
