"""A user: a working folder, a home, a cache, and the programs of the wheel's environment; no terminal, no network."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.pages import ROOT

WIDTH = 80
NOWHERE = "http://127.0.0.1:9"
"""A proxy that refuses: whatever asks for a network is told that there is none."""


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it printed."""

    command: str
    status: int
    out: str
    err: str

    def faults(self, status: int = 0) -> list[str]:
        """What is wrong with it, whatever the command is."""
        wrong = [] if self.status == status else [f"status {self.status}: {self.err[-2000:] or self.out[-2000:]}"]
        if "Traceback (most recent call last)" in self.out + self.err:
            wrong.append(f"a traceback: {(self.out + self.err)[-2000:]}")
        wide = [line for line in self.out.splitlines() if len(line) > WIDTH and is_row(line)]
        return wrong + [f"wider than {WIDTH} columns: {line}" for line in wide]


def is_row(line: str) -> bool:
    """Whether a line is of a table or a list, which has columns; a line with a run's path is as wide as the path needs."""
    return "  " in line.strip() and "outputs/" not in line and not line.startswith("Again: ")


class User:
    """Somebody with the wheel.

    Args:
        bin_dir: of the environment that the wheel is installed in.
        folder: an empty one, in which everything lies that is written.
    """

    def __init__(self, bin_dir: Path, folder: Path) -> None:
        self.bin_dir, self.folder = bin_dir, folder / "first hour ü"
        places = {name: folder / name for name in ("home", "cache", "hub", "tmp")}
        for place in (self.folder, *places.values()):
            place.mkdir()
        self.home = places["home"]
        own = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "XDG_", "ORT_"))}
        self.environment = own | {
            "PATH": f"{bin_dir}{os.pathsep}{own['PATH']}", "HOME": str(self.home), "TMPDIR": str(places["tmp"]),
            "XDG_CACHE_HOME": str(places["cache"]), "HF_HOME": str(places["hub"]), "HF_HUB_OFFLINE": "1",
            "WANDB_MODE": "offline", "OMP_NUM_THREADS": "1", "COLUMNS": str(WIDTH), "LC_ALL": "C.UTF-8",
            "https_proxy": NOWHERE, "http_proxy": NOWHERE, "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip

    def types(self, words: Sequence[str], **more: str) -> Answer:
        """A program with its words as a process of its own; ``more`` goes into its environment."""
        done = subprocess.run(
            list(words), cwd=self.folder, env=self.environment | more, stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", timeout=1800, check=False,
        )  # fmt: skip
        return Answer(" ".join(words), done.returncode, done.stdout, done.stderr)

    def types_together(self, jobs: list[dict[str, object]], **more: str) -> dict[str, Answer]:
        """Jobs of `tests.first_hour.together` in one process: an answer each, by name."""
        asked, answered = self.folder.parent / "jobs.json", self.folder.parent / "answers.jsonl"
        asked.write_text(json.dumps(jobs), encoding="utf-8")
        program = ROOT / "tests" / "first_hour" / "together.py"
        done = self.types([str(self.bin_dir / "python"), "-P", str(program), str(asked), str(answered)], **more)
        rows = [json.loads(line) for line in answered.read_text(encoding="utf-8").splitlines()]
        assert done.status == 0, f"after {rows[-1]['name'] if rows else 'nothing'}: {done.out}{done.err}"
        return {row["name"]: Answer(row["name"], row["status"], row["out"], row["err"]) for row in rows}
