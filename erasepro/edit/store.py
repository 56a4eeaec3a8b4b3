"""An edit on disk, as three files.

``edit.safetensors`` holds the factors, equal ones stored once, and in float32 where that has all their digits; of a weight
whose ΔW is W_o D it holds D (``edit.mapped_update``). ``edit.json`` holds everything else, the hash of what the edit does, and
a digest of its own content (``runtime.sealed_json``): strength, residuals and meta data are those that were written, or the
edit is refused. An edit of before there were digests has none: the hash ties its factors and its strength, and ``verify``
and ``export`` say that nothing ties the rest. ``README.md`` is a card for people, which nothing reads.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from erasepro.edit import format_1
from erasepro.edit.card import card
from erasepro.edit.edit_schema import check_edit_file
from erasepro.edit.foreign import refuse_file
from erasepro.edit.mapped_update import MappedUpdate, SiteUpdate, is_mapped, mapped_update_of
from erasepro.edit.own_files import CARD, CERTIFICATE, FACTS, TENSORS, check_certificate, check_target
from erasepro.errors import UserError
from erasepro.linalg import is_float32, update_of
from erasepro.models.tensor_hashes import tensor_hash
from erasepro.runtime.files import FileWriter, refuse_no_file, text_writer, write_together
from erasepro.runtime.json_text import NoJson, load_json
from erasepro.runtime.sealed_json import KEY, ChangedRecord, check_seal, seal
from erasepro.runtime.typed_json import WrongForm

if TYPE_CHECKING:
    from erasepro.edit.record import EditRecord

FORMAT = 3
FORMAT_2 = 2
"""Without ``d_out`` and ``narrowed``: every ΔW by itself, in the precision that it is held in. Else the same."""
RUN_EDIT = "edit"
"""The folder of the edit inside a run's."""


def save(edit: EditRecord, folder: Path, force: bool = False) -> Path:
    """Tensors first, then the card, then the JSON that vouches for all; all of them or none (see `write_together`).

    A folder with a new JSON is whole: of a process that was killed before, none is left, or one that the tensors contradict.

    ``force``: files of these names that no edit wrote are replaced too.
    """
    check_target(folder, force)
    if not edit.updates.keys() <= edit.meta.get("base", {}).keys():
        raise UserError("This edit does not say which base weights it belongs to (meta['base']): it cannot be saved.")
    hashes: dict[int, str] = {}  # of factors that sites share, which are hashed once
    tensors: dict[str, Tensor] = {}
    sites: dict[str, dict[str, str]] = {}
    narrowed = []
    for name, update in edit.updates.items():
        sites[name] = {}
        for kind, factor in update.factors.items():
            key = hashes.get(id(factor)) or tensor_hash(factor)
            hashes[id(factor)] = sites[name][kind] = key
            if key not in tensors:
                tensors[key] = factor.detach().cpu().contiguous()
                if factor.dtype == torch.float64 and is_float32(factor):
                    tensors[key] = tensors[key].float()
                    narrowed.append(key)
    facts = {
        "format": FORMAT,
        "hash": edit.hash,
        "strength": float(edit.strength),
        "sites": sites,
        "d_out": {name: update.d_out for name, update in edit.updates.items() if isinstance(update, MappedUpdate)},
        "narrowed": narrowed,
        "residuals": edit.residuals,
        "diagnostics": edit.diagnostics,
        "meta": edit.meta,
    }
    written: dict[str, FileWriter] = {
        TENSORS: lambda path: save_file(tensors, path),
        CARD: text_writer(card(edit)),
        FACTS: text_writer(json.dumps(seal(facts), indent=1, ensure_ascii=False)),
    }
    write_together(folder, written)
    _drop_stale(folder / CERTIFICATE, edit.hash)
    return folder


def save_certificate(certificate: dict[str, Any], folder: Path) -> Path:
    """Write certificate.json, whole or not at all. OSError as in `save`; UserError where something else has its place."""
    check_certificate(folder)
    content = json.dumps(certificate, indent=1, ensure_ascii=False, allow_nan=False)
    write_together(folder, {CERTIFICATE: text_writer(content)})
    return folder / CERTIFICATE


def _drop_stale(certificate: Path, hash_: str) -> None:
    """Remove the certificate of another edit that lay in the folder before."""
    try:
        measured_hash = load_json(certificate)["edit"]["hash"]
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        measured_hash = None
    if measured_hash != hash_:
        certificate.unlink()


def load(folder: Path) -> tuple[dict[str, SiteUpdate], dict[str, Any]]:
    """The updates and the other fields of the edit in this folder."""
    if folder.is_file():
        refuse_file(folder)
    facts = _facts(folder)
    if os.path.lexists(folder / TENSORS) and not (folder / TENSORS).is_file():  # a pipe would be waited for
        raise UserError(
            f"The edit in '{folder}' is damaged ({TENSORS} is no file). Delete that, and make the edit again."
        )
    try:
        check_edit_file(facts)
        check_seal(facts)
        tensors = load_file(folder / TENSORS)
        for key in facts.get("narrowed", ()):
            tensors[key] = tensors[key].double()
        updates = {name: _update(name, tensors, facts) for name in facts["sites"]}
    except WrongForm as error:
        raise UserError(f"The edit in '{folder}' is damaged ({error}). Make it again.") from error
    except ChangedRecord as error:
        raise UserError(
            f"The edit in '{folder}' is damaged or was changed by hand (of {FACTS}: {error}). Put the file back as it was, or "
            "make the edit again."
        ) from error
    except FileNotFoundError:
        raise UserError(f"'{folder}' has no {TENSORS}: the edit is incomplete. Make it again.") from None
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UserError(f"The edit in '{folder}' is damaged ({what}). Make it again.") from error
    known = {key: facts[key] for key in ("meta", "diagnostics", "residuals")}
    return updates, known | {"strength": float(facts["strength"])}


def _update(name: str, tensors: dict[str, Tensor], facts: dict[str, Any]) -> SiteUpdate:
    """One site's update. KeyError and ValueError for facts or tensors that are none."""
    factors = {kind: tensors[key] for kind, key in facts["sites"][name].items()}
    if not is_mapped(factors):
        return update_of(factors)
    return mapped_update_of(factors, facts["d_out"][name], facts["meta"]["base"][name]["sha256"])


def edit_folder(folder: Path) -> Path:
    """The folder that an edit lies in: this one, or ``edit/`` in it where it is a run's."""
    inner = folder / RUN_EDIT
    return inner if not (folder / FACTS).is_file() and (inner / FACTS).is_file() else folder


def stored_hash(folder: Path) -> str:
    """The hash that edit.json states."""
    return str(_facts(folder).get("hash"))


def stored_digest(folder: Path) -> str:
    """The digest of edit.json; "" where it has none. Raises UserError for a missing or damaged one."""
    return str(_facts(folder).get(KEY, ""))


def _facts(folder: Path) -> dict[str, Any]:
    """What edit.json holds, under today's keys; neither its form nor its digest is checked."""
    try:
        facts = load_json(folder / FACTS)
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"'{folder}' holds no edit (no {FACTS}): name a folder that one was saved in.") from None
    except OSError as error:
        refuse_no_file(folder / FACTS, error)
        raise
    except NoJson as error:
        raise UserError(f"'{folder / FACTS}' is not valid JSON ({error}): the edit is damaged.") from error
    if isinstance(facts, dict) and facts.get("format") == format_1.FORMAT:
        return format_1.read_format_1(facts)
    if not isinstance(facts, dict) or facts.get("format") not in (FORMAT_2, FORMAT):
        have = facts.get("format") if isinstance(facts, dict) else None
        known = f"{format_1.FORMAT}, {FORMAT_2} and {FORMAT}"
        raise UserError(f"'{folder / FACTS}' has format {have}; {known} are read here: update erasepro or remake it.")
    return facts
