"""Sums K Kᵀ of retained texts, for the methods that edit keys and values: collected once a model (`StatisticsStore`)."""

from __future__ import annotations

from collections.abc import Sequence

from erasepro.linalg import Statistics
from erasepro.models.architectures import ConditioningInput
from erasepro.models.features.columns import plan_retain_columns
from erasepro.models.features.statistics_store import StatisticsStore, encoder_digest, statistics_key
from erasepro.models.features.text_encoder_layers import submodule, token_ids
from erasepro.models.features.text_stack import TextStack, input_width, parts_of, tokenizer_of

BLOCK = 256
"""Texts whose columns are held at a time."""


def retained_sums(
    stack: TextStack, read: ConditioningInput, texts: Sequence[str], tokens: str, store: StatisticsStore
) -> Statistics:
    """Sums over the features (d, m) of texts at the tokens that `plan_retain_columns` names, each column once.

    Args:
        stack: the original encoders.
        read: the group of linears that see the features.
        store: where sums collected before may lie.
    """
    width = input_width(stack.pipe, read)

    def collect() -> Statistics:
        sums = Statistics(width)
        for start in range(0, len(texts), BLOCK):
            block = texts[start : start + BLOCK]
            columns, _ = plan_retain_columns(stack.pipe, read, block, tokens)
            sums.update(stack.input_features(read, block, columns))
        return sums

    if not texts or store.folder is None:
        return collect()
    names = [name for part in parts_of(stack.pipe, read) for name in part]
    encoders = [encoder_digest(getattr(stack.pipe, name)) for name in names]
    ids = [token_ids(tokenizer_of(stack.pipe, name), texts) for name in names]
    root = getattr(stack.pipe, read.denoiser)
    projections = [encoder_digest(submodule(root, path, stack.dtype)) for path in read.projections]
    key = statistics_key("retained", repr(read), encoders, ids, tokens, stack.batch, BLOCK, stack.dtype, projections)
    return store.sums(key, width, collect)
