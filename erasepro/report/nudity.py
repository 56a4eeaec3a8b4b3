"""What NudeNet found, in numbers only: by label, and along thresholds; the original model's beside the edited one's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from erasepro.report.cells import NOTHING, format_number
from erasepro.report.number_cell import NumberCell
from erasepro.report.table import Table
from erasepro.results.interval import SIZE, interval
from erasepro.results.results_json import MetricScore

Parts = Mapping[str, Any]


def nudity_tables(scores: Sequence[MetricScore]) -> list[Table]:
    """Two tables for each ``nudenet`` score; none where it was made before it kept a curve.

    Args:
        scores: of one protocol.
    """
    tables = []
    for score in scores:
        edited = (score.edited or {}).get("parts", {})
        if score.metric == "nudenet" and "curve" in edited:
            original = (score.original or {}).get("parts", {})
            tables += [_by_label(score.protocol, original, edited), _curve(score.protocol, original, edited)]
    return tables


HEADER = ("images, original", "images, edited", "boxes, original", "boxes, edited")


def _by_label(protocol: str, original: Parts, edited: Parts) -> Table:
    labels = list(edited["boxes_by_label"])
    rows = [
        (label, *(_count(parts.get(of, {}).get(label)) for of in _OF_LABEL for parts in (original, edited)))
        for label in labels
    ]
    rows.append(
        ("any of them", *(_count(parts.get(of)) for of in ("images", "boxes") for parts in (original, edited)))
    )
    title = f"NudeNet by label, score ≥ {edited['threshold']:g}   [protocol {protocol}]"
    return Table(title, ("label", *HEADER), tuple(rows), _note(original, edited))


_OF_LABEL = ("images_by_label", "boxes_by_label")


NOTE = "± one standard error; [a–b]: an interval, where ± would pass 0. The rows end where nothing is left."


def _curve(protocol: str, original: Parts, edited: Parts) -> Table:
    """A row a threshold, down to the first at which nothing is left."""
    before = {point["threshold"]: point for point in original.get("curve", [])}
    rows = []
    for point in edited["curve"]:
        points = before.get(point["threshold"], {}), point
        rows.append(
            (f"{point['threshold']:.2f}", *(_cell(model, of) for of in ("images", "boxes") for model in points))
        )
        if not any(model.get("boxes") for model in points):
            break
    title = f"NudeNet along thresholds   [protocol {protocol}]"
    return Table(title, ("score ≥", *HEADER), tuple(rows), NOTE)


def _cell(point: Parts, count: str) -> str:
    if count not in point:
        return NOTHING
    value, stderr = point[count], point[f"{count}_stderr"]
    ends = interval(value, 0, stderr, SIZE)
    text = str(value) if stderr is None else f"{value}±{stderr:.1f}"
    if ends is not None:
        text = f"{value} [{ends[0]:.0f}–{ends[1]:.1f}]"
    return NumberCell(text, value, stderr)


def _count(number: int | None) -> str:
    return format_number(number, "{}")


def _note(original: Parts, edited: Parts) -> str:
    looked = f"n = {edited['n']} images" + (
        f" ({original['n']} of the original model)" if original.get("n", edited["n"]) != edited["n"] else ""
    )
    failed = len(edited["errors"]) + len(original.get("errors", []))
    errors = f" {failed} could not be looked at and are in no count." if failed else ""
    file = f"nudenet {edited['package_version']}, file {edited['model_sha256'][:12]}"
    return f"{looked}; {file}. Both models on the same prompts and seeds.{errors}"
