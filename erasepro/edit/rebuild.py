"""ΔW = W_o D multiplied out for an edit that was loaded without its base, from weights that are checked to be the base's."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from erasepro.edit.fingerprints import check_weight
from erasepro.edit.mapped_update import MappedUpdate, SiteUpdate
from erasepro.edit.record import EditRecord
from erasepro.errors import UserError


def rebuild_updates(edit: EditRecord, read: Callable[[str], Tensor]) -> dict[str, SiteUpdate]:
    """The edit's updates, each with its product.

    Args:
        read: gives a site's base weight (d_out, d_in).

    Raises:
        UserError: a weight is not the one that the edit was solved on.
    """
    base = edit.meta.get("base", {})
    updates = dict(edit.updates)
    for name, update in edit.updates.items():
        if isinstance(update, MappedUpdate) and update.product is None:
            W_o = read(name)
            if tuple(W_o.shape) != update.shape:
                raise UserError(
                    f"'{name}' is {tuple(W_o.shape)} in the base but {update.shape} in the edit: the base is another model."
                )
            check_weight(name, W_o, base[name])
            updates[name] = update.multiply_out(W_o.to("cpu"))
    return updates
