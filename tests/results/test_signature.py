"""What a run's signature sees."""

from __future__ import annotations

import pytest

from erasepro.config.stored_config import StoredConfig
from erasepro.results.run_folder import STAGES
from erasepro.results.signature import signature

CONFIG = StoredConfig({
    "name": "a",
    "seed": 0,
    "outputs": {"dir": "outputs"},
    "tracker": {"name": "wandb"},
    "model": {"name": "tiny", "source": "here", "dtype": "float32"},
    "generation": {"steps": 5, "batch_size": 8},
})  # fmt: skip
HASHES = {"weights": "w", "prompts": "p"}


@pytest.mark.parametrize("key", ["name", "outputs.dir", "tracker.name", "generation.batch_size", "model.source"])
def test_signature_ignores_what_cannot_change_the_result(key):
    assert signature(CONFIG.replaced({key: "other"}), HASHES) == signature(CONFIG, HASHES)


@pytest.mark.parametrize("key", ["seed", "generation.steps", "model.dtype"])
def test_signature_sees_what_can(key):
    assert signature(CONFIG.replaced({key: "other"}), HASHES) != signature(CONFIG, HASHES)


def test_signature_sees_bytes_and_stage_versions(monkeypatch):
    first = signature(CONFIG, HASHES)
    assert signature(CONFIG, HASHES | {"weights": "new"}) != first
    monkeypatch.setitem(STAGES, "edit", 99)
    assert signature(CONFIG, HASHES) != first


def test_signature_ignores_the_order_of_keys():
    assert signature(StoredConfig(dict(reversed(CONFIG.values.items()))), HASHES) == signature(CONFIG, HASHES)
