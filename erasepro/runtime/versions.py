"""The versions of what computes an edit's numbers."""

from __future__ import annotations

import importlib.metadata


def versions() -> dict[str, str]:
    """This package's own version, and those of the libraries that hold and run the weights."""
    import erasepro

    libraries = ("torch", "transformers", "diffusers", "safetensors")
    return {"erasepro": erasepro.__version__, **{name: importlib.metadata.version(name) for name in libraries}}
