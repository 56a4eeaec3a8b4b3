"""Several processes on one run: ``torchrun --nproc-per-node 2 -m erasepro …`` (or ``accelerate launch -m erasepro …``).

All go through the same stages. What must be done once (locks, solving, scoring, printing) the first process does, and the
others wait for its answer; what can be shared out each does its part of. Where one fails, all fail, with its one line; a
launcher ends the others of a process that was killed. Without a launcher there is one process and nothing is opened.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from erasepro.errors import UserError

T = TypeVar("T")
PATIENCE = timedelta(days=30)
"""How long processes wait for each other: a solve or a scoring may take hours, and a launcher ends orphans by itself."""


class RemoteRankError(UserError):
    """Another process failed; it has told why."""


def rank() -> int:
    """This process's place, from 0."""
    group = _opened()
    return group.get_rank() if group else int(os.environ.get("RANK", "0")) if world_size() > 1 else 0


def world_size() -> int:
    """How many processes there are."""
    group = _opened()
    return group.get_world_size() if group else int(os.environ.get("WORLD_SIZE", "1"))


def is_main_process() -> bool:
    """Whether this is the first process, which speaks for all."""
    return rank() == 0


def on_main_process(work: Callable[[], T]) -> T:
    """What `work` returns in the first process, in all of them; it must be picklable. An error there is an error in all."""
    if world_size() == 1:
        return work()
    answer: list[object] = [None, None]
    failure: BaseException | None = None
    if is_main_process():
        try:
            answer[0] = work()
        except BaseException as error:
            failure, answer[1] = error, _line(error)
    _group().broadcast_object_list(answer, src=0)
    if failure is not None:
        raise failure
    if answer[1] is not None:
        raise RemoteRankError(str(answer[1]))
    return answer[0]  # type: ignore[return-value]


def on_all_processes(work: Callable[[], None]) -> None:
    """`work` in every process, until all are done with it; an error in one is an error in all."""
    if world_size() == 1:
        return work()
    failure: BaseException | None = None
    try:
        work()
    except BaseException as error:
        failure = error
    lines: list[str | None] = [None] * world_size()
    _group().all_gather_object(lines, None if failure is None else _line(failure))
    if failure is not None:
        raise failure
    for place, line in enumerate(lines):
        if line is not None:
            raise RemoteRankError(f"Process {place}: {line}")
    return None


def _line(error: BaseException) -> str:
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def _opened() -> Any:
    """torch.distributed where a process group is open: ours, or a launcher's own."""
    dist = sys.modules.get("torch.distributed")
    return dist if dist is not None and dist.is_available() and dist.is_initialized() else None


def _group() -> Any:
    """torch.distributed, with its process group opened over gloo: only Python objects go through it."""
    import torch
    import torch.distributed as dist

    if not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
        dist.init_process_group("gloo", timeout=PATIENCE)
        atexit.register(dist.destroy_process_group)
    return dist
