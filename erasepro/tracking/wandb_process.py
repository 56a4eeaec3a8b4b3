"""The process that talks to Weights & Biases for one run: ``python -m erasepro.tracking.wandb_process PID-OF-THE-RUN``.

Standard input: one JSON message a line, the first of them ``open``. Standard output: one line a thing that the user should
know. Standard error is a log file. Where the messages end without ``close``, the run was killed: it is closed as failed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from erasepro.tracking.reach import has_key, reach

STARTING = 10
"""Seconds that a server has to accept a run."""
NAME_LENGTH = 128
"""Characters that W&B allows in the name of a group, a run or an artifact."""


class Logger:
    """One W&B run: a method for each message. ``tell`` takes a line that the user should read."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self.run: Any = None

    def open(
        self,
        *,
        dir: str,
        name: str,
        id: str,
        group: str | None,
        config: dict[str, Any],
        project: str,
        entity: str | None,
        tags: list[str],
        mode: str,
        argv: list[str],
    ) -> None:
        """Start the run at W&B: online where a key is at hand and the server answers, else offline.

        Args:
            dir: the run's folder; W&B's files lie in its ``wandb``.
            mode: online | offline | auto (online with a key).
            argv: the words of the run's command.
        """
        sys.argv = argv  # W&B shows a run's command
        self.folder = settle(Path(dir))
        import wandb

        how: dict[str, Any] = {
            "project": project,
            "entity": entity,
            "tags": tags,
            "config": config,
            "dir": dir,
            "id": id or None,
        }
        how |= {"name": name[:NAME_LENGTH], "group": group[:NAME_LENGTH] if group else None, "allow_val_change": True}
        url = wandb.setup().settings.base_url
        if mode == "online" or (mode == "auto" and has_key(url)):
            self.run = self.online(url, how)
        if self.run is None:
            self.run = wandb.init(mode="offline", settings=settings(), **how)
        # what tables and artifacts hold until they are uploaded lies with the run that they belong to
        os.environ["WANDB_DATA_DIR"] = str(Path(self.run.dir).parent / "data")

    def online(self, url: str, how: dict[str, Any]) -> Any:
        """The run at the server, gone on with where it is known there; None where there is no way to it, which is told."""
        import wandb

        before = set(self.folder.glob("run-*"))
        try:
            reach(url)
            return wandb.init(mode="online", resume="allow" if how["id"] else None, settings=settings(), **how)
        except Exception as error:
            self.tell(
                f"the W&B login failed ({one_line(error)}); logging offline. Mend it with `wandb login`, or set "
                "tracker.mode=offline."
            )
        wandb.teardown()  # the service holds on to the id of a run that it could not start
        for empty in set(self.folder.glob("run-*")) - before:
            shutil.rmtree(empty, ignore_errors=True)
        return None

    def summary(self, summary: dict[str, Any]) -> None:
        """Set final numbers by name."""
        self.run.summary.update(summary)

    def table(self, name: str, columns: list[str | int], rows: list[list[Any]]) -> None:
        """Log a table; a cell that is a dict names a picture's file under ``image``."""
        import wandb

        data = [[wandb.Image(v["image"]) if isinstance(v, dict) else v for v in row] for row in rows]
        self.run.log({name: wandb.Table(columns=columns, data=data)})

    def curves(self, name: str, x: str, points: list[dict[str, float]]) -> None:
        """A history row a point, so that W&B lays the curves of several runs over each other."""
        mark = f"{name}/points"
        if self.run.resumed and self.run.summary.get(mark) == len(points):
            return  # the run at the server has them already
        self.run.define_metric(f"{name}/{x}", hidden=True, summary="none")
        self.run.define_metric(f"{name}/*", step_metric=f"{name}/{x}", summary="none")
        for point in points:
            self.run.log({f"{name}/{key}": value for key, value in point.items()})
        self.run.summary[mark] = len(points)

    def image(self, name: str, path: str) -> None:
        """Log the picture in a file."""
        import wandb

        self.run.log({name: wandb.Image(path)})

    def files(self, name: str, kind: str, files: list[str], facts: dict[str, Any]) -> None:
        """Log files as one artifact of a kind, their facts as its metadata."""
        import wandb

        artifact = wandb.Artifact(name[:NAME_LENGTH], type=kind, metadata=facts)
        for file in files:  # immutable: an edit may be large, and its folder is where it stays
            artifact.add_file(file, policy="immutable", skip_cache=True)
        self.run.log_artifact(artifact)

    def close(self, failed: bool) -> None:
        """End the run at W&B, and delete what earlier, stopped commands left of the same run."""
        if self.run is None:
            return
        own = Path(self.run.dir).parent
        self.run.finish(exit_code=1 if failed else 0)
        old = [Path(tempfile.gettempdir())]
        if not failed:  # what an earlier, stopped command logged of the same run is in this one
            old += [other for other in self.folder.glob(f"offline-run-*-{self.run.id}") if other.name != own.name]
            old += self.folder.glob("tmp-*")
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)


def settings() -> Any:
    """Silent, no console capture, no copy of code; the machine's load is that of the run, which is the parent process."""
    import wandb

    return wandb.Settings(
        silent=True,
        console="off",
        disable_git=True,
        save_code=False,
        init_timeout=STARTING,
        use_dot_wandb=False,
        x_stats_pid=os.getppid(),
    )


def settle(run_dir: Path) -> Path:
    """Points W&B's folders into the run's, before W&B is imported; returns the one that is its own."""
    folder = run_dir / "wandb"
    os.environ |= {"WANDB_DIR": str(run_dir), "WANDB_SILENT": "true"}
    os.environ |= {f"WANDB_{name}_DIR": str(folder / name.lower()) for name in ("CACHE", "DATA", "ARTIFACT")}
    own = folder / f"tmp-{os.getpid()}"  # another process may be closing this run, whose command was killed
    own.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(own)  # W&B's copies of pictures: none stays elsewhere where it is killed
    return folder


def one_line(error: BaseException) -> str:
    """An error's text on one line, at most 200 characters; its type where it has none."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def serve(messages: TextIO, tell: Callable[[str], None], orphaned: Callable[[], bool]) -> None:
    """Do what the messages say, in turn; what fails is told, and the next is done.

    Without an open run the rest is ignored. A run that was killed before it is opened is not opened: the command that resumes
    it may be opening it.

    Args:
        messages: a JSON object a line, its key ``do`` a method of `Logger`.
        tell: takes one line for the user.
        orphaned: whether the run's process is gone.
    """
    logger, closed, opened = Logger(tell), False, False
    for line in messages:
        message = json.loads(line)
        what = message.pop("do")
        try:
            if logger.run is None and (opened or orphaned()):
                continue
            opened = True
            closed = closed or what == "close"
            getattr(logger, what)(**message)
        except Exception as error:
            traceback.print_exc()
            tell(f"tracker 'wandb' failed ({one_line(error)}); the run goes on.")
    if not closed:
        logger.close(failed=True)


def main() -> None:
    """Serve the messages on standard input; the one argument is the process number of the run."""
    parent = int(sys.argv[1])
    messages = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # W&B may ask and print as it likes: not on the pipes
    os.dup2(2, 1)
    serve(messages, lambda text: print(text, file=answers, flush=True), lambda: os.getppid() != parent)


if __name__ == "__main__":
    main()
