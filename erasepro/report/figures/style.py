"""The look of every figure: sizes that fit a paper's column; colours and marks that stay apart in grey, and for every eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COLUMN, TWO_COLUMNS = 3.3, 6.8
"""Widths in inches: of one column of a two-column paper, and of both with the gap between."""
TEXT, SMALL = 8, 7
"""Points: of axes and titles, and of ticks and legends."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
"""Okabe and Ito's palette for every kind of colour vision (2008), grey in the place of the yellow, which is pale on white."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h")
DASHES = ("-", "--", "-.", ":")
REFERENCE = {"color": "black", "linestyle": (0, (1, 1)), "linewidth": 1.0, "zorder": 4}
"""Of lines that are no method's: the original model's, in front, so that a method that changes nothing does not hide it."""
DIVERGING = "PuOr"
"""Colours of numbers on both sides of 0 (ColorBrewer's, safe for colour-blind eyes)."""
HATCH = "#BBBBBB"
"""Strokes of cells that hold no number."""

STYLE: Mapping[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # matplotlib brings it: the same bytes on every machine
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "text.parse_math": False,  # "$" in a name is a dollar
    "axes.formatter.use_mathtext": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
    "hatch.linewidth": 0.4,
    "pdf.fonttype": 42,  # TrueType, which journals ask for; text can be searched
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "erasepro",
    "savefig.dpi": 300,
}
"""Settings of matplotlib, over its own defaults; a user's matplotlibrc has no part in a figure."""


def mark(place: int) -> dict[str, Any]:
    """Colour, marker and line style of the method at a place; the first 77 pairs of colour and marker are all different."""
    return {
        "color": COLOURS[place % len(COLOURS)],
        "marker": MARKERS[place % len(MARKERS)],
        "linestyle": DASHES[place % len(DASHES)],
    }
