"""Erase concepts from text-to-image models in closed form, and prove how well it went.

>>> import erasepro
>>> model = erasepro.load_model("miniature")
>>> edit = erasepro.erase(model, [("dog", "cat")])
>>> edit.apply(model.pipe)

Importing the package is cheap; torch and diffusers are imported at the first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from erasepro.runtime.versions import VERSION

if TYPE_CHECKING:
    from erasepro.api import erase
    from erasepro.concepts.pairs import ConceptPair, ConceptSet
    from erasepro.edit import Edit
    from erasepro.errors import UserError
    from erasepro.models.load import load_model

__version__ = VERSION
__all__ = ["ConceptPair", "ConceptSet", "Edit", "UserError", "erase", "load_model"]

_HOMES = {
    "ConceptPair": "erasepro.concepts.pairs",
    "ConceptSet": "erasepro.concepts.pairs",
    "Edit": "erasepro.edit",
    "UserError": "erasepro.errors",
    "erase": "erasepro.api",
    "load_model": "erasepro.models.load",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'erasepro' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "__doc__"])
