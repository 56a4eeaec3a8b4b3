"""Config keys and values that had another name before, so that an old command is told the new one."""

from __future__ import annotations

import re
from typing import Any

RENAMED = (
    (r"generation\.max_kept", "generation.max_retain"),
    (r"metrics\.evaluator", "metrics.judge"),
    (r"metrics\.params\.fd_mini(?!ature)", "metrics.params.fd_miniature"),
    (r"tracker\.images", "tracker.num_images"),
    (r"tracker\.patience", "tracker.shutdown_timeout"),
    (r"solver\.kv_tokens", "solver.cross_attention_token_policy"),
    (r"solver\.kv_fit", "solver.cross_attention_fit"),
    (r"solver\.kv", "solver.cross_attention"),
    (r"solver\.text_tokens", "solver.text_token_policy"),
    (r"solver\.tokens", "solver.token_policy"),
    (r"solver\.guide", "solver.anchor_source"),
    (r"solver\.free", "solver.free_fraction"),
    (r"solver\.tau", "solver.independence_threshold"),
    (r"solver\.(text|cross_attention)_fit\.tau", r"solver.\1_fit.independence_threshold"),
    (r"solver\.(text|cross_attention)_fit\.rest", r"solver.\1_fit.unselected_weight"),
    (r"(prompts\.[^.]+)\.own", r"\1.use_row_settings"),
    (r"(prompts\.[^.]+)\.wordings", r"\1.phrasings"),
)
"""(pattern of the beginning of a dotted key, what it is called now)."""

RENAMED_VALUES = (
    (r"generation\.split", "dev", "validation"),
    (r"prompts\.[^.]+\.role", "kept", "retain"),
    (r"metrics\.params\.[^.]+\.roles?", "kept", "retain"),
    (r"metrics\.params\.[^.]+\.network", "evaluator", "judge"),
    (r"metrics\.names", "fd_mini", "fd_miniature"),
    (r"(solver\.)?schedule(\.name)?", "kv_only", "cross_attention_only"),
    (r"(solver\.)?schedule\.at", "own", "output"),
    (r"solver\.(prompts|preserve)", "build", "fitting"),
)
"""(pattern of the whole of a dotted key, a value that it had, what that is called now)."""


def rename_value(key: str, value: Any) -> Any:
    """The value of a key, or of an item of its list, under its present name; the same where that has not changed."""
    for pattern, before, now in RENAMED_VALUES:
        if value == before and re.fullmatch(pattern, key):
            return now
    return value


def rename_key(key: str) -> str:
    """The dotted key under its present name; the same where its name has not changed."""
    for pattern, name in RENAMED:
        key = re.sub(rf"^{pattern}(?=\.|$)", name, key)
    return key
