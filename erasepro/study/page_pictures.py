"""Which pictures a page shows: of runs that erase the same from the same model, those of the same prompts and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from erasepro.errors import UserError
from erasepro.generation.lost import describe_lost
from erasepro.generation.presentable import presentable
from erasepro.report.grid_rows import spread_rows
from erasepro.report.heading import format_pairs
from erasepro.report.web_page.picture_group import PictureColumn, PictureGroup
from erasepro.results.results_json import Results
from erasepro.results.samples import read_samples
from erasepro.runs.drawn_run import DrawnRun, shared_rows


@dataclass(frozen=True)
class LabelledRun:
    """A finished run, and what tells it from the others of its page: axis of the study -> label."""

    labels: Mapping[str, str]
    folder: Path
    results: Results

    @property
    def title(self) -> str:
        """Its labels in one line."""
        return ", ".join(f"{axis}={label}" for axis, label in self.labels.items())


def group_pictures(runs: Sequence[LabelledRun], count: int) -> tuple[list[PictureGroup], list[str]]:
    """Groups of pictures, and a line for each run or group that has none to show.

    Args:
        count: prompts of a group, each role's share of them as in a run's own grid.

    A run of which a picture is lost, or was changed since it was counted, is left out.
    """
    tasks: dict[Any, list[tuple[LabelledRun, DrawnRun]]] = {}
    problems = []
    for run in runs:
        try:
            drawn = DrawnRun.read(run.folder)
        except (UserError, OSError) as error:
            problems.append(f"No pictures of {run.title}: {error}")
            continue
        settings = run.results.settings
        tasks.setdefault((run.results.hashes.get("weights"), settings.kind, settings.pairs), []).append((run, drawn))
    groups = []
    for (_, _, pairs), members in tasks.items():
        group, lost = _group(format_pairs(pairs), members, count)
        groups += [group] if group else []
        problems += lost
    return groups, problems


def _group(
    title: str, members: Sequence[tuple[LabelledRun, DrawnRun]], count: int
) -> tuple[PictureGroup | None, list[str]]:
    is_sensitive = any(run.results.sensitive for run, _ in members)
    shared = shared_rows([drawn for _, drawn in members])
    rows = spread_rows(shared if is_sensitive else presentable(shared), count)
    if not rows:
        return None, [f"No pictures of {title}: the runs share no prompt and seed that may be shown."]
    lost = members[0][1].original.lost(rows)
    if lost:
        return None, [f"No pictures of {title}: {describe_lost(members[0][1].original.folder, lost)}."]
    columns, problems = [PictureColumn("original", members[0][1].original, _seen(members[0][1], "original"))], []
    for (run, drawn), name in zip(members, _names([run for run, _ in members]), strict=True):
        lost = drawn.edited.lost(rows)
        if lost:
            problems.append(f"No pictures of {run.title}: {describe_lost(drawn.edited.folder, lost)}.")
        else:
            columns.append(PictureColumn(name, drawn.edited, _seen(drawn, "edited")))
    return PictureGroup(title, columns, rows, is_sensitive), problems


def _names(runs: Sequence[LabelledRun]) -> list[str]:
    """The labels in which the runs differ; of a run alone its method."""
    differing = [axis for axis in runs[0].labels if len({run.labels.get(axis) for run in runs}) > 1]
    return [", ".join(run.labels[axis] for axis in differing) or run.results.solver_label for run in runs]


def _seen(run: DrawnRun, model: str) -> dict[str, str]:
    """What the judge names in each picture of a model, by the row's name; empty where nobody was asked."""
    try:
        samples = read_samples(run.folder)
    except (OSError, ValueError):
        return {}
    return {
        f"{sample['id']}_{sample['seed']}": sample["prediction"] or ""
        for sample in samples
        if sample["model"] == model and "prediction" in sample and not sample.get("error")
    }
