"""Config keys that had another name before, so that an old command is told the new one."""

from __future__ import annotations

import re

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


def rename_key(key: str) -> str:
    """The dotted key under its present name; the same where its name has not changed."""
    for pattern, name in RENAMED:
        key = re.sub(rf"^{pattern}(?=\.|$)", name, key)
    return key
