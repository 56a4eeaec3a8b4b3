"""What an edit's residuals say of the method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_fitted(residuals: Mapping[str, Any]) -> bool:
    """Whether it was fitted to bring the targets' features to their anchors': a trained one may do without."""
    return "all" in residuals
