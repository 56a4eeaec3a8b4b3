"""Which rows of a work list may be shown."""

from __future__ import annotations

from collections.abc import Iterable

from erasepro.concepts.safety.sensitive import mentions_nudity
from erasepro.generation.worklist import Row


def presentable(rows: Iterable[Row]) -> list[Row]:
    """The rows of a run that is not sensitive whose pictures are shown and logged: captions of everyday pictures (COCO) name
    nudity now and then."""
    return [row for row in rows if not mentions_nudity([row.prompt])]
