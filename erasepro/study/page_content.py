"""What a page shows of a study, or of any finished runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import yaml

from erasepro.report.heading import results_heading
from erasepro.report.joint import across
from erasepro.report.paired import paired_tables
from erasepro.report.run_tables import tables as run_tables
from erasepro.report.web_page.embedded_figures import EmbeddedFigure, embed_figures
from erasepro.report.web_page.web_page import PageContent, RunFacts
from erasepro.results.finished_runs import FinishedRun
from erasepro.study.page_pictures import LabelledRun, group_pictures
from erasepro.study.study_figures import axes_along
from erasepro.study.study_file import studies
from erasepro.study.study_folder import StudyFolder
from erasepro.study.study_tables import all_tables

USUAL_FIGURES = ("pareto", "depth", "thresholds")
"""Kinds of figures that every page has, where its runs hold what they show."""


def study_page(folder: StudyFolder, count: int) -> PageContent:
    """The content of a study's page.

    Args:
        count: prompts that pictures are shown of, for each set of concepts.
    """
    plan = folder.plan
    done = folder.load_finished()
    runs = [LabelledRun(cell.labels, path, results) for cell, path, results in done]
    figures: list[EmbeddedFigure] = []
    notes: list[str] = []
    named = {kind for kind, _ in plan.figures}
    usual = [(kind, "") for kind in USUAL_FIGURES if kind not in named]
    for kind, x in [*plan.figures, *usual]:
        for head, those in plan.by_table(runs, lambda run: run.labels, axes_along(kind, x)).items():
            drawn, problems = embed_figures([run.results for run in those], [(kind, x)], head)
            figures += drawn
            notes += [f"No figure: {problem}" for problem in problems if kind in named]
    groups, lost = group_pictures(runs, count)
    failures = [f"Failed: {cell.shown}: {outcome.error}" for cell, outcome in folder.failures()]
    left = len(plan.cells) - len(done) - len(failures)
    if left:
        failures.append(f"{left:,} of {len(plan.cells):,} runs are not made yet.")
    commands = [" ".join(["erasepro", *map(shlex.quote, cell.words)]) for cell, _, _ in done]
    return PageContent(
        title=f"Study {plan.name}",
        summary=f"{len(done):,} runs: " + "; ".join(
            f"{axis}: {', '.join(dict.fromkeys(cell.labels[axis] for cell in plan.cells))}" for axis in plan.cells[0].labels
        ),
        command=plan.command or (f"erasepro study {plan.name}" if plan.name in studies() else ""),
        tables=all_tables(plan, done),
        figures=figures,
        groups=groups,
        runs=[_facts(run, command) for run, command in zip(runs, commands, strict=True)],
        notes=[*failures, *notes, *lost],
    )  # fmt: skip


def runs_page(finished: Sequence[FinishedRun], count: int) -> PageContent:
    """The content of a page of finished runs; ``count`` as in `study_page`."""
    results = [run.results for run in finished]
    names = [Path(run.folder).resolve().name for run in finished]
    runs = [
        LabelledRun({"run": name}, Path(run.folder), run.results) for name, run in zip(names, finished, strict=True)
    ]
    tables = [*across(results), *paired_tables(finished)] if len(finished) > 1 else run_tables(results[0])
    figures, _ = embed_figures(results, [(kind, "") for kind in USUAL_FIGURES])
    groups, lost = group_pictures(runs, count)
    return PageContent(
        title=names[0] if len(names) == 1 else f"{len(names):,} runs",
        summary=results_heading(results[0]) if len(names) == 1 else ", ".join(names),
        command=" ".join(["erasepro", "page", *(shlex.quote(run.folder) for run in finished)]),
        tables=tables,
        figures=figures,
        groups=groups,
        runs=[_facts(run, "") for run in runs],
        notes=lost,
    )


def _facts(run: LabelledRun, command: str) -> RunFacts:
    results = run.results
    seconds = sum(stage["seconds"] for name, stage in results.stages.items() if "(" not in name)
    facts = {
        "folder": run.folder.name,
        "signature": results.signature,
        "protocol": results.protocol,
        **{f"hash of {name}": value for name, value in results.hashes.items() if value},
        "seconds": f"{seconds:.1f}",
        "images": ", ".join(f"{name} {number:,}" for name, number in results.counts.items()),
        "libraries": ", ".join(f"{name} {version}" for name, version in results.libraries.items()),
    }
    config = yaml.safe_dump(results.config, sort_keys=False, allow_unicode=True, width=100)
    return RunFacts(run.title, results_heading(results), command, facts, config)
