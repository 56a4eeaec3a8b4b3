"""The tiny model and the edit that the tests of edits use."""

from tests.edit.conftest import edit32, model, model32, model_at, other_model, solve

__all__ = ["edit32", "model", "model32", "model_at", "other_model", "solve"]
