"""Signs of life: a file's time while its process works."""

import os
import time

import pytest

from erasepro.runtime import heartbeat
from erasepro.runtime.heartbeat import Heartbeat, seconds_silent


def test_a_file_is_touched_until_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)
    file = tmp_path / "claim"
    file.write_text("")
    os.utime(file, (0, 0))
    beating = Heartbeat(file)
    beating.start()
    deadline = time.monotonic() + 10
    while file.stat().st_mtime == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    beating.stop()
    assert seconds_silent(file) < 10
    os.utime(file, (0, 0))
    time.sleep(0.1)
    assert file.stat().st_mtime == 0
    beating.stop()  # once more does no harm


def test_a_file_that_goes_does_not_end_the_thread(tmp_path, monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    beating = Heartbeat(tmp_path / "gone")
    beating.start()
    time.sleep(0.05)
    (tmp_path / "gone").write_text("")
    os.utime(tmp_path / "gone", (0, 0))
    deadline = time.monotonic() + 10
    while (tmp_path / "gone").stat().st_mtime == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    beating.stop()
    assert (tmp_path / "gone").stat().st_mtime > 0


def test_the_age_is_told_by_the_disk(tmp_path, monkeypatch):
    file = tmp_path / "claim"
    file.write_text("")
    now = file.stat().st_mtime
    os.utime(file, (now - 500, now - 500))
    monkeypatch.setattr(time, "time", lambda: now + 10_000)  # this machine's clock is wrong
    assert 499 < seconds_silent(file) < 520
    assert os.listdir(tmp_path) == ["claim"]
    with pytest.raises(OSError, match="gone"):
        seconds_silent(tmp_path / "gone")
