"""The tables of recognition rates and of metrics, and how numbers are written in them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from erasepro.report.number_cell import NumberCell
from erasepro.report.table import Table
from erasepro.results.interval import BOUNDS, SHARE, SIZE, UNBOUNDED, Bounds, interval
from erasepro.results.recognition import ALL, RecognitionRates, Share

RETENTION = "retention (edited/original)"
"""Header of the share that shows the concept in the edited model's images over that in the original's."""

READING = (
    "Shares of images, ± one standard error, or an interval [a–b] where ± would pass 0 or 1. original: the original model's "
    "that show the prompt's concept. The rest is the edited model's, same prompts and seeds: concept shown (↓ for target and "
    "synonym prompts, ↑ for the others), anchor shown, unrecognised (the judge names nothing) and other add to 1; retention = "
    "concept shown over original."
)


FEW = 10
"""Images of the targets in one wording below which nothing is to be reported: of 9 without a hit, a tenth may have some."""
QUICK_LOOK = "quick look: n too small to report"


def quick_look_note(runs: Sequence[Sequence[RecognitionRates]]) -> str:
    """The line under a table whose targets have fewer than `FEW` images in a wording; "" where they have enough.

    Args:
        runs: the groups of each run of one method, whose images count together.
    """
    counts: dict[str, int] = {}
    for o in (o for groups in runs for o in groups if o.role == "target" and o.phrasing != ALL):
        counts[o.phrasing] = counts.get(o.phrasing, 0) + o.concept_shown.n
    fewest = min(filter(None, counts.values()), default=FEW)
    images = "1 image" if fewest == 1 else f"{fewest} images"
    return f"{QUICK_LOOK} ({images} of the targets in a wording; {FEW} are the least)." if fewest < FEW else ""


def recognition_table(groups: Sequence[RecognitionRates], title: str = "What the pictures show") -> Table:
    """Role by phrasing: the shares of both models' images that show the prompt's concept, and what came instead."""
    grouped = any(o.group for o in groups)
    subjects, failed = any(o.subject.n for o in groups), any(o.errors for o in groups)
    keys = ["prompts", *(["concept"] if grouped else []), "phrasing", "n"]
    header = [*keys, "original", "concept shown", RETENTION, "anchor shown", "unrecognised", "other"]
    header += [*(["subject"] if subjects else []), *(["errors"] if failed else [])]
    rows = []
    for o in groups:
        arrow = "↓" if o.role in ("target", "synonym") else "↑"
        anchor = share(o.anchor_shown) if o.role in ("target", "synonym") else "–"
        cells = [
            f"{o.role} {arrow}",
            *([o.group] if grouped else []),
            o.phrasing,
            str(o.concept_shown.n),
            share(o.original),
        ]
        cells += [share(o.concept_shown), ratio(o.retention), anchor, share(o.unrecognised), share(o.other)]
        cells += [*([share(o.subject)] if subjects else []), *([str(o.errors)] if failed else [])]
        rows.append(tuple(cells))
    note = READING + (" subject: shows the thing that the prompt names." if subjects else "")
    lines = [quick_look_note([groups]), note]
    return Table(title, tuple(header), tuple(rows), "\n".join(filter(None, lines)), keys=len(keys))


def metric_table(
    edited: Mapping[str, Any], original: Mapping[str, Any] | None = None, title: str = "Metrics", protocol: str = "–"
) -> Table:
    """One row a metric (``results.score.Score`` or its dict): before, after, n, which way is better, protocol."""
    before = original or {}
    rows = []
    for name, result in edited.items():
        score = _plain(result)
        old = _plain(before[name]) if name in before else None
        rows.append(
            (
                f"{name}{_unit(score)} {'↑' if score['higher_is_better'] else '↓'}",
                _of_metric(name, old) if old else "–",
                _of_metric(name, score),
                str(score["n"]),
                protocol,
            )
        )
    return Table(title, ("metric", "original", "edited", "n", "protocol"), tuple(rows))


def share(value: Share) -> str:
    """A share with its standard error or interval, three digits after the point."""
    return number(value.value, value.stderr, 3, SHARE, value.n)


def ratio(value: Share) -> str:
    """Of two shares, which may be above 1: with its standard error or interval, three digits after the point."""
    return number(value.value, value.stderr, 3, SIZE, value.n)


def metric_bounds(name: str) -> Bounds:
    """What a metric's number can be. Reads the metric's source, and imports nothing of it."""
    from erasepro.metrics import METRICS  # here: a module of runs, and a command that only reports begins without any

    return BOUNDS.get(str(METRICS.attribute(name, "number_kind")), UNBOUNDED)


def number(value: float, stderr: float | None = None, digits: int = 4, bounds: Bounds = UNBOUNDED, n: int = 0) -> str:
    """``0.987±0.004``; above 1 four digits that matter, ``187±6.7`` and ``26.31±0.42``; ``–`` for nothing counted.

    ``1.000 [0.889–1]`` where ± would pass an end of what the number can be.

    Args:
        n: images that it is of: a share of a single one has an interval and no standard error.
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isfinite(value) and abs(value) > 1:
        digits = min(digits, max(1, 4 - len(str(int(abs(value))))))
    rounded = str(int(value)) if float(value).is_integer() and abs(value) > 1 else f"{value:.{digits}f}"
    ends = interval(value, n, stderr, bounds)
    text = rounded if stderr is None else f"{rounded}±{stderr:.{digits}f}"
    if ends is not None:
        text = f"{rounded} [{'–'.join(_end(end, digits) for end in ends)}]"
    return NumberCell(text, value, stderr, n, rounded=float(rounded))


def _of_metric(name: str, score: Mapping[str, Any]) -> str:
    return number(score["value"], score["stderr"], bounds=metric_bounds(name), n=score["n"])


def _end(value: float, digits: int) -> str:
    """An end of an interval; 0 and 1 themselves without digits."""
    return str(int(value)) if value in (0, 1) else f"{value:.{digits}f}"


def _unit(score: Mapping[str, Any]) -> str:
    """What a count counts (``parts["unit"]``)."""
    unit = score.get("parts", {}).get("unit")
    return f" ({unit})" if unit else ""


def _plain(result: Any) -> Mapping[str, Any]:
    return result if isinstance(result, Mapping) else result.as_dict()
