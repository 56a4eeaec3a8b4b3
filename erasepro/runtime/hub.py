"""The hub's cache alone, where nothing may be downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from erasepro.errors import UserError

UNFETCHED = "Cannot fetch "
"""How the messages begin of whoever looks for a model or a data set on the hub."""


class NotOnDisk(UserError):
    """A model or a data set of the hub that a run would download first."""


@contextmanager
def hub_offline() -> Iterator[None]:
    """The block in which the hub's library reads its cache only. Raises NotOnDisk for what lies on the hub alone."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    except UserError as error:
        if not str(error).startswith(UNFETCHED):
            raise
        what = str(error).removeprefix(UNFETCHED).partition(":")[0]
        raise NotOnDisk(
            f"Not on this disk: {what}. Nothing is downloaded for a plan; the run itself fetches it first."
        ) from error
    finally:
        constants.HF_HUB_OFFLINE = before
