"""Names of weight files: their variants, their shards and their indexes, and which of a folder's files are read.

    model.fp16.safetensors                     one file of the variant "fp16"; "" is the variant of model.safetensors
    model.fp16-00001-of-00002.safetensors      a shard of it; model-00001-of-00002.fp16.safetensors in older diffusers
    model.safetensors.index.fp16.json          the index of its shards; model.safetensors.fp16.index.json in older diffusers
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from erasepro.errors import UserError
from erasepro.runtime.pickled_files import has_pickled_name

STEMS = ("diffusion_pytorch_model", "model")  # what diffusers and transformers call a component's weights
SHOWN = 4  # files that a message names
SHARD = re.compile(r"-\d+-of-\d+")


def variant_of(name: str) -> str:
    """The variant in the name of a file of weights, of a shard or of an index; "" where there is none."""
    words = SHARD.sub("", name).split(".")[1:]
    return ".".join(word for word in words if word not in ("safetensors", "index", "json", "bin"))


def stem_of(name: str) -> str:
    """What a name begins with, up to the shard's number and the first dot."""
    return SHARD.sub("", name).split(".")[0]


def is_shard(name: str) -> bool:
    """Whether a name is that of one file of several."""
    return SHARD.search(name) is not None


def is_index(name: str) -> bool:
    """Whether a name is that of an index of safetensors."""
    return name.endswith(".json") and ".safetensors." in name and ".index." in name


def is_weights(name: str) -> bool:
    """Whether a component's safetensors, whole or a shard, may have this name."""
    return name.endswith(".safetensors") and stem_of(name) in STEMS


def variants(names: Iterable[str]) -> set[str]:
    """The variants that some files' names say are there."""
    return {variant_of(name) for name in names if is_weights(name) or (is_index(name) and stem_of(name) in STEMS)}


def choose_entry(where: str, names: Collection[str], wanted: str | None, elsewhere: bool) -> str:
    """The file that one component's weights are read from: the only one, or the index of several.

    Args:
        where: the component's folder, for messages.
        names: of the files in it.
        wanted: the variant; None: the files without one, or the only variant there is.
        elsewhere: whether another component has the wanted variant; this one then gives its files without one, as in
            diffusers.

    Raises:
        UserError: no weights of that variant, several to choose from, shards without an index, pickled weights only, no
            weights.
    """
    there = variants(names)
    chosen = wanted or ""
    if chosen not in there and wanted and elsewhere:
        chosen = ""
    elif chosen not in there and not wanted and len(there) == 1:
        chosen = there.pop()
    entry = _entry(names, chosen)
    if entry is not None:
        return entry
    held = sorted(name for name in names if name.endswith(".safetensors"))
    files = ", ".join(held[:SHOWN]) + (f" and {len(held) - SHOWN} more" if len(held) > SHOWN else "")
    if chosen in variants(names):
        raise UserError(f"{where!r} holds weights in several files ({files}), but no index of them: fetch the model again.")
    if files:
        part = f".{wanted}" if wanted else ""
        expected = " or ".join(f"{stem}{part}.safetensors" for stem in STEMS)
        raise UserError(
            f"No weights {expected} in {where!r} (there: {files}): set model.variant to match, or fetch them again."
        )
    pickled = sorted(name for name in names if has_pickled_name(Path(name)))
    why = f"only pickled weights ({pickled[0]}), which can run code and are never loaded" if pickled else "no weights"
    raise UserError(f"{where!r} holds {why}: save the model as safetensors first.")


def _entry(names: Iterable[str], variant: str) -> str | None:
    """As the libraries do: diffusers takes an index before a single file, transformers the single file first."""
    own = [name for name in names if variant_of(name) == variant and not is_shard(name)]
    for stem in STEMS:
        single = [name for name in own if is_weights(name) and stem_of(name) == stem]
        indexes = sorted(name for name in own if is_index(name) and stem_of(name) == stem)
        indexes.sort(key=lambda name: ".safetensors.index." not in name)  # the older naming last
        entries = [*single, *indexes] if stem == "model" else [*indexes, *single]
        if entries:
            return entries[0]
    return None
