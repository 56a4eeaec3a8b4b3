"""A run's signature: a hash of everything that can change its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erasepro.config.stored_config import StoredConfig
from erasepro.results.run_folder import STAGES
from erasepro.runtime.files import digest

KEYS_OUTSIDE_SIGNATURE = (
    "outputs",
    "statistics",
    "statistics_limit",
    "tracker",
    "metrics",  # each metric's scores are filed under what decides them: see scoring.py
    "protocol",  # what it fixes stands in the other groups
    "name",
    "method",  # made of the solver's settings
    "experiments",
    "schedule",  # solvers that have one hold a copy under solver.schedule
    "generation.batch_size",
    "generation.target_prompts",  # the rows are hashed
    "model.source",  # the bytes of the weights are hashed instead
    "model.revision",
    "concepts.file",  # its pairs are hashed with the prompts
    "concepts.notes",
    "prompts",  # the rows are hashed
)
"""Config keys that cannot change the result."""


def signature(stored: StoredConfig, hashes: Mapping[str, str]) -> str:
    """Hash (64 hex digits) of a stored config less `KEYS_OUTSIDE_SIGNATURE`, of content hashes by name and of stage versions.

    Among the hashes are the solver's version and a digest of its source (``source_digest``): changed code is another run.
    """
    payload = {"config": _signed(stored.values, ""), "hashes": dict(hashes), "stages": STAGES}
    return digest(payload)


def _signed(node: Any, prefix: str) -> Any:
    if not isinstance(node, Mapping):
        return node
    return {k: _signed(v, f"{prefix}{k}.") for k, v in node.items() if f"{prefix}{k}" not in KEYS_OUTSIDE_SIGNATURE}
