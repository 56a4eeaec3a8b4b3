"""The rows that `load_runs` gives: a run, a number, an edited weight, an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RunRow:
    """A run: what it did, on what, and what it took.

    Attributes:
        run: the name of its folder; every row of the run has it.
        method: the preset nearest to its solver, and what was changed in it.
        pairs: ``dog → cat, car → bus``.
        residual_selected, residual_all, residual_test: ‖WX − V‖/‖V‖ over the exactly constrained columns, all fitting columns,
            the test prompts.
        selected_share: of the columns, those exactly constrained, 0 to 1.
        seconds: of all stages; solver_seconds: of the solve; peak_mib: the largest of any stage.
        images: a model; failed: of both models, could not be drawn or read.
        has_digest: whether something ties the numbers to what was counted.
        values: settings by config key; each is a column of tables.
    """

    run: str
    folder: str
    signature: str
    method: str
    solver: str
    model: str
    kind: str
    pairs: str
    concepts: int
    protocol: str
    steps: int
    guidance: float
    seeds: tuple[int, ...]
    split: str
    images: int | None
    failed: int
    residual_selected: float | None
    residual_all: float | None
    residual_test: float | None
    selected_share: float | None
    solver_seconds: float | None
    seconds: float
    peak_mib: float | None
    machine: str
    has_digest: bool
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ValueRow:
    """One number with its error.

    Attributes:
        metric: a metric's name; or of what the judge sees ``concept_shown``, ``anchor_shown``, ``unrecognised``, ``other``,
            ``retention``.
        model: original | edited.
        role, phrasing: "" for a metric's primary value; phrasing "" for all wordings together.
        concept: of what the judge sees, split by the prompts' concept; "" for all together.
        value: None where nothing was counted.
        unscored: images of it that the judge named nothing in, or that failed; None where results do not tell.
        distrust: why the number says nothing here (`judge_trust`); "" where it does.
    """

    run: str
    method: str
    pairs: str
    metric: str
    model: str
    role: str
    phrasing: str
    concept: str
    value: float | None
    n: int
    stderr: float | None
    higher_is_better: bool | None
    protocol: str
    unscored: int | None
    distrust: str


@dataclass(frozen=True)
class LayerRow:
    """What an edit did to one weight.

    Attributes:
        site: the weight's name; kind: its kind of layer; depth: from 0.
        rank: columns stored of the change.
        residual_before, residual_selected, residual_all: ‖WX − V‖/‖V‖ of the original weight, and of the edited one over the
            exactly constrained and over all fitting columns.
        delta_norm: ‖ΔW‖/‖W‖.
        gap: distance of the targets' hidden state from the anchors' behind the layer, over the latter's size.
        columns, selected: fitting columns, and those exactly constrained.
    """

    run: str
    method: str
    pairs: str
    site: str
    kind: str
    depth: int | None
    rank: int | None
    residual_before: float | None
    residual_selected: float | None
    residual_all: float | None
    delta_norm: float | None
    gap: float | None
    columns: int | None
    selected: int | None


@dataclass(frozen=True)
class SampleRow:
    """One image.

    Attributes:
        pair: the outer cluster that it belongs to (`clusters.cluster_of`).
        id: its prompt's.
        model: original | edited.
        prediction: what the judge names; None where nothing, or where no judge was asked.
        error: why it could not be drawn or read; None where it was.
        values: the metrics' values of it by column; each is a column of tables.
    """

    run: str
    method: str
    pairs: str
    pair: str
    id: str
    prompt: str
    seed: int
    concept: str
    expected_concept: str
    role: str
    phrasing: str
    model: str
    prediction: str | None
    error: str | None
    values: Mapping[str, Any] = field(default_factory=dict)
