"""What an edit makes of one stored tensor, checked against the weights it was solved on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor

from erasepro.edit.fingerprints import check_weight
from erasepro.edit.mapped_update import SiteUpdate
from erasepro.errors import UserError

if TYPE_CHECKING:
    from erasepro.edit import Edit


@dataclass(frozen=True)
class Patch:
    """One site's change of one tensor.

    expected: the weight's fingerprint, or None.
    rounding: site → ‖W' − (W + s·ΔW)‖/‖s·ΔW‖ of the weights W' made so far, which the stored dtype rounds; shared by the
        patches of an export.
    third: which third of the tensor's rows is the weight, where q, k and v are stored as one; None: all of it.
    """

    site: str
    update: SiteUpdate
    strength: float
    expected: dict[str, Any] | None
    rounding: dict[str, float]
    third: int | None = None

    def __call__(self, stored: Tensor) -> Tensor:
        """The edited tensor, in the stored one's shape and dtype.

        Raises:
            UserError: the tensor has another shape, or is not the weight that the edit was solved on.
        """
        edited = stored.clone()
        d = stored.shape[0] // 3
        W = edited if self.third is None else edited[self.third * d : (self.third + 1) * d]
        if tuple(W.shape) != self.update.shape:
            raise UserError(
                f"'{self.site}' is {tuple(W.shape)} in the base but {self.update.shape} in the edit: the base is "
                "another model."
            )
        if self.expected is not None:
            check_weight(self.site, W.contiguous(), self.expected)
        exact = self.update.apply_to(W.double(), self.strength)
        change = exact - W
        W.copy_(exact.to(W.dtype))
        size = float(change.norm())
        self.rounding[self.site] = float((W - exact).norm()) / size if size > 0 else 0.0
        return edited


def patch_of(edit: Edit, site: str, rounding: dict[str, float], third: int | None = None) -> Patch:
    """The change of this site at the edit's strength."""
    return Patch(site, edit.updates[site], edit.strength, edit.meta.get("base", {}).get(site), rounding, third)


def chained(patches: list[Patch], stored: Tensor) -> Tensor:
    """Every change of one tensor, in turn (they touch different rows)."""
    for patch in patches:
        stored = patch(stored)
    return stored
