"""Saved tiny pipelines, as the tests of exports use them."""

from tests.edit.export.conftest import sd1

__all__ = ["sd1"]
