"""Further processes of this machine that work in a study's folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

GPU = "CUDA_VISIBLE_DEVICES"


@contextmanager
def more_workers(folder: Path, number: int, fail_fast: bool = False) -> Iterator[None]:
    """So many further worker processes, from the beginning of the block; at its end they are waited for.

    What they print goes to ``logs/worker-<n>.log``. When the block ends by an error they are asked to stop; the next worker
    goes on with what they were at.

    Args:
        folder: the study's.
        number: of further processes; 0: none.
    """
    (folder / "logs").mkdir(exist_ok=True)
    words = [sys.executable, "-m", "erasepro", "work", str(folder), f"fail_fast={str(fail_fast).lower()}"]
    processes = []
    for index in range(1, number + 1):
        with (folder / "logs" / f"worker-{index}.log").open("ab") as log:
            environment = worker_environment(os.environ, index, number + 1)
            processes.append(subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment))
    try:
        yield
    except BaseException:
        for process in processes:
            process.terminate()
        raise
    finally:
        for process in processes:
            process.wait()


def worker_environment(environment: Mapping[str, str], index: int, workers: int) -> dict[str, str]:
    """The environment of one worker of several: its share of the processor's threads, and its GPU.

    Args:
        environment: of the process that starts it.
        index: of the worker, from 0.
        workers: how many there are.
    """
    changed = dict(environment)
    if "OMP_NUM_THREADS" not in environment:
        changed["OMP_NUM_THREADS"] = str(max(1, count_processors() // workers))
    devices = [name for name in environment.get(GPU, "").split(",") if name.strip()] or all_devices()
    if len(devices) > 1:
        changed[GPU] = devices[index % len(devices)].strip()
    return changed


def count_processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def all_devices() -> list[str]:
    """The names of this machine's CUDA devices, as CUDA_VISIBLE_DEVICES takes them."""
    import torch

    return [str(index) for index in range(torch.cuda.device_count())]
