"""One run, in reading order: erase, draw, score, record. Each stage reads and writes the run's folder."""

from __future__ import annotations

import dataclasses
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from erasepro.errors import UserError
from erasepro.job import Job, make_job
from erasepro.meter import Meter
from erasepro.results import Results, Value, finite, git_state, libraries, machine, values_of
from erasepro.rundir import read_dict, write_json, write_text
from erasepro.tracking import start_tracker
from erasepro.tracking.base import Guarded

if TYPE_CHECKING:
    from erasepro.edit import Edit
    from erasepro.generation import ImageStore
    from erasepro.models.base import Model


def run(cfg: DictConfig) -> Results:
    """Run a composed config, or go on with it, or, when it is done already, print its results again.

    The run's heading is printed before anything is computed. Raises UserError for a user's mistake; whatever else goes
    wrong is written to the folder's ``status.json``.
    """
    quiet()
    from erasepro.summary import heading

    job = make_job(cfg)
    if _finished(job):
        print(f"{heading(job.config, job.protocol)}\nDone before; these are its results.")
    else:
        Run(job).go()
    results = Results.load(job.folder.path / "results.json")
    print()
    show(results, job.folder.path)
    return results


def _finished(job: Job) -> bool:
    """Whether there is nothing to do: every stage has ended, and its results can be read and shown."""
    from erasepro.summary import load

    try:
        return job.folder.done and bool(load(job.folder.path / "results.json"))
    except UserError:  # damaged: recorded again
        return False


class Run:
    """The stages of one job. The model is loaded once, at the first stage that needs it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.path = job.folder.path
        self.load_seconds = 0.0

    def go(self) -> None:
        from omegaconf import OmegaConf

        from erasepro.summary import heading

        job, folder = self.job, self.job.folder
        if job.metrics.names:
            from erasepro.metrics import build_metrics

            build_metrics(job.metrics.names, job.metrics.params)  # a wrong parameter must not wait for the images
        with folder.locked(), start_tracker(job.tracker, self.path, self.path.name, job.config) as tracker:
            write_text(self.path / "config.yaml", OmegaConf.to_yaml(job.cfg))
            self.check_metrics()
            print("\n".join([heading(job.config, job.protocol), *job.tests.told()]), flush=True)
            edit = self.erase()
            original, edited = self.draw(edit)
            self.score(original, edited)
            results = self.record(edit, original, edited)
            self.track(tracker, results)

    @cached_property
    def model(self) -> Model:
        from erasepro.models.load import load_model

        with Meter() as meter:
            model = load_model(self.job.model)
        self.load_seconds = meter.seconds
        return model

    def erase(self) -> Edit:
        """Solve for the edit, measure it on the test prompts, save it. The pipeline is not touched."""
        from erasepro.edit import Edit

        if self.job.folder.is_done("edit"):
            try:
                return Edit.load(self.path / "edit")
            except UserError as error:
                print(f"erasepro: {error} Solving for it again.", file=sys.stderr)
        from erasepro.erasing import solve

        model = self.model
        with self.job.folder.stage("edit") as facts:
            edit, facts["seconds_solver"], facts["test_residual"] = solve(model, self.job)
            facts["seconds_load"] = self.load_seconds
            edit.save(self.path / "edit")
        return edit

    def draw(self, edit: Edit) -> tuple[ImageStore, ImageStore]:
        """The work list drawn by the original and by the edited model, with the same seeds."""
        from erasepro.generation import ImageStore, generate, write_worklist
        from erasepro.originals import original_images

        job, stages = self.job, self.job.folder
        original, edited = ImageStore(self.path / "images" / "original"), ImageStore(self.path / "images" / "edited")
        rows = list(job.worklist)
        write_worklist(self.path / "worklist.jsonl", rows)
        how: dict[str, Any] = {
            "batch_size": job.generation.batch_size,
            "steps": job.generation.steps,
            "guidance": job.generation.guidance,
            "size": job.generation.size,
            "scheduler": job.generation.scheduler,
            "model_hash": job.hashes["weights"],
            "progress": job.outputs.progress,
        }
        scored = self.scores() is not None  # then nobody looks at the images again
        if not stages.is_done("originals") or not (scored or not original.missing(rows)):
            sampler = {key: how[key] for key in ("model_hash", "steps", "guidance", "size", "scheduler")}
            sampler |= {"dtype": job.model.dtype, "device": str(self.model.pipe.device)}
            with stages.stage("originals", resumes=True):
                shared = Path(job.outputs.dir) / ".originals"
                original = original_images(self.model.pipe, rows, shared, original.folder, sampler, **how)
        if not stages.is_done("images") or not (scored or not edited.missing(rows)):
            with stages.stage("images", resumes=True):
                edit.apply(self.model.pipe)
                try:
                    generate(self.model.pipe, rows, edited.folder, edit_hash=edit.hash, title="Edited images", **how)
                finally:
                    edit.revert(self.model.pipe)
        return original, edited

    def score(self, original: ImageStore, edited: ImageStore) -> None:
        """Every image judged: ``samples.csv``, ``scores.json``."""
        from erasepro.metrics import score
        from erasepro.report import outcomes, write_samples

        job = self.job
        if self.scores() is not None:
            return
        with job.folder.stage("scores"):
            scores: dict[str, Any] = {"outcomes": [], "by_concept": [], "metrics": {}, "values": [], "unreadable": 0}
            if job.metrics.names:
                rows = list(job.worklist)
                found = score(
                    edited,
                    original,
                    rows,
                    self.model.evaluator,
                    job.metrics.names,
                    job.metrics.params,
                    progress=job.outputs.progress,
                )
                write_samples(self.path / "samples.csv", found.samples)
                scores["unreadable"] = sum((s["error"] or "").startswith("unreadable") for s in found.samples)
                if self.model.evaluator is not None:  # without verdicts there are no outcomes
                    scores["outcomes"] = [dataclasses.asdict(o) for o in outcomes(found.samples)]
                    scores["by_concept"] = [dataclasses.asdict(o) for o in outcomes(found.samples, by_concept=True)]
                scores["metrics"] = {
                    model: {name: one.as_dict() for name, one in part.items()}
                    for model, part in (("edited", found.edited), ("original", found.original))
                }
                values = values_of(found.edited, "edited") + values_of(found.original, "original")
                scores["values"] = [dataclasses.asdict(value) for value in values]
            write_json(self.path / "scores.json", finite(scores))

    def scores(self) -> dict[str, Any] | None:
        """What `score` found; None where that stage is still to do, or its file was lost or damaged since."""
        kinds = {"outcomes": list, "by_concept": list, "metrics": dict, "values": list}
        found = read_dict(self.path / "scores.json") if self.job.folder.is_done("scores") else {}
        return found if all(isinstance(found.get(key), kind) for key, kind in kinds.items()) else None

    def check_metrics(self) -> None:
        """A metric that the model has no evaluator for must be found out before anything is solved or drawn."""
        from erasepro.metrics import split_by_need

        needing, others = split_by_need(self.job.metrics.names)
        if needing and self.scores() is None and self.model.evaluator is None:
            rest = f"keep only metrics.names=[{','.join(others)}]" if others else "use metrics=nudity, which needs none"
            raise UserError(
                f"The model {self.job.model.name!r} has no evaluator, and {', '.join(needing)} cannot do without: "
                f"{rest}, or add metrics=none to erase and draw only."
            )

    def record(self, edit: Edit, original: ImageStore, edited: ImageStore) -> Results:
        """``results.json`` and the before/after grid."""
        job, facts = self.job, self.job.folder.facts("edit")
        scores = self.scores() or {}
        failed = len(original.errors()) + len(edited.errors())
        results = Results(
            name=job.name,
            signature=job.folder.signature,
            config=job.config,
            protocol=job.protocol,
            hashes={**job.hashes, "edit": edit.hash},
            values=[Value(**value) for value in scores.get("values", [])],
            metrics=scores.get("metrics", {}),
            outcomes=scores.get("outcomes", []),
            by_concept=scores.get("by_concept", []),
            residuals={**edit.residuals, "test": facts.get("test_residual")},
            edit={"meta": edit.meta, "diagnostics": edit.diagnostics},
            stages={
                "load model": {"seconds": facts.get("seconds_load", 0.0)},
                **job.folder.records(),
                "solver (in edit)": {"seconds": facts.get("seconds_solver", 0.0)},
            },
            counts={
                "test_prompts": len(job.tests),
                "images_per_model": len(job.worklist),
                "images_failed": failed,
                "images_unreadable": scores.get("unreadable", 0),
                "prompts_dropped": job.dropped,
            },
            prompt_sets={name: one.as_dict() for name, one in job.tests.sets.items()},
            sensitive=job.sensitive,
            libraries=libraries(),
            git=git_state(),
            machine=machine(),
        )
        if job.outputs.grid and len(job.worklist):
            from erasepro.report import before_after_grid
            from erasepro.summary import grid_rows

            rows = grid_rows(job.worklist)
            before_after_grid(original, edited, rows, self.path / "grid.png", kind=job.concepts.kind, across=3)
        results.save(self.path / "results.json")
        return results

    def track(self, tracker: Guarded, results: Results) -> None:
        """Numbers, table and grid to the tracker."""
        from erasepro.summary import flat, tables

        tracker.log_summary(flat(results))
        for table in tables(results):
            tracker.log_table(table.title, table.header, table.rows)
        if (self.path / "grid.png").exists():
            tracker.log_image("before_after", self.path / "grid.png", sensitive=self.job.sensitive)


def show(results: Results, path: Path) -> None:
    """Print the tables of a run, and where it lies."""
    from erasepro.summary import heading, tables, write_tables

    found = tables(results)
    for table in found:
        print(table.text())
    try:
        write_tables(heading(results.config, results.protocol), found, path)
    except OSError as error:  # a finished run on a read-only disk can still be read
        print(f"erasepro: the tables were not written to {str(path)!r}: {error.strerror}.", file=sys.stderr)
    print(f"Results: {path}" + (f"    grid: {path / 'grid.png'}" if (path / "grid.png").exists() else ""))


def quiet() -> None:
    """Libraries that draw their own progress bars and print advice are asked to be silent."""
    import logging
    import os
    import warnings

    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")
    for name in ("diffusers", "transformers", "huggingface_hub", "wandb"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if not sys.warnoptions:
        warnings.filterwarnings("ignore")
