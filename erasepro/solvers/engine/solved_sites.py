"""What a solve hands on: each site's update, a diagnostics entry a site, and the seconds of each part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import Tensor

from erasepro.linalg import Solution, Update
from erasepro.models.sites import Site
from erasepro.solvers.engine.fit import finite, worst_dropped


class SolvedSites:
    """A record that grows site by site.

    Args:
        advance: is told of each site.
    """

    def __init__(self, advance: Callable[[int], None] = lambda n: None) -> None:
        self.updates: dict[str, Update] = {}
        """Site name → ΔW."""
        self.input_maps: dict[str, Update] = {}
        """Site name → D, of the sites whose ΔW is W_o D."""
        self.diagnostics: list[dict[str, Any]] = []
        """One entry a site, in the order in which they were solved; see `site_entry`."""
        self.seconds: dict[str, float] = {}
        """Part of the solve → its wall-clock seconds."""
        self._start = time.perf_counter()
        self._advance = advance

    def add(self, site: Site, solution: Solution, entry: dict[str, Any]) -> None:
        """Record one site's solution and its diagnostics entry."""
        self.updates[site.name] = solution.update
        if solution.input_map is not None:
            self.input_maps[site.name] = solution.input_map
        self.diagnostics.append(entry)
        self._advance(1)

    def note_gap(self, sites: Iterable[Site], gap: float) -> None:
        """Add to these sites' entries how far the target's hidden state is from the anchor's, behind them."""
        names = {site.name for site in sites}
        for entry in self.diagnostics:
            if entry["site"] in names:
                entry["gap"] = gap

    def lap(self, part: str) -> None:
        """Count the seconds since the last lap, or the start, for this part."""
        now = time.perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._start
        self._start = now


def site_entry(
    site: Site, W_o: Tensor, W: Tensor, solution: Solution, labels: Sequence[str], residuals: dict[str, float]
) -> dict[str, Any]:
    """The diagnostics of one site: plain JSON.

    Args:
        W_o, W: the weight (d_out, d_in) before and after.
        labels: the columns' names, for messages.
        residuals: relative residuals before and after, over selected and over all columns.
    """
    return {
        "site": site.name,
        "kind": site.kind,
        "depth": site.depth,
        **residuals,
        "delta_norm": float((W - W_o).norm() / W_o.norm()),
        "rank": solution.update.rank,
        "condition": finite(solution.condition),
        "columns": len(labels),
        "selected": len(solution.selected),
        "exact": solution.exact,
        "dropped": worst_dropped(solution, labels),
        "selected_columns": solution.selected.tolist(),
    }
