"""Online or offline: the config, the environment, and whether a key is at hand."""

from __future__ import annotations

import pytest

from erasepro.config.schema import TrackerConfig
from erasepro.errors import UserError
from erasepro.tracking import RunInfo, start_tracker
from erasepro.tracking.mode import choose_mode
from erasepro.tracking.reach import has_key

URL = "https://api.wandb.example"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_IDENTITY_TOKEN_FILE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_config_wins_then_the_environment(monkeypatch):
    assert choose_mode("auto") == "auto"
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    assert choose_mode("auto") == "online"
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert choose_mode("auto") == "offline"
    assert choose_mode("online") == "online"
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert choose_mode("auto") == "disabled"
    assert choose_mode("offline") == "offline"
    with pytest.raises(UserError, match=r"tracker\.mode.*'ofline'"):
        choose_mode("ofline")


def test_an_unknown_mode_in_the_environment_is_named(monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "nonsense")
    for mode in ("auto", "offline"):
        with pytest.raises(UserError, match=r"WANDB_MODE: got 'nonsense', allowed: online, .*disabled"):
            choose_mode(mode)


@pytest.mark.parametrize(("key", "value"), [("mode", "on"), ("shutdown_timeout", 0.0)])
def test_a_bad_value_stops_before_the_work(tmp_path, key, value):
    cfg = TrackerConfig(**{key: value})
    with pytest.raises(UserError, match=rf"tracker\.{key}"), start_tracker(cfg, RunInfo(tmp_path, "run")):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["api.wandb.example", "api.wandb.ai"])
def test_a_key_is_found_where_wandb_login_puts_it(tmp_path, monkeypatch, host):
    assert not has_key(URL)
    (tmp_path / ".netrc").write_text(f"machine {host}\n  login user\n  password {'0' * 40}\n", encoding="utf-8")
    assert has_key(URL)
    (tmp_path / ".netrc").write_text("machine example.org login user password secret\n", encoding="utf-8")
    assert not has_key(URL)
    (tmp_path / ".netrc").write_text("nonsense", encoding="utf-8")
    assert not has_key(URL)
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert has_key(URL)
