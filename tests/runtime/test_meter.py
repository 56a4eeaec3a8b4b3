"""Seconds and peak memory of a block of work."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from erasepro.runtime import meter as module
from erasepro.runtime.meter import Meter, peak_gpu_mib


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    hand = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module.time, "perf_counter", lambda: hand.now)
    return hand


def test_seconds_run_inside_the_block_and_stand_still_after_it(clock):
    meter = Meter()
    clock.now += 5  # between making and entering it
    with meter:
        clock.now += 2
        assert meter.seconds == 2
        clock.now += 1
    clock.now += 50
    assert meter.seconds == 3
    assert meter.record()["seconds"] == 3


def test_a_block_that_fails_is_measured_too(clock):
    def fail():
        clock.now += 4
        raise ValueError("inside")

    meter = Meter()
    with pytest.raises(ValueError, match="inside"), meter:
        fail()
    assert meter.seconds == 4


def test_a_meter_used_again_starts_anew(clock):
    meter = Meter()
    for seconds in (7, 2):
        with meter:
            clock.now += seconds
        assert meter.seconds == seconds


def in_a_small_process(program: str) -> None:
    """Run in a process of its own: this one's peak may be another test's."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_peak_is_the_largest_memory_held_since_the_start():
    in_a_small_process("""
from erasepro.runtime.meter import Meter, peak_mib
with Meter() as meter:
    before = peak_mib()
    held = bytearray(64 << 20)
    held[::4096] = b"x" * len(held[::4096])  # touched, so that the pages are there
    grown = peak_mib()
    del held
assert grown >= before + 60, (before, grown)
assert meter.record()["peak_mib"] >= grown - 2, "freed memory still counts in the peak"
""")


def can_forget_a_peak() -> bool:
    """Whether the system lets a process reset its peak."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


@pytest.mark.skipif(not can_forget_a_peak(), reason="only some Linux systems let a peak be forgotten")
def test_a_new_peak_forgets_what_was_freed():
    in_a_small_process("""
from erasepro.runtime.meter import peak_mib, reset_peak
held = bytearray(64 << 20)
held[::4096] = b"x" * len(held[::4096])
high = peak_mib()
del held
reset_peak()
assert peak_mib() <= high - 50, (high, peak_mib())
""")


class Accelerator:
    """A torch whose accelerator holds three quarters of a GiB at most."""

    def __init__(self, available=True, initialized=True):
        self.resets = 0
        self.cuda = SimpleNamespace(
            is_available=lambda: available,
            is_initialized=lambda: initialized,
            max_memory_allocated=lambda: 768 << 20,
            reset_peak_memory_stats=self.reset,
        )

    def reset(self):
        self.resets += 1


def test_an_accelerators_peak_is_told_where_one_is_used(monkeypatch):
    torch = Accelerator()
    monkeypatch.setitem(sys.modules, "torch", torch)
    with Meter() as meter:
        pass
    assert torch.resets == 1
    assert meter.record()["peak_gpu_mib"] == 768


@pytest.mark.parametrize("torch", [None, Accelerator(available=False), Accelerator(initialized=False)])
def test_without_one_nothing_is_said_and_none_is_woken(monkeypatch, torch):
    monkeypatch.setitem(sys.modules, "torch", torch)
    with Meter() as meter:
        assert peak_gpu_mib() == 0
    assert set(meter.record()) == {"seconds", "peak_mib"}
    assert getattr(torch, "resets", 0) == 0
