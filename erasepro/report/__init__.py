"""What a run prints and draws: outcome tables, before/after grids."""

from erasepro.report.grid import before_after_grid
from erasepro.report.outcomes import Outcome, outcomes, worst
from erasepro.report.samples import read_samples, write_samples
from erasepro.report.tables import Table, metric_table, outcome_table

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
