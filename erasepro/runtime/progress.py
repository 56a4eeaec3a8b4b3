"""What is going on, while it lasts, on stderr: a bar or a spinner a stage on a terminal, and else one line a stage.

Nothing is shown unless a command asks for it (`shown`): a program that imports the package gets no output by itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from erasepro.runtime import distributed
from erasepro.runtime.interrupts import interrupts_held

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

BRIEF = 1.0
"""Seconds below which a stage without a count leaves no trace on a terminal."""

TITLE = 28
"""Letters of a title, so that bars stand below one another; a line then fits 80 columns."""

SHOW_CURSOR = "\x1b[?25h"

Advance = Callable[[int], None]


@dataclass(frozen=True)
class _Stage:
    title: str
    total: int | None
    done: int
    unit: str
    with_speed: bool
    announced: bool


class _Display(Protocol):
    def stage(self, stage: _Stage) -> AbstractContextManager[Advance]: ...


_display: ContextVar[_Display | None] = ContextVar("display", default=None)


@contextmanager
def shown(show: bool = True) -> Iterator[None]:
    """Show the stages of what runs inside, or hide them. Of several processes the main one shows its own."""
    display = before = _display.get()
    if not show or not distributed.is_main_process():
        display = None
    elif display is None:
        display = _Bars() if _is_terminal() else _Lines()
    token = _display.set(display)
    try:
        yield
    finally:
        if before is None:
            stop_display()
        _display.reset(token)


@contextmanager
def stage(
    title: str, total: int | None = None, done: int = 0, unit: str = "", *,
    with_speed: bool = False, announced: bool = True, show: bool = True,
) -> Iterator[Advance]:  # fmt: skip
    """One stage of the work, from here to the end of the block; yields ``advance(n)``. Stages may lie in one another.

    Args:
        title: what is done, such as "Solving".
        total: how many steps it takes; None where nobody knows.
        done: steps that were done before: they do not count towards the speed.
        unit: what a step is, in the plural.
        with_speed: steps a second are shown too.
        announced: False for what comes before the work, where a user's mistake is told in one line, and for the end of what a
            line told of: it has a spinner, and no line where there is no terminal.
        show: False where it is too little to be shown.
    """
    display = _display.get()
    if display is None or not show:
        yield _ignore
        return
    with display.stage(_Stage(title, total, done, unit, with_speed, announced)) as advance:
        yield advance


def _ignore(_: int) -> None:
    pass


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class _Lines:
    """A line at the beginning of each stage."""

    @contextmanager
    def stage(self, stage: _Stage) -> Iterator[Advance]:
        if stage.announced:
            count = "" if stage.total is None else f": {stage.total:,} {stage.unit}".rstrip()
            before = f" ({stage.done:,} done before)" if stage.done else ""
            print(f"{stage.title}{count}{before} …", file=sys.stderr, flush=True)
        yield _ignore


class _Bars:
    """A bar a stage, below one another; those of the outermost stage stay on the screen."""

    @contextmanager
    def stage(self, stage: _Stage) -> Iterator[Advance]:
        outermost = not _on_screen
        task: TaskID | None = None
        try:
            with interrupts_held():  # a terminal is taken over as a whole, or not at all
                if outermost:
                    _on_screen.append(_Screen())
                bars = _on_screen[0].bars
                task = bars.add_task(
                    stage.title, total=stage.total, completed=stage.done,
                    before=stage.done, unit=stage.unit, with_speed=stage.with_speed,
                )  # fmt: skip
            yield lambda n: bars.advance(task, n)
        finally:
            with interrupts_held():
                if task is not None:
                    self._close(bars, task)
                if outermost:
                    stop_display()

    def _close(self, bars: Progress, number: TaskID) -> None:
        task = next(task for task in bars.tasks if task.id == number)
        bars.stop_task(number)
        if task.total is None:  # nothing more to say of it than that it is over
            bars.update(number, visible=(task.elapsed or 0) >= BRIEF, total=0)


class _Screen:
    """The terminal while bars are on it: the cursor is hidden, and what is printed goes above the bars."""

    def __init__(self) -> None:
        self.bars = _new_progress()
        self.bars.start()

    def give_back(self) -> None:
        try:
            self.bars.stop()
        finally:  # also where an interrupt came while rich printed, after which it may keep back whatever it is to write
            sys.stderr.write(SHOW_CURSOR)
            sys.stderr.flush()


_on_screen: list[_Screen] = []
"""The one terminal that bars are on, or none."""


def stop_display() -> None:
    """Take the bars off the terminal and show its cursor, whatever stages an interrupt has left open."""
    with interrupts_held():
        while _on_screen:
            _on_screen.pop().give_back()


def _new_progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
    from rich.text import Text

    class Bar(BarColumn):
        def render(self, task: Task) -> Text:  # type: ignore[override]
            return super().render(task) if _is_counted(task) else Text("")  # type: ignore[return-value]

    class Count(ProgressColumn):
        def render(self, task: Task) -> Text:
            of = f"{int(task.completed):,}/{int(task.total or 0):,} {task.fields['unit']}"
            return Text(of.rstrip() if _is_counted(task) else "")

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            steps = task.completed - task.fields["before"]
            if not task.fields["with_speed"]:
                return Text("")
            return Text(f"{steps / task.elapsed:.1f}/s" if steps > 0 and task.elapsed else "–/s")

    class Clock(ProgressColumn):
        def render(self, task: Task) -> Text:
            left = None if task.finished else task.time_remaining
            return Text(_clock(task.elapsed or 0) if left is None else f"{_clock(left)} left")

    title = TextColumn(f"{{task.description:<{TITLE}}}")
    columns = SpinnerColumn(finished_text=" "), title, Bar(bar_width=14), Count(), Speed(), Clock()
    console = Console(stderr=True)
    # what is printed meanwhile goes above the bars where both are on the terminal, and where it was sent to in any case
    return Progress(*columns, console=console, redirect_stdout=sys.stdout.isatty(), redirect_stderr=True)


def _is_counted(task: Task) -> bool:
    return bool(task.total)  # 0: a stage that was not counted is over


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
