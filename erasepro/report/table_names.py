"""Names of tables that files and trackers can bear."""

from __future__ import annotations

import re
from collections.abc import Iterable

from erasepro.report.table import Table


def name_tables(tables: Iterable[Table]) -> list[tuple[str, Table]]:
    """The tables under names that stay the same from run to run.

    A name is the words of the title up to its numbers and symbols; a second table of a name (another protocol's metrics) is
    ``name_2``.
    """
    names: list[tuple[str, Table]] = []
    for table in tables:
        words = re.split(r"[^A-Za-z ]", table.title, maxsplit=1)[0].lower().split()
        name = "_".join(words) or "table"
        again = sum(re.fullmatch(rf"{name}(_\d+)?", other) is not None for other, _ in names)
        names.append((f"{name}_{again + 1}" if again else name, table))
    return names
