"""Files that are not a saved edit: which ones can be read in another way, and which are never opened."""

from __future__ import annotations

from pathlib import Path

from erasepro.errors import UserError
from erasepro.runtime.pickled_files import is_pickled


def refuse_pickle(path: Path) -> None:
    """Raise UserError for a file that only unpickling could read."""
    if is_pickled(path):
        raise UserError(
            f"'{path}' is a pickle, which can run any code when it is opened, so it is never loaded: have its tensors "
            "saved as .safetensors."
        )


def refuse_file(path: Path) -> None:
    """Raise UserError saying what to do with a file where an edit's folder was expected."""
    refuse_pickle(path)
    if path.suffix != ".safetensors":
        raise UserError(f"'{path}' holds no edit: it is a file. Name a folder that one was saved in.")
    if (path.parent / "edit.json").is_file():
        raise UserError(f"'{path}' is a part of a saved edit: name its folder, '{path.parent}'.")
    raise UserError(
        f"'{path}' is a single file. If it holds whole edited weights, as UCE publishes them, read it with "
        "erasepro.load_uce(path, model); a saved edit is a folder."
    )
