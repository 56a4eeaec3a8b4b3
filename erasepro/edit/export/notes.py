"""What every exported LoRA says about itself in its metadata (string → string)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from erasepro.edit.export.factors import Factors, losses, roundings
from erasepro.edit.export.loaders import count_parts
from erasepro.edit.export.result import strength_warning

if TYPE_CHECKING:
    from erasepro.edit import Edit


def notes(edit: Edit, factors: dict[str, Factors]) -> dict[str, str]:
    """The edit's hash, strength, solver and concepts, the warning, how many weights of which part, and what was lost.

    ``erasepro_weights``: part → number of weights, by which a file that lost some of them is known (`erasepro verify`).
    ``erasepro_truncation_loss``: site → loss of its SVD. ``erasepro_rounding``: the largest that float32 cost.
    """
    return {
        "erasepro_warning": strength_warning(edit.strength),
        "erasepro_edit": edit.hash,
        "erasepro_strength": repr(edit.strength),
        "erasepro_solver": str(edit.meta.get("solver", "")),
        "erasepro_concepts": json.dumps(edit.meta.get("concepts", {}).get("pairs", []), ensure_ascii=False),
        "erasepro_model": str(edit.meta.get("model", {}).get("name", "")),
        "erasepro_weights": json.dumps(count_parts(factors), sort_keys=True),
        "erasepro_rounding": f"{max(roundings(factors).values(), default=0.0):.2g}",
        "erasepro_truncation_loss": json.dumps(losses(factors), sort_keys=True),
    }
