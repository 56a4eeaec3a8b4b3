"""What is kept of a prompt set in the results: how many rows, how many were left out and why, and the hash of the rows."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from erasepro.prompts.evaluation_prompts import EvaluationPrompt

SHOWN = 6
"""Concepts that are named in a line."""


@dataclass(frozen=True)
class SetRecord:
    """``rows``: prompts that are used. ``dropped_minors``: prompts left out because they mention a minor.

    ``dropped_other``: rows left out by a filter, by ``max_rows`` or for want of a prompt. ``published``: rows that the
    published set has after the same filters; ``matching``: what this file has of them. ``by_name``: columns of a file that were
    taken because of what they are called. ``renamed``: columns taken in place of those that the config names and the file lacks
    (``evaluation_seed for sd_seed``). ``unused_labels``: columns that look like labels, and that nothing reads.
    ``purposes``: where each row's concept decides what it is for, how many are for what.
    """

    name: str
    rows: int
    dropped_minors: int
    dropped_other: int
    sha256: str
    licence: str
    source: str
    matching: int
    published: int | None = None
    sensitive: bool = False
    by_name: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    unused_labels: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key != "name"}

    @property
    def told(self) -> str:
        """One line for the person at the screen."""
        line = f"Prompts {self.name}: {self.rows:,} rows"
        if self.dropped_minors:
            line += f"; {self.dropped_minors:,} dropped for mentioning a minor"
            line += f", so n is not exactly comparable with the published {self.published:,}" if self.published else ""
        if self.published is not None and self.matching != self.published:
            line += f"; the file holds {self.matching:,} where the published set has {self.published:,}"
        if self.rows + self.dropped_minors < self.matching:
            line += f"; a subset of {self.matching:,}"
        if self.purposes:
            line += f"; {', '.join(self.purposes)}"
        if self.by_name:
            line += f"; with each row's own {', '.join(self.by_name)} (not with prompts.{self.name}.by_name=false)"
        if self.renamed:
            line += f"; read as this file calls them: {', '.join(self.renamed)}"
        if self.unused_labels:
            first, several = self.unused_labels[0], len(self.unused_labels) > 1
            line += f"; not used: the column{'s' if several else ''} {', '.join(self.unused_labels)}"
            line += f" (prompts.{self.name}.columns.concept={first} reads it as what a row asks for)"
        return f"{line}. Licence: {self.licence}."


def purposes_of(name: str, prompts: Sequence[EvaluationPrompt]) -> tuple[str, ...]:
    """How many prompts of a set are for what, with the concepts that they ask for."""
    told = []
    for role, what in (("target", "target"), ("synonym", "synonym of"), ("anchor", "anchor"), ("retain", "other")):
        counts = Counter(prompt.concept for prompt in prompts if prompt.role == role)
        unnamed = counts.pop("", 0)
        if counts:
            shown = [concept for concept, _ in counts.most_common(SHOWN)] + (["…"] if len(counts) > SHOWN else [])
            told.append(f"{counts.total():,} {what} ({', '.join(shown)})")
        if unnamed:
            told.append(f"{unnamed:,} that name no concept known here (prompts.{name}.concept=NAME: all rows are NAME's)")
    return tuple(told)


def rows_hash(prompts: Iterable[EvaluationPrompt]) -> str:
    """SHA-256 (64 hex digits) of the rows in their order.

    A row is the JSON list ``[prompt, seed, guidance, steps, width, height, role, concept]``, without spaces, in UTF-8,
    and a line feed; null stands for the run's own setting.
    """
    total = hashlib.sha256()
    for row in prompts:
        values = [row.prompt, row.seed, row.guidance, row.steps, row.width, row.height, row.role, row.concept]
        total.update(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return total.hexdigest()


def subset(prompts: Sequence[EvaluationPrompt], limit: int | None) -> list[EvaluationPrompt]:
    """At most ``limit`` of the prompts, in their order.

    Chosen by the SHA-256 of id and prompt: spread over the whole set, the same in every run whatever its seed, and a
    smaller subset is part of a larger one.
    """
    if limit is None or limit >= len(prompts):
        return list(prompts)
    ranks = [hashlib.sha256(f"{row.id}\n{row.prompt}".encode()).digest() for row in prompts]
    chosen = set(sorted(range(len(prompts)), key=lambda i: ranks[i])[:limit])
    return [row for i, row in enumerate(prompts) if i in chosen]
