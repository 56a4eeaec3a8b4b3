"""The table of single pictures: what each model drew for a prompt and seed, and what the metrics say of either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from erasepro.generation.worklist import Row

MODELS = ("original", "edited")
SPREAD = ("role", "concept", "phrasing")
FACTS = ("id", "seed", "role", "phrasing")
WORDS = ("concept", "expected_concept", "subject", "prompt")
"""Facts that may hold a prompt: a file's concept column may be the prompts themselves."""


def spread(rows: Sequence[Row], number: int, keys: Sequence[str] = SPREAD) -> list[Row]:
    """The first ``number`` rows in an order that is even over roles, within a role over concepts, then phrasings."""
    return _dealt(rows, keys)[:number]


def _dealt(rows: Sequence[Row], keys: Sequence[str]) -> list[Row]:
    """The rows in an order whose every beginning is spread: one of each group in turn, each group dealt likewise."""
    if not keys:
        return list(rows)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(getattr(row, keys[0]), []).append(row)
    dealt = [_dealt(group, keys[1:]) for group in groups.values()]
    longest = max(map(len, dealt), default=0)
    return [group[i] for i in range(longest) for group in dealt if i < len(group)]


def before_after(
    rows: Sequence[Row], images: Path, samples: Sequence[Mapping[str, Any]], *, shown: bool
) -> tuple[list[str], list[list[Any]]]:
    """The table of single pictures, as columns and cells.

    A row has its facts, its prompt and both pictures (a ``Path``, or None where one is missing), and of every per-sample value
    the original's and the edited model's.

    Args:
        rows: those to show.
        images: the folder that holds ``original/`` and ``edited/``.
        samples: the run's per-sample rows.
        shown: False leaves the pictures out, and whatever may quote a prompt: concepts, and scores that name one.
    """
    from erasepro.generation.worklist import Row

    sample_of = {(s["id"], s["seed"], s["model"]): s for s in samples}
    known = {f.name for f in fields(Row)} | {"model", "error"}
    scores = list(dict.fromkeys(key for sample in samples for key in sample if key not in known))
    values = {key: [s[key] for s in sample_of.values() if s.get(key) is not None] for key in scores}
    hidden = set() if shown else {str(sample.get(word) or "") for sample in samples for word in WORDS} - {""}
    scores = [key for key in scores if values[key] and hidden.isdisjoint(map(str, values[key]))]
    columns = [*FACTS, *((*WORDS, *MODELS) if shown else ())]
    columns += [f"{key} ({model})" for key in scores for model in MODELS]
    cells = []
    for row in rows:
        cells_of_row: list[Any] = [getattr(row, fact) for fact in FACTS]
        if shown:
            paths = [images / model / f"{row.name}.png" for model in MODELS]
            cells_of_row += [*(getattr(row, word) for word in WORDS), *(path if path.is_file() else None for path in paths)]
        both = [sample_of.get((row.id, row.seed, model), {}) for model in MODELS]
        cells.append([*cells_of_row, *(sample.get(key) for key in scores for sample in both)])
    return columns, cells
