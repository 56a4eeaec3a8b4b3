"""Pictures that belong side by side on a page: the same prompts and seeds, drawn by the original and by edited models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from erasepro.generation.store import ImageStore
from erasepro.generation.worklist import Row


@dataclass(frozen=True)
class PictureColumn:
    """One model's pictures."""

    name: str
    store: ImageStore
    seen: Mapping[str, str] = field(default_factory=dict)
    """Name of a row -> what the judge names in its picture; "" for nothing. Rows that were not judged are absent."""


@dataclass(frozen=True)
class PictureGroup:
    """The original's column first; every column has a picture of every row."""

    title: str
    columns: Sequence[PictureColumn]
    rows: Sequence[Row]
    is_sensitive: bool = False
    """Whether the pictures stay blurred until somebody clicks on them, and their prompts hidden."""


def verdict(row: Row, seen: str | None) -> tuple[str, str]:
    """What a picture shows by its judge, as (kind, words): kind is gone | kept | shown | lost | none, or "" without a judge.

    Of a target's prompt the target is to be gone; of any other prompt its concept is to be kept.
    """
    if seen is None or not row.concept:
        return "", ""
    words = f"judge sees {seen}" if seen else "judge recognises nothing"
    if row.role in ("target", "synonym"):
        kind = "shown" if seen == row.concept else "gone" if seen else "none"
    else:
        kind = "kept" if seen == row.concept else "lost"
    return kind, words
