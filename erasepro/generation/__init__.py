"""From prompts to files: the work list, the sampler, and the folder of images it fills.

Importing the package is cheap: what draws is imported at its first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from erasepro.generation.picture_file import UnreadableImage
    from erasepro.generation.sample import generate
    from erasepro.generation.store import ImageStore
    from erasepro.generation.worklist import Row, Worklist, make_worklist, read_worklist, write_worklist

__all__ = [
    "ImageStore",
    "Row",
    "UnreadableImage",
    "Worklist",
    "generate",
    "make_worklist",
    "read_worklist",
    "write_worklist",
]

_HOMES = {"ImageStore": "store", "UnreadableImage": "picture_file", "generate": "sample"}
"""The module of each name that is not of ``worklist``."""


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'worklist')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
