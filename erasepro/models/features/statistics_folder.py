"""Where sums over preserved sentences are kept; a module of its own, so that the place is checked without torch."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_cache_path

from erasepro.errors import UserError
from erasepro.runtime.files import as_path


def statistics_folder(where: str | Path = "cache", limit: float = 10.0) -> Path | None:
    """The folder of a place: "cache" (``statistics`` in the user's cache folder), "none" (None), or a folder.

    Args:
        limit: GiB that the sums may take.

    Raises:
        UserError: an empty name, a place that is no folder, or a limit that is no positive number.
    """
    if where == "none":
        return None
    folder = user_cache_path("erasepro") / "statistics" if where == "cache" else as_path(where, "statistics")
    folder = folder.expanduser()
    if folder.exists() and not folder.is_dir():
        raise UserError(f"statistics={str(where)!r} is a file: give a folder, cache or none.")
    if not 0 < limit < float("inf"):
        raise UserError(f"statistics_limit must be a positive number of GiB; got {limit}. statistics=none keeps nothing.")
    return folder
