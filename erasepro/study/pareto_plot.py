"""Figures of a search: a solver's settings by what they do to features, and by what they draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from erasepro.study.front import front

AXES = (("target", "kept"), ("target", "anchor"), ("fd", "kept"), ("anchors_kept", "synonym_anchor"))
"""Pairs of objectives that are drawn against one another."""


def draw_pareto(
    path: Path,
    solver: str,
    features: Sequence[tuple[float, float]],
    drawn: Sequence[Mapping[str, float]],
    names: Sequence[str],
    chosen: int | None,
) -> Path:
    """Write one figure (SVG): residual against drift of every trial, the front joined; then pairs of objectives.

    Args:
        path: of the figure.
        solver: stands in the title.
        features: (residual, drift) of each trial of the first stage.
        drawn: the objectives of each setting that was drawn.
        names: how each of those is called in the figure.
        chosen: the place of the one that was chosen.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    axes_of = [pair for pair in AXES if drawn and all(name in drawn[0] for name in pair)]
    figure, axes = pyplot.subplots(1, 1 + len(axes_of), figsize=(3.6 * (1 + len(axes_of)), 3.4), squeeze=False)
    first = axes[0][0]
    first.scatter([x for x, _ in features], [y for _, y in features], s=12, color="tab:grey")
    best = sorted(features[i] for i in front(features))
    first.plot([x for x, _ in best], [y for _, y in best], color="tab:blue", linewidth=1)
    first.set_xlabel("residual (targets)")
    first.set_ylabel("drift (retained, anchors)")
    for plot, (x, y) in zip(axes[0][1:], axes_of, strict=True):
        for place, (row, name) in enumerate(zip(drawn, names, strict=True)):
            plot.scatter(row[x], row[y], s=28 if place == chosen else 14, color="tab:red" if place == chosen else "tab:blue")
            plot.annotate(name, (row[x], row[y]), fontsize=7, xytext=(3, 3), textcoords="offset points")
        plot.set_xlabel(x)
        plot.set_ylabel(y)
    figure.suptitle(f"{solver}: {len(features)} settings, {len(drawn)} of them drawn (development sets)", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path
