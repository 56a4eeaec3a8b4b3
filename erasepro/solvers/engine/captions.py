"""The captions to preserve, apart by whose they are: the model's own sentences, what an edit adds to them, what it takes away.

Sums over captions add up, so those over the model's own sentences are collected once for the model, and each edit reads its
own few: K Kᵀ = (K Kᵀ)_shared + (K Kᵀ)_added − (K Kᵀ)_removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from erasepro.linalg import Statistics
from erasepro.models.features.statistics_store import StatisticsStore

if TYPE_CHECKING:
    from erasepro.concepts.prompt_pairs import EditPrompts

SHARED, ADDED, REMOVED, LEADING = "shared", "added", "removed", "leading"
"""The streams of captions; LEADING: the first few of them all, for an encoder that reads its whole context."""
SIGNS = {SHARED: 1.0, ADDED: 1.0, REMOVED: -1.0, LEADING: 1.0}
WORTH = 0.5
"""Captions of an edit's own, as a share of the model's, up to which it pays to keep those apart."""


def group_captions(prompts: EditPrompts, limit: int | None, long_captions: int) -> dict[str, tuple[str, ...]]:
    """The captions of each stream; all are SHARED where an edit has too much of its own.

    Args:
        limit: how many captions at most; None: all.
        long_captions: how many of them at most an encoder reads that always reads its whole context.
    """
    leading = prompts.preserve[:long_captions]
    if limit is None and prompts.shared:
        shared, wanted = dict.fromkeys(prompts.shared), dict.fromkeys(prompts.preserve)
        added = tuple(text for text in wanted if text not in shared)
        removed = tuple(text for text in shared if text not in wanted)
        if len(added) + len(removed) <= WORTH * len(shared):
            return {SHARED: tuple(shared), ADDED: added, REMOVED: removed, LEADING: leading}
    return {SHARED: tuple(prompts.preserve[:limit]), ADDED: (), REMOVED: (), LEADING: leading}


def joint_sums(
    streams: Iterable[str],
    collect: Callable[[str], Statistics],
    key: Callable[[str], str],
    d: int,
    store: StatisticsStore,
) -> Statistics:
    """The sums (d, d) over streams of captions; those over SHARED and LEADING ones are kept in the store.

    Args:
        collect: the sums of a stream, collected now. key: the name of a stream's sums in the store.
    """
    parts: dict[str, Statistics] = {}
    for stream in streams:
        kept = store.folder is not None and stream in (SHARED, LEADING)
        parts[stream] = store.sums(key(stream), d, lambda s=stream: collect(s)) if kept else collect(stream)  # type: ignore[misc]
    first, *others = parts
    whole = parts[first]
    for stream in others:
        whole = whole.absorb(parts[stream], SIGNS[stream])
    return whole


def nonempty(columns: Mapping[str, Sequence[object]]) -> list[str]:
    """The streams that have columns."""
    return [stream for stream, held in columns.items() if sum(map(len, held))]  # type: ignore[arg-type]
