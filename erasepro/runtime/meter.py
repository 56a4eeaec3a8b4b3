"""Seconds and peak memory of a block of work."""

from __future__ import annotations

import re
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path


class Meter:
    """Measures a block: ``with Meter() as meter: …``, then ``meter.seconds`` and ``meter.record()``."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._end: float | None = None

    def __enter__(self) -> Meter:
        reset_peak()
        self._start, self._end = time.perf_counter(), None
        return self

    def __exit__(self, *_: object) -> None:
        self._end = time.perf_counter()

    @property
    def seconds(self) -> float:
        """The length of the block; until its end, the time since its beginning."""
        return (self._end if self._end is not None else time.perf_counter()) - self._start

    def record(self) -> dict[str, float]:
        """Seconds, and peak memory in MiB (of the process; of the accelerator where one was used)."""
        measured = {"seconds": round(self.seconds, 4), "peak_mib": round(peak_mib(), 1)}
        gpu = peak_gpu_mib()
        return measured | ({"peak_gpu_mib": round(gpu, 1)} if gpu else {})


def reset_peak() -> None:
    """Start a new peak where the system can (Linux, CUDA); elsewhere the peak is that of the process so far."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.reset_peak_memory_stats()


def peak_mib() -> float:
    """Peak resident memory of this process, MiB."""
    try:
        match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        if match:
            return int(match.group(1)) / 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def peak_gpu_mib() -> float:
    """Peak memory that torch allocated on the accelerator, MiB; 0 without one."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return 0.0
    return torch.cuda.max_memory_allocated() / (1 << 20)
