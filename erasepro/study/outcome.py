"""What became of one run of a study, and whether that still holds: code, inputs and the run's folder are as they were."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from erasepro.runs.command_record import UNREADABLE
from erasepro.runs.finished_command import mark_run
from erasepro.runs.watched_files import is_as_watched
from erasepro.runtime.sealed_json import read_sealed, write_sealed

DONE, FAILED = "done", "failed"


@dataclass(frozen=True)
class Outcome:
    """The end of one run."""

    state: str
    """done | failed."""
    words: tuple[str, ...]
    """The run's command."""
    run: str = ""
    """The run's folder, where it is done; seen from the study's."""
    error: str = ""
    """Why it failed, in one line."""
    seconds: float = 0.0
    worker: str = ""
    """Who made it: host and process."""
    when: str = ""
    marks: tuple[tuple[str, str, str], ...] = ()
    """Everything that the run hangs on (`runs.watched_files`), as it was before and after; empty where that cannot be told."""
    content: str = ""
    """Hash of the bytes in the run's folder."""

    def write(self, path: Path) -> None:
        """Write it whole, with its digest."""
        write_sealed(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Outcome | None:
        """What a file says; None where there is none, or it is damaged: the run is then asked again, which knows better."""
        try:
            record, _ = read_sealed(path)
            if not record:
                return None
            values: dict[str, Any] = {key: value for key, value in record.items() if key in cls.__dataclass_fields__}
            values["words"] = tuple(map(str, values["words"]))
            values["marks"] = tuple(tuple(map(str, mark)) for mark in values["marks"])
            return cls(**values)
        except UNREADABLE:
            return None

    def is_current(self, words: tuple[str, ...], run: Path, seen: dict[tuple[str, str], bool]) -> bool:
        """Whether the run would give the same again: then nothing has to be asked of it.

        Args:
            words: the run's command now.
            run: the run's folder.
            seen: what was found out of each place; places of several runs are looked at once.
        """
        if self.state != DONE or self.words != words or not self.marks:
            return False
        try:
            for kind, place, mark in self.marks:
                key = (kind, f"{place}\0{mark}")
                if key not in seen:
                    seen[key] = is_as_watched([(kind, place, mark)])
                if not seen[key]:
                    return False
            return mark_run(run) == self.content
        except UNREADABLE:
            return False
