"""Tables are found again under the same name."""

from pathlib import Path

from erasepro.report.table import Table
from erasepro.report.table_names import name_tables


def test_tables_keep_their_names_from_run_to_run():
    titles = ["Stages (2 images a model)", "Metrics", "Metrics", "Relative residual ‖WX − V‖ / ‖V‖", "‖"]
    names = [name for name, _ in name_tables([Table(title, (), ()) for title in titles])]
    assert names == ["stages", "metrics", "metrics_2", "relative_residual", "table"]
    assert all(Path(name).name == name for name in names)
