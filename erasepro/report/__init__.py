"""What a run prints and draws: outcome tables, before/after grids."""

from erasepro.report.grid import before_after_grid
from erasepro.report.tables import Table, metric_table, outcome_table
from erasepro.results.outcomes import Outcome, outcomes, worst
from erasepro.results.samples import read_samples, write_samples

__all__ = [
    "Outcome",
    "Table",
    "before_after_grid",
    "metric_table",
    "outcome_table",
    "outcomes",
    "read_samples",
    "worst",
    "write_samples",
]
