"""What lies on this disk alone, where nothing may be downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from erasepro.errors import UserError

UNFETCHED = "Cannot fetch "
"""How the messages begin of whoever looks for a model or a data set on the hub."""


_forbidden = False
"""Whether a block of `hub_offline` is running."""


class NotOnDisk(UserError):
    """A model, a data set or a metric's network that a run would download first."""


def check_may_download(what: str) -> None:
    """Raise UserError, naming what would be downloaded, in a block of `hub_offline`."""
    if _forbidden:
        raise UserError(f"{UNFETCHED}{what}: nothing may be downloaded for a plan.")


@contextmanager
def hub_offline() -> Iterator[None]:
    """The block in which nothing is downloaded, the hub's library reading its cache. Raises NotOnDisk for what is not there."""
    global _forbidden  # noqa: PLW0603 - one a process, as the hub library's own
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE, _forbidden
    constants.HF_HUB_OFFLINE = _forbidden = True
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
        constants.HF_HUB_OFFLINE, _forbidden = before
