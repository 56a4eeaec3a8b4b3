"""What a run would do, take and reuse, told without running it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from erasepro.errors import UserError
from erasepro.generation.shared_originals import shared_place
from erasepro.generation.store import ImageStore
from erasepro.models.device import pick_device
from erasepro.results.run_folder import STAGES
from erasepro.runs.job import Job, make_job
from erasepro.runs.past_runs import PastRuns
from erasepro.runs.run import is_finished
from erasepro.runs.spec import RunSpec
from erasepro.runtime.hub import hub_offline
from erasepro.runtime.terminal import terminal_width, wrapped

NOT_KNOWN = "not known"
SOLVES_SHOWN = 2**20
"""Bytes from which on the memory of a solve is told."""


@dataclass(frozen=True)
class Plan:
    """One run's work. Counts are of images; an estimate is None where no earlier run tells it."""

    name: str
    folder: Path
    finished: bool
    stages: tuple[str, ...]
    """Stages that have ended."""
    solves: bool
    pairs: int
    rows: int
    """Images a model."""
    originals: int
    """Images of the original model that are to be drawn …"""
    shared: int
    """… and those that other runs have drawn."""
    edited: int
    """Images of the edited model that are to be drawn."""
    metrics: tuple[str, ...]
    unscored: int
    """Metrics that are to be counted."""
    solve_bytes: int
    work: str
    """What the solver computes, where that is more than a solve of seconds."""
    past: int
    """Earlier runs that the estimates are based on."""
    seconds: dict[str, float | None]
    """Stage -> seconds of what is left of it."""
    disk: float | None
    """Bytes that are written."""
    peak_mib: float | None
    peak_gpu_mib: float | None

    @property
    def total_seconds(self) -> float | None:
        """Of all that is left; None where a part of it is not known."""
        known = [value for value in self.seconds.values() if value is not None]
        return sum(known) if len(known) == len(self.seconds) else None


def make_plan(spec: RunSpec, planned: set[Path] | None = None) -> Plan:
    """What a run of this spec would do now. Nothing is loaded but tokenizers, and nothing is written beside ``outputs``.

    Args:
        planned: files of shared originals that earlier runs of the same plan draw; this run's are added.

    Raises:
        NotOnDisk: the run would download its model, prompts or a metric's network first; what it takes is not known before.
        UserError: what the run would be refused for before it begins.
    """
    with hub_offline():
        job = make_job(spec)
        job.scoring.check()
    folder = job.folder
    finished = is_finished(job)
    pictures = job.scoring.pictures
    undrawn, shared = (0, 0) if finished else _originals(job, pictures.original, set() if planned is None else planned)
    edited = 0 if finished else len(pictures.edited.missing(job.worklist))
    solves = not finished and not folder.is_done("edit")
    metrics = tuple(spec.metrics.names)
    unscored = 0 if finished else len(metrics) if undrawn or shared or edited or solves else len(job.scoring.missing)
    past = PastRuns.of(job)
    step = past.seconds_of_step(job)
    own_steps = [row.steps or spec.generation.steps for row in job.worklist]
    steps = sum(own_steps) / len(own_steps) if own_steps else 0.0
    score = past.seconds_of_score(job)
    seconds = {
        "edit": past.seconds_of_edit(job) if solves else 0.0,
        "originals": step * steps * undrawn if step is not None else None if undrawn else 0.0,
        "images": step * steps * edited if step is not None else None if edited else 0.0,
        "scores": score * len(job.worklist) if score is not None and unscored else None if unscored else 0.0,
    }
    image, edit = past.bytes_of_image(job), past.bytes_of_edit(job) if solves else 0.0
    written = undrawn + edited
    disk = None if (written and image is None) or edit is None else (image or 0.0) * written + edit
    return Plan(
        name=spec.name, folder=folder.path, finished=finished, solves=solves, pairs=len(job.concepts.pairs),
        stages=tuple(name for name in STAGES if folder.is_done(name)), rows=len(job.worklist), originals=undrawn,
        shared=shared, edited=edited, metrics=metrics, unscored=unscored, solve_bytes=job.solve_bytes, work=job.work_line,
        past=len(past.runs), seconds=seconds, disk=disk, peak_mib=past.peak("peak_mib"),
        peak_gpu_mib=past.peak("peak_gpu_mib"),
    )  # fmt: skip


def _originals(job: Job, own: ImageStore, planned: set[Path]) -> tuple[int, int]:
    """How many images of the original model are to be drawn, and how many of the missing ones other runs share."""
    try:
        device = pick_device(job.spec.model.device).partition(":")[0]
    except UserError:  # a run on this machine says so; which pictures could be shared cannot be told
        return len(own.missing(job.worklist)), 0
    sampler = job.original_sampler(device)
    named, place = shared_place(list(job.worklist), job.shared_originals, sampler, job.spec.generation.batch_size)
    files = {row.name: place / f"{named[row.name].name}.png" for row in own.missing(job.worklist)}
    there = {name for name, file in files.items() if file in planned or file.is_file()}
    undrawn = {file for name, file in files.items() if name not in there}  # one for rows that ask for the same
    planned |= undrawn
    return len(undrawn), len(there)


def lines_of(plan: Plan) -> list[str]:
    """The plan of one run in lines as wide as the terminal, but for that with its folder."""
    first = f"{plan.name} → {plan.folder}"
    if plan.finished:
        return [first, *_fitted([f"  state    {_state(plan)}"])]
    pairs = "1 pair" if plan.pairs == 1 else f"{plan.pairs:,} pairs"
    kept = plan.rows - plan.edited
    lines = [
        f"  state    {_state(plan)}",
        f"  edit     {f'to solve for, {pairs}' if plan.solves else f'kept, {pairs}'}"
        + (f"; {plan.work}" if plan.work and plan.solves else ""),
        f"  images   original: {_drawn(plan.originals, plan.rows)}"
        + (f", {plan.shared:,} shared with other runs" if plan.shared else ""),
        f"           edited: {_drawn(plan.edited, plan.rows)}" + (f", {kept:,} kept" if kept else ""),
        f"  scores   {plan.unscored:,} of {len(plan.metrics):,} metrics to count: {', '.join(plan.metrics) or 'none'}",
        f"  seconds  {_seconds(plan)}",
        f"  memory   {_memory(plan)}",
        f"  disk     {_disk(plan.disk, plan.folder)}",
    ]
    return [first, *_fitted(lines)]


def brief_line(plan: Plan) -> str:
    """The plan of one run in one line, as wide as the terminal."""
    total = plan.total_seconds
    parts = [
        "finished" if plan.finished else "begun" if plan.stages or plan.folder.exists() else "new",
        f"{plan.originals + plan.edited:,} images to draw",
        f"about {_time(total)}" if total is not None else f"time {NOT_KNOWN}",
    ]
    return _fitted([f"  {', '.join(parts[:1] if plan.finished else parts)}"])[0]


def _fitted(lines: list[str]) -> list[str]:
    """Lines that begin with what they are about, wrapped under what stands behind it."""
    return [wrapped(line, terminal_width(), " " * len("  seconds  ")) for line in lines]


def total_lines(plans: list[Plan]) -> list[str]:
    """What several runs take together, as wide as the terminal; a run that stands there twice is counted once."""
    single = list({plan.folder: plan for plan in plans}.values())
    seconds, disks = [plan.total_seconds for plan in single], [0.0 if plan.finished else plan.disk for plan in single]
    known = [value for value in seconds if value is not None]
    disk = [value for value in disks if value is not None]
    finished = sum(plan.finished for plan in single)
    drawn = sum(plan.originals + plan.edited for plan in single)
    parts = f", of {len(known)} of the {len(single)} runs" if known and len(known) < len(single) else ""
    peak = max((plan.peak_mib for plan in single if plan.peak_mib), default=None)
    lines = [
        f"Together: {len(single):,} runs, {finished:,} of them finished; {drawn:,} images to draw",
        f"  seconds  {f'about {_time(sum(known))}{parts}' if known else f'{NOT_KNOWN}: {_WITHOUT}'}",
        f"  memory   {f'at most {peak:,.0f} MiB in earlier runs' if peak else NOT_KNOWN} (one run at a time)",
        f"  disk     {_disk(sum(disk) if len(disk) == len(single) else None, single[0].folder)}",
    ]
    return _fitted(lines)


_WITHOUT = "no finished run of this model, with this solver, size and these metrics, lies in the same folder to measure by"


def _state(plan: Plan) -> str:
    if plan.finished:
        return "finished: nothing to do, its results are printed again"
    if plan.stages:
        return f"begun: {', '.join(plan.stages)} done; it is resumed"
    return "begun; it is resumed" if plan.folder.exists() else "new"


def _drawn(number: int, rows: int) -> str:
    return f"{number:,} of {rows:,} to draw"


def _seconds(plan: Plan) -> str:
    parts = {name: value for name, value in plan.seconds.items() if value is None or value > 0}
    if all(value is None for value in parts.values()):
        return f"{NOT_KNOWN}: {_WITHOUT}"
    told = ", ".join(f"{name} {NOT_KNOWN if value is None else _time(value)}" for name, value in parts.items())
    total = plan.total_seconds
    runs = "1 earlier run" if plan.past == 1 else f"{plan.past} earlier runs"
    return f"{f'about {_time(total)}: ' if total is not None else ''}{told} (measured in {runs} of this model on this machine)"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _memory(plan: Plan) -> str:
    parts = []
    if not plan.peak_mib:
        parts.append(f"of the model {NOT_KNOWN}, as no earlier run of it is there to measure by")
    else:
        parts.append(f"at most {plan.peak_mib:,.0f} MiB in earlier runs of this model")
    if plan.peak_gpu_mib:
        parts.append(f"{plan.peak_gpu_mib:,.0f} MiB of the accelerator")
    if plan.solves and plan.solve_bytes >= SOLVES_SHOWN:
        parts.append(f"the solve about {plan.solve_bytes / 2**20:,.0f} MiB beside the model (computed)")
    return "; ".join(parts)


def _disk(size: float | None, folder: Path) -> str:
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())
    free = f"{shutil.disk_usage(place).free / 2**30:,.1f} GiB free"
    if size is None:
        return f"{NOT_KNOWN}: no earlier run of this model and solver to measure by; {free}"
    return f"about {size / 2**20:,.1f} MiB of images and edit; {free}"
