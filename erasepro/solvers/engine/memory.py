"""How much memory the columns of a solve take, counted on a sample of its sentences before anything is loaded."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from erasepro.models.architectures import ConditioningInput
from erasepro.models.features.columns import pair_columns
from erasepro.models.features.text_stack import input_width, parts_of, tokenizer_of

SAMPLE = 128
"""Sentence pairs, drawn at random, whose columns are counted."""
BYTES_A_COLUMN = 1500
"""What a column takes beside its numbers: its label, its place in the prompt, what is reported of it."""


def count_columns(tokenizer: Any, pairs: Sequence[Any], policy: str) -> int:
    """About how many columns a token policy gives of these sentence pairs.

    Raises UserError for a sentence that the tokenizer cannot read, or an unknown policy.
    """
    sample = random.Random(0).sample(pairs, min(SAMPLE, len(pairs)))
    return round(len(pair_columns(tokenizer, sample, policy)) * len(pairs) / len(sample)) if sample else 0


def column_bytes(columns: int, d_in: int, d_out: int) -> int:
    """About how many bytes a site's solve holds at its peak.

    Columns in float64: X with its whitened and its normalised form (d_in); the hidden states of target and anchor, and the
    wanted change (d_out).
    """
    return columns * (8 * (3 * d_in + 5 * d_out) + BYTES_A_COLUMN)


def input_bytes(pipe: Any, read: ConditioningInput, pairs: Sequence[Any], policy: str) -> int:
    """The same for the linears of a conditioning input, whose keys and values are solved for at once."""
    width = input_width(pipe, read)
    if read.kind == "pooled":
        return column_bytes(len(pairs) * len(parts_of(pipe, read)), width, 0)
    columns = sum(count_columns(tokenizer_of(pipe, part[0]), pairs, policy) for part in parts_of(pipe, read))
    return column_bytes(columns, width, width)
