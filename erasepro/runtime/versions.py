"""The version of this package, and of the libraries that compute an edit's numbers."""

from __future__ import annotations

import importlib.metadata

VERSION = "0.1.0"
"""The package's version: the only place where it is written."""

LIBRARIES = ("torch", "transformers", "diffusers", "safetensors")


def versions() -> dict[str, str]:
    """Versions of this package and of the libraries that hold and run the weights, by name."""
    return {"erasepro": VERSION, **{name: importlib.metadata.version(name) for name in LIBRARIES}}
