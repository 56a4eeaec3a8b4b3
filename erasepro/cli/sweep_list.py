"""A sweep's jobs, listed or planned; none is run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from erasepro.cli.hints import pasted_hint
from erasepro.cli.options import Options
from erasepro.config.hydra_errors import translated
from erasepro.config.sweep_jobs import sweep_jobs
from erasepro.errors import UserError, visible
from erasepro.runs.resolve import resolve
from erasepro.runtime.hub import NotOnDisk, hub_offline
from erasepro.runtime.quiet import quiet


def list_jobs(options: Options) -> int:
    """Print, for each job of a sweep, its words, its name and its folder. Returns 0, or 2 where a job would be refused."""
    from erasepro.runs.job import make_job

    quiet()
    if options.shown != "job":
        raise UserError(f"--cfg {options.shown} prints one config: leave -m out. -m --cfg lists the runs.")
    jobs, refused = _jobs(options.overrides), 0
    for number, words in enumerate(jobs, 1):
        print(f"[{number} of {len(jobs)}] {' '.join(words)}")
        try:
            spec = resolve(words)
            try:
                with hub_offline():
                    place = str(make_job(spec).folder.path)
            except NotOnDisk as error:  # the folder is named by the bytes of the weights too
                place = f"folder not known. {error}"
            print(f"    {spec.name} → {place}", flush=True)
        except UserError as error:
            refused += _tell(error, words)
    print(_count(len(jobs), refused))
    return 2 if refused else 0


def plan_jobs(overrides: Sequence[str]) -> int:
    """Print what each job of a sweep, and all of them, would do and take. Returns 0, or 2 where a job would be refused."""
    jobs = _jobs(overrides)
    return plan_lists(jobs, [" ".join(words) for words in jobs])


def plan_lists(jobs: Sequence[Sequence[str]], titles: Sequence[str], brief: bool = False) -> int:
    """The same for runs given by their words, each under a title.

    Args:
        brief: a line a run.
    """
    from erasepro.runs.plan import brief_line, lines_of, make_plan, total_lines

    quiet()
    plans, refused, reason = [], 0, ""
    drawn: set[Path] = set()
    for number, (words, title) in enumerate(zip(jobs, titles, strict=True), 1):
        print(visible(f"[{number} of {len(jobs)}] {title}"))
        try:
            plans.append(make_plan(resolve(words), drawn))
            print(brief_line(plans[-1]) if brief else "\n".join(lines_of(plans[-1])), flush=True)
        except NotOnDisk as error:
            print("  not known, for the same reason" if brief and str(error) == reason else f"  not known. {error}", flush=True)
            reason = str(error)
        except UserError as error:
            refused += _tell(error, words)
    print("\n".join(["", *(total_lines(plans) if plans else ()), f"{_count(len(jobs), refused)} Nothing was written."]))
    return 2 if refused else 0


def _jobs(overrides: Sequence[str]) -> list[list[str]]:
    with translated(overrides):
        return sweep_jobs(overrides)


def _tell(error: UserError, words: Sequence[str]) -> int:
    print(f"erasepro: error: {visible(error)}{visible(pasted_hint(error, words))}", file=sys.stderr)
    return 1


def _count(jobs: int, refused: int) -> str:
    said = "1 run" if jobs == 1 else f"{jobs:,} runs"
    return f"{said}{f', {refused:,} refused' if refused else ''}; none was run."
