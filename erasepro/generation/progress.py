"""One progress bar for everything that goes image by image: done, images/s, time left; on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class ImagesPerSecond(ProgressColumn):
    """Images drawn by this process over the time since it began."""

    def render(self, task: Task) -> Text:
        """The speed as a cell of the bar; a dash before the first image."""
        made = task.completed - task.fields["before"]
        return Text(f"{made / task.elapsed:4.1f} images/s" if made > 0 and task.elapsed else "   – images/s")


@contextmanager
def progress_bar(title: str, total: int, done: int = 0, show: bool = True) -> Iterator[Callable[[int], None]]:
    """Yields ``advance(n)``. `done` images count as finished but not towards the speed."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        ImagesPerSecond(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not show) as bar:
        task = bar.add_task(title, total=total, completed=done, before=done)
        yield lambda n: bar.advance(task, n)
