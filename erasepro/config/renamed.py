"""Config keys that had another name before, so that an old command is told the new one."""

from __future__ import annotations

import re

RENAMED = (
    (r"generation\.max_kept", "generation.max_retain"),
    (r"metrics\.evaluator", "metrics.judge"),
    (r"metrics\.params\.fd_mini(?!ature)", "metrics.params.fd_miniature"),
    (r"tracker\.images", "tracker.num_images"),
    (r"tracker\.patience", "tracker.shutdown_timeout"),
    (r"(prompts\.[^.]+)\.own", r"\1.use_row_settings"),
    (r"(prompts\.[^.]+)\.wordings", r"\1.phrasings"),
)
"""(pattern of the beginning of a dotted key, what it is called now)."""


def rename_key(key: str) -> str:
    """The dotted key under its present name; the same where its name has not changed."""
    for pattern, name in RENAMED:
        key = re.sub(rf"^{pattern}(?=\.|$)", name, key)
    return key
