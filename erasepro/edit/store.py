"""An edit on disk: edit.safetensors (factors, equal ones stored once) and edit.json (everything else, and the hash)."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from erasepro.closed_form import Update, update_of
from erasepro.errors import UserError
from erasepro.models.base import tensor_hash

if TYPE_CHECKING:
    from .edit import Edit

FORMAT = 1
TENSORS, FACTS = "edit.safetensors", "edit.json"


def save(edit: Edit, folder: Path) -> Path:
    """Tensors first, then the JSON that vouches for them; each written beside its place and renamed."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"Cannot save an edit in '{folder}': it is a file. Name a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    sites = {}
    for name, update in edit.updates.items():
        sites[name] = {kind: tensor_hash(factor) for kind, factor in update.factors.items()}
        for kind, factor in update.factors.items():  # all keys and values share one `down`
            tensors[sites[name][kind]] = factor.detach().cpu().contiguous()
    facts = {
        "format": FORMAT,
        "hash": edit.hash,
        "strength": edit.strength,
        "sites": sites,
        "residuals": edit.residuals,
        "diagnostics": edit.diagnostics,
        "meta": edit.meta,
    }
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    temporary = folder / f".{TENSORS}.{os.getpid()}.tmp"
    try:
        save_file(tensors, temporary)
    except SafetensorError as error:
        temporary.unlink(missing_ok=True)
        full = "No space left" in str(error)
        raise OSError(errno.ENOSPC if full else errno.EIO, str(error), str(folder / TENSORS)) from error
    os.replace(temporary, folder / TENSORS)
    temporary = folder / f".{FACTS}.{os.getpid()}.tmp"
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, folder / FACTS)
    return folder


def load(folder: Path) -> tuple[dict[str, Update], dict[str, Any]]:
    """The updates and the other fields of the edit in this folder."""
    facts = _facts(folder)
    try:
        tensors = load_file(folder / TENSORS)
        updates = {
            name: update_of({kind: tensors[key] for kind, key in keys.items()}) for name, keys in facts["sites"].items()
        }
        known = {key: facts[key] for key in ("meta", "diagnostics", "residuals", "strength")}
        if not updates.keys() <= known["meta"]["base"].keys():
            raise KeyError("fingerprints of the base weights")
        for key, kind in (("meta", dict), ("diagnostics", list), ("residuals", dict), ("strength", float)):
            if not isinstance(known[key], kind):
                raise TypeError(f"{key} is {known[key]!r}")
    except FileNotFoundError:
        raise UserError(f"'{folder}' has no {TENSORS}: the edit is incomplete. Make it again.") from None
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UserError(f"The edit in '{folder}' is damaged ({what}). Make it again.") from error
    return updates, known


def stored_hash(folder: Path) -> str:
    """The hash that edit.json states."""
    return str(_facts(folder).get("hash"))


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"'{folder}' holds no edit (no {FACTS}): name a folder that one was saved in.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"'{folder / FACTS}' is not valid JSON ({error}): the edit is damaged.") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        have = facts.get("format") if isinstance(facts, dict) else None
        raise UserError(f"'{folder / FACTS}' has format {have}; {FORMAT} is read here: update erasepro or remake it.")
    return facts
