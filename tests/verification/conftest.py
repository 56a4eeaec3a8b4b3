"""The tiny model and the edit that the tests of edits use."""

from tests.edit.conftest import compact32, edit32, model, model32, model_at, other_model, solve

__all__ = ["compact32", "edit32", "model", "model32", "model_at", "other_model", "solve"]
