"""One run, in reading order: erase, draw, score, record. Each stage reads and writes the run's folder."""

from __future__ import annotations

import sys
from contextlib import ExitStack, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

from erasepro.config.nodes import yaml_text
from erasepro.edit.own_files import FACTS
from erasepro.edit.store import RUN_EDIT
from erasepro.errors import UserError
from erasepro.generation import ImageStore, generate, write_worklist
from erasepro.generation.lost import tell_lost
from erasepro.generation.presentable import presentable
from erasepro.generation.shared_originals import original_images
from erasepro.generation.worklist import is_written
from erasepro.report.grid import before_after_grid
from erasepro.report.grid_rows import grid_rows
from erasepro.report.heading import format_heading, printed
from erasepro.report.show import show
from erasepro.results.results_json import Results
from erasepro.results.settings import RunSettings
from erasepro.results.training_curve import TRAINING
from erasepro.runs.command_line import write_command
from erasepro.runs.erase import solve_edit
from erasepro.runs.finished_command import DONE_BEFORE, command_at_work
from erasepro.runs.job import Job, make_job
from erasepro.runs.model_shelf import take_model
from erasepro.runs.solved_edit import load_solved_edit, save_edit
from erasepro.runs.spec import RunSpec
from erasepro.runtime import distributed
from erasepro.runtime.environment import git_state, libraries, machine
from erasepro.runtime.files import write_text
from erasepro.runtime.meter import Meter
from erasepro.runtime.progress import shown, stage
from erasepro.runtime.quiet import quiet
from erasepro.runtime.sealed_json import NO_DIGEST
from erasepro.solvers.training.checkpoint import close_training
from erasepro.tracking import start_tracker
from erasepro.tracking.log_run import log_run
from erasepro.tracking.naming import run_info

if TYPE_CHECKING:
    from erasepro.edit import Edit
    from erasepro.models.base import Model

WORKLIST = "worklist.jsonl"


def run(spec: RunSpec) -> Results:
    """Run what was resolved, or go on with it, or, when it is done already, print its results again.

    The run's heading is printed before anything is computed. Raises UserError for a user's mistake; whatever else goes
    wrong is written to the folder's ``status.json``.
    """
    quiet()
    with shown(spec.outputs.progress):
        return _run(spec)


def _run(spec: RunSpec) -> Results:
    command = command_at_work()
    if command is not None:
        command.watch(spec)
    with stage("Making sentences and prompts", announced=False):
        job = make_job(spec)
    results = run_stages(Run(job))
    if command is not None:
        command.keep(job.folder.path, _heading(job), lambda: is_finished(job))
    return results


def run_stages(stages: Run) -> Results:
    """Do what a run has not done yet, load its results and print them."""
    with shown(stages.job.spec.outputs.progress):
        return _run_stages(stages)


def _run_stages(stages: Run) -> Results:
    job = stages.job
    if distributed.on_main_process(lambda: is_finished(job)):
        distributed.on_main_process(job.folder.settle)
        print(f"{printed(_heading(job))}\n{DONE_BEFORE}")
    else:
        stages.execute()
    results = Results.load(job.folder.path / "results.json")
    print()
    show(results, job.folder.path)
    return results


def _heading(job: Job) -> str:
    return format_heading(RunSettings.of(job.stored), job.protocol, job.method)


def is_finished(job: Job) -> bool:
    """Whether there is nothing to do: all stages have ended; results, pictures and edit are as this run left them."""
    try:
        if not job.folder.done or not job.scoring.done:
            return False
        results = Results.load(job.folder.path / "results.json")
        if not results.digest:
            return False
        if (job.folder.path / RUN_EDIT / FACTS).exists():
            load_solved_edit(job.folder)
        pictures = job.scoring.pictures
        return (
            results.protocol == job.protocol
            and job.scoring.recorded(results)
            and is_written(job.folder.path / WORKLIST, job.worklist)
            and pictures.are_recorded_in(results)
            and not pictures.describe_lost()
        )
    except UserError:  # damaged: recorded again
        return False


class Run:
    """The stages of one job. The model is loaded once, at the first stage that needs it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.path = job.folder.path
        self.load_seconds = 0.0

    def execute(self) -> None:
        """Do what is not done yet: erase, draw, score, record. Of several processes all draw, the main one does the rest."""
        with ExitStack() as held:
            distributed.on_main_process(lambda: self.open(held))
            distributed.on_main_process(self.erase)
            original, edited = self.generate()
            distributed.on_main_process(lambda: self.finalise(original, edited))

    def open(self, held: ExitStack) -> None:
        """Hold the folder and open the tracker; whatever is wrong with the metrics must not wait for the images."""
        job, folder = self.job, self.job.folder
        job.scoring.check()
        held.enter_context(folder.locked())
        tracked = run_info(job.stored, self.path, folder.signature)
        self.tracker = held.enter_context(start_tracker(job.spec.tracker, tracked))
        write_text(self.path / "config.yaml", yaml_text(job.stored))
        if job.spec.words:
            write_command(self.path, job.spec.words)
        work = f"The solver {job.work_line}." if job.work_line else ""
        lines = [printed(_heading(job)), job.concepts.left_out_line, work, job.memory_line, *job.evaluation_prompts.told()]
        print("\n".join(line for line in lines if line), flush=True)

    @cached_property
    def model(self) -> Model:
        """The loaded model; ``load_seconds`` says how long loading took."""
        with Meter() as meter:
            model = take_model(self.job.spec.model, self.job.hashes["weights"])
        self.load_seconds = meter.seconds
        return model

    @cached_property
    def edit(self) -> Edit:
        """The edit as it lies in the folder, checked."""
        return load_solved_edit(self.job.folder)

    def erase(self) -> None:
        """Solve for the edit, measure it on the test prompts, save it. The pipeline is not touched."""
        if self.job.folder.is_done("edit") and self.is_measured():
            try:
                self.edit  # noqa: B018 - it can be read, and is this run's
                return
            except UserError as error:
                print(f"erasepro: {error} Solving for it again.", file=sys.stderr)

        model = self.model
        with self.job.folder.stage("edit") as facts:
            edit, facts["seconds_solver"], facts["test_residual"] = solve_edit(model, self.job)
            facts["seconds_load"] = self.load_seconds
            facts["edit"] = save_edit(edit, self.job.folder)
        close_training(self.path / TRAINING)

    def is_measured(self) -> bool:
        """Whether the edit's marker holds what was measured on the test prompts, in a form that can be recorded."""
        measured = self.job.folder.facts("edit").get("test_residual")
        return measured is None or isinstance(measured, dict)

    def generate(self) -> tuple[ImageStore, ImageStore]:
        """The work list drawn by the original and by the edited model, with the same seeds."""
        job, stages = self.job, self.job.folder
        original, edited = job.scoring.pictures.original, job.scoring.pictures.edited
        rows = list(job.worklist)
        keys = ("batch_size", "steps", "guidance", "size", "scheduler")
        how: dict[str, Any] = {key: getattr(job.spec.generation, key) for key in keys}
        how |= {"model_hash": job.hashes["weights"], "progress": job.spec.outputs.progress}
        distributed.on_main_process(lambda: self.prepare_images(original, edited))
        if distributed.on_main_process(lambda: self.is_undrawn("originals", original)):
            sampler = job.original_sampler(self.model.pipe.device.type)
            with stages.stage("originals", resumes=True) if distributed.is_main_process() else nullcontext():
                original_images(self.model.pipe, rows, job.shared_originals, original.folder, sampler, **how)
        if distributed.on_main_process(lambda: self.is_undrawn("images", edited)):
            stage = stages.stage("images", resumes=True) if distributed.is_main_process() else nullcontext()
            with stage, self.edit.applied(self.model.pipe):
                generate(self.model.pipe, rows, edited.folder, edit_hash=self.edit.hash, title="Edited images", **how)
        return original, edited

    def prepare_images(self, original: ImageStore, edited: ImageStore) -> None:
        """Write the work list, and delete the images that are not what this job drew: they are drawn again, with a line."""
        file, rows = self.path / WORKLIST, list(self.job.worklist)
        if not is_written(file, rows):
            if file.exists():
                print(f"erasepro: {str(file)!r} is not this run's work list: written anew.", file=sys.stderr)
            write_worklist(file, rows)
        model = self.job.hashes["weights"]
        for name, store, edit in (("originals", original, "none"), ("images", edited, self.edit.hash)):
            if not store.is_of(model, edit):
                place = str(store.folder)
                print(f"erasepro: The images in {place!r} are not of this model and edit: drawn again.", file=sys.stderr)
                store.clear()
                continue
            gone = store.missing(rows) if self.job.folder.is_done(name) else []
            tell_lost(store.folder, {row.name: "gone" for row in gone} | store.drop_damaged(rows))

    def is_undrawn(self, stage: str, store: ImageStore) -> bool:
        """Whether images of a stage are missing. Changes nothing on the disk."""
        return not self.job.folder.is_done(stage) or bool(store.missing(self.job.worklist))

    def finalise(self, original: ImageStore, edited: ImageStore) -> None:
        """Score, record, track: what follows once the images are drawn."""
        self.score(original, edited)
        with stage("Recording the results"):
            results = self.record(self.edit, original, edited)
        with stage("Logging the run", show=self.job.spec.tracker.name != "none"):
            log_run(self.tracker, self.job.spec.tracker, results, self.path, list(self.job.worklist))

    def score(self, original: ImageStore, edited: ImageStore) -> None:
        """Make the scores that are missing, of all images, into ``scores/``. Those of images of other bytes are missing."""
        if not (self.job.folder.is_done("scores") and self.job.scoring.done):
            with self.job.folder.stage("scores"):
                self.job.scoring.score_missing(edited, original)

    def record(self, edit: Edit, original: ImageStore, edited: ImageStore) -> Results:
        """Write ``results.json`` and the before/after grid; return the results."""
        job, facts = self.job, self.job.folder.facts("edit")
        failed = len(original.errors()) + len(edited.errors())
        results = Results(
            name=job.spec.name,
            signature=job.folder.signature,
            config=dict(job.stored.values),
            protocol=job.protocol,
            method=job.method,
            hashes={**job.hashes, "edit": edit.hash, "images": job.scoring.pictures.fingerprint},
            residuals={**edit.residuals, "test": facts.get("test_residual")},
            edit={"meta": edit.meta, "diagnostics": edit.diagnostics},
            stages={
                "load model": {"seconds": facts.get("seconds_load", 0.0)},
                **job.folder.records(),
                "solver (in edit)": {"seconds": facts.get("seconds_solver", 0.0)},
            },
            counts={
                "test_prompts": len(job.evaluation_prompts),
                "images_per_model": len(job.worklist),
                "images_failed": failed,
                "images_unreadable": 0,
                "prompts_dropped": job.dropped,
            },
            prompt_sets={name: record.as_dict() for name, record in job.evaluation_prompts.sets.items()},
            sensitive=job.sensitive,
            libraries=libraries(),
            git=git_state(),
            machine=machine(),
        )
        if job.spec.outputs.grid and len(job.worklist):
            rows = grid_rows(job.worklist if job.sensitive else presentable(job.worklist))
            if rows:
                before_after_grid(
                    original, edited, rows, self.path / "grid.png",
                    title=job.method, sensitive=job.sensitive, across=3,
                )  # fmt: skip
        before = self.earlier_results()
        if before is not None and before.hashes.get("images") != results.hashes["images"]:
            place = str(self.path / "images")
            print(f"erasepro: {place!r} holds other images than results.json records: counted again.", file=sys.stderr)
        job.scoring.record(results, before)
        results.save(self.path / "results.json")
        return results

    def earlier_results(self) -> Results | None:
        """The results that an earlier command recorded in the folder; None where there are none, or others than it wrote."""
        file = self.path / "results.json"
        try:
            results = Results.load(file)
        except UserError:
            problem = "is damaged, was changed by hand, or is of another version"
        else:
            problem = "" if results.digest else NO_DIGEST
        if not problem:
            return results
        if file.is_file():
            print(f"erasepro: {str(file)!r} {problem}: recorded again, with this command's metrics.", file=sys.stderr)
        return None
