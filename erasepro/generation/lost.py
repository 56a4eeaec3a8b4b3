"""Pictures that are gone, or no longer what was drawn, in a line for the user."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def describe_lost(folder: Path, lost: Mapping[str, str]) -> str:
    """``2 images of 'folder' are gone or damaged (a_0.png: gone, …)``, without a full stop.

    Args:
        lost: image name -> why, as `ImageStore.lost` gives it; at least one.
    """
    name, reason = min(lost.items())
    more = ", …" if len(lost) > 1 else ""
    return f"{len(lost)} images of {str(folder)!r} are gone or damaged ({name}.png: {reason}{more})"


def tell_lost(folder: Path, lost: Mapping[str, str]) -> None:
    """Print on stderr that these images are drawn again; nothing where none is lost."""
    if lost:
        print(f"erasepro: {describe_lost(folder, lost)}: drawn again.", file=sys.stderr)
