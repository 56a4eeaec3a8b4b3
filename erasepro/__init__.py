"""Erase concepts from text-to-image models in closed form, and prove how well it went.

>>> import erasepro
>>> model = erasepro.load_model("miniature")
>>> edit = erasepro.erase(model, [("dog", "cat")])
>>> with edit.apply(model.pipe):  # behind the block: the original bytes
...     image = model.pipe("a photo of a dog", guidance_scale=3, num_inference_steps=4).images[0]

Importing the package is cheap; torch and diffusers are imported at the first use.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from erasepro.runtime.versions import VERSION

if TYPE_CHECKING:
    from erasepro.api import erase, evaluate, run
    from erasepro.concepts.pairs import ConceptPair, ConceptSet
    from erasepro.edit import Edit
    from erasepro.edit.export import export_edit
    from erasepro.edit.uce_file import load_uce
    from erasepro.errors import UserError
    from erasepro.models.load import load_model
    from erasepro.report.load_runs import load_runs
    from erasepro.report.run_results import RunResults
    from erasepro.solvers.extend import add_concepts, remove_concept
    from erasepro.verification import certify

# read at the import of ONNX Runtime, which diffusers' from_pretrained brings about before NudeNet's does
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = VERSION
__all__ = [
    "ConceptPair",
    "ConceptSet",
    "Edit",
    "RunResults",
    "UserError",
    "add_concepts",
    "certify",
    "erase",
    "evaluate",
    "export_edit",
    "load_model",
    "load_runs",
    "load_uce",
    "remove_concept",
    "run",
]

_HOMES = {
    "ConceptPair": "erasepro.concepts.pairs",
    "ConceptSet": "erasepro.concepts.pairs",
    "Edit": "erasepro.edit",
    "RunResults": "erasepro.report.run_results",
    "UserError": "erasepro.errors",
    "add_concepts": "erasepro.solvers.extend",
    "certify": "erasepro.verification",
    "erase": "erasepro.api",
    "evaluate": "erasepro.api",
    "export_edit": "erasepro.edit.export",
    "load_model": "erasepro.models.load",
    "load_runs": "erasepro.report.load_runs",
    "load_uce": "erasepro.edit.uce_file",
    "remove_concept": "erasepro.solvers.extend",
    "run": "erasepro.api",
}
"""The module that each public name is imported from, at its first use."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'erasepro' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "__doc__"])
