"""The edit in a run's folder, tied to the run: the stage's marker keeps its hash, so that no other is taken for it."""

from __future__ import annotations

from erasepro.edit import Edit
from erasepro.edit.own_files import remove_foreign
from erasepro.edit.store import RUN_EDIT, stored_digest
from erasepro.errors import UserError
from erasepro.results.run_folder import RunFolder


def save_edit(edit: Edit, folder: RunFolder) -> dict[str, str]:
    """Save the edit of a run; what its stage marker keeps of it, so that another edit in the folder is never taken for it.

    Returns:
        ``hash``: of what the edit does; ``digest``: of the whole edit.json, residuals and meta data too.
    """
    path = folder.path / RUN_EDIT
    remove_foreign(path)
    edit.save(path)
    return {"hash": edit.hash, "digest": stored_digest(path)}


def load_solved_edit(folder: RunFolder) -> Edit:
    """The edit in a run's folder. Raises UserError where it is damaged, or not the one that the run's stage solved for."""
    path = folder.path / RUN_EDIT
    edit = Edit.load(path)
    if folder.facts("edit").get("edit") != {"hash": edit.hash, "digest": stored_digest(path)}:
        raise UserError(
            f"The edit in '{path}' is not the one that this run solved for: it was replaced or changed since."
        )
    return edit


def solved_hash(folder: RunFolder) -> str:
    """The hash of the edit that the run's stage solved for; "" where it has not ended."""
    kept = folder.facts("edit").get("edit")
    return str(kept.get("hash", "")) if isinstance(kept, dict) else ""
