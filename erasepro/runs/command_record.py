"""What is kept of a command, so that the same command can be answered at once: what it hung on, and its answer.

A command hangs on its words, on the folder and environment that it is given in, on the code, on the configs, and on every file
that its config names (`watched_files`). All of that as it was, the command computes the same; so its answer is given without
the libraries that computing it takes. Whatever differs, even where it could not matter, sends the command the long way, and so
does whatever cannot be read. The records lie in the user's cache folder and may be deleted at any time.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from erasepro.errors import UserError
from erasepro.runs.watched_files import code_places, input_places, is_as_watched, loaded_places, watch
from erasepro.runtime import distributed
from erasepro.runtime.files import digest
from erasepro.runtime.sealed_json import read_sealed, write_sealed

if TYPE_CHECKING:
    from erasepro.runs.spec import RunSpec

FORMAT = 1
LIMIT = 500
"""Records of a kind that are kept; the oldest go first."""
ENVIRONMENT = ("ERASEPRO", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HOME", "HUGGINGFACE", "TORCH_HOME", "XDG_")
"""Beginnings of the variables that decide which files are read."""
ROOMS_OF_RUNS = ("concepts", "edit", "features", "generation", "linalg", "metrics", "models", "prompts", "schedules", "solvers")
"""Parts of the package that are not loaded where a command has only begun."""
LIGHT = ("erasepro.models", "erasepro.models.kinds")
"""Modules of these parts that a report loads too."""
UNREADABLE = (OSError, UserError, AttributeError, KeyError, TypeError, ValueError)
"""What damaged records, plug-ins and folders raise: the command then goes the long way, which says what is wrong."""


class CommandRecord:
    """One command's record: ``read`` before anything is imported, else ``watch`` and, at the end, ``write``.

    It is neither read nor written in a process that had loaded code of runs, which may have been changed in memory, before the
    command began, nor by several processes on one run.

    Args:
        kind: of the answer: a folder of the cache.
        words: the command's.
    """

    def __init__(self, kind: str, words: Sequence[str]) -> None:
        environment = {name: value for name, value in os.environ.items() if name.startswith(ENVIRONMENT)}
        facts = [FORMAT, list(words), os.getcwd(), sys.path, sys.version, sys.prefix, environment]
        self.path = user_cache_path("erasepro") / kind / f"{digest(facts)[:32]}.json"
        self._start = time.time_ns()
        self._is_fresh = distributed.world_size() == 1 and not _has_loaded_runs()
        self._marks: list[list[str]] | None = None

    def read(self) -> dict[str, Any]:
        """The record, where all that the command hangs on is as it was; else nothing. Raises `UNREADABLE`."""
        record = read_sealed(self.path)[0] if self._is_fresh else {}
        return record if record and record["format"] == FORMAT and is_as_watched(record["marks"]) else {}

    def watch(self, spec: RunSpec | None = None, asks_hub: bool = True) -> None:
        """Mark the code, and then the files that a run's config names, before they are read.

        Args:
            asks_hub: the hub may be asked for what the config names there, and may say something else next time.
        """
        with suppress(*UNREADABLE):
            if spec is None and self._is_fresh:
                self._marks = watch(code_places())
            elif spec is not None and self._marks is not None:
                inputs = input_places(spec, asks_hub)
                self._marks = None if inputs is None else self._marks + watch(inputs)

    def is_unchanged(self) -> bool:
        """Whether all that was marked, and all code that was loaded since, is as it was. Raises `UNREADABLE`."""
        if self._marks is None:
            return False
        changed = any(os.stat(place).st_ctime_ns >= self._start for _, place in loaded_places())
        return not changed and is_as_watched(self._marks)

    def write(self, answer: dict[str, Any]) -> None:
        """Write the record, and take the oldest ones away. Raises `UNREADABLE`."""
        assert self._marks is not None
        write_sealed(self.path, {**answer, "format": FORMAT, "marks": self._marks + watch(loaded_places())})
        kept = sorted(self.path.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-LIMIT]:
            path.unlink(missing_ok=True)


def _has_loaded_runs() -> bool:
    """Whether this process has loaded code that results come from."""
    above = tuple(f"erasepro.{room}" for room in (*ROOMS_OF_RUNS, "runs.resolve", "runs.run"))
    return any(name.startswith(above) and name not in LIGHT for name in list(sys.modules))
