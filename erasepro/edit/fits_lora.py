"""Which changes a LoRA can hold."""

from __future__ import annotations

from erasepro.edit.mapped_update import SiteUpdate
from erasepro.linalg import LowRankUpdate
from erasepro.models.sites import is_linear_site


def fits_lora(site: str, update: SiteUpdate) -> bool:
    """Whether a LoRA has a place for a change: any of a linear, factors of a convolution."""
    return is_linear_site(site) or (isinstance(update, LowRankUpdate) and len(update.shape) == 4)
