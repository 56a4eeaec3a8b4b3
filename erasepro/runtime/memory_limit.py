"""How much memory this process may use: the machine's, or less where the system limits it."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path

CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux writes the limit of a container (version 2 and 1 of its control groups)."""


def memory_limit() -> int | None:
    """Bytes of memory that this process may use at most; None where the system does not say."""
    limits = [*_of_machine(), *_of_process(), *_of_container()]
    return min(limits) if limits else None


def _of_machine() -> list[int]:
    try:
        return [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (ValueError, OSError):
        return []


def _of_process() -> list[int]:
    soft = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return [limit for limit in soft if limit != resource.RLIM_INFINITY]


def _of_container() -> list[int]:
    limits = []
    for path in CGROUP_LIMITS:
        with suppress(OSError, ValueError):  # no such file, or the word "max"
            limits.append(int(Path(path).read_text(encoding="ascii")))
    return limits
