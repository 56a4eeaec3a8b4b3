"""Photographs that scikit-image ships (public domain); its data are found without importing it."""

from importlib.util import find_spec
from pathlib import Path


def photo(name):
    spec = find_spec("skimage")
    assert spec is not None, "the tests' photographs come with scikit-image: pip install -e '.[dev]'"
    return Path(spec.origin).parent / "data" / name
