"""Which rows of a work list may be shown."""

from __future__ import annotations

from collections.abc import Iterable

from erasepro.concepts.safety.sensitive import mentions_nudity
from erasepro.generation.worklist import Row


def presentable(rows: Iterable[Row]) -> list[Row]:
    """The rows whose pictures may be shown and logged: those whose prompt names no nudity.

    For runs that are not sensitive: captions of everyday pictures (COCO) name it now and then.
    """
    return [row for row in rows if not mentions_nudity([row.prompt])]
