"""Per-sample rows as Parquet: a column a fact, whichever rows have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from erasepro.rundir import writing

FILE = "samples.parquet"


def write_samples(path: Path, samples: Iterable[Mapping[str, Any]]) -> None:
    """Writes one row a sample, whole or not at all; the columns are the union of their keys, empty where one has none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    listed = list(samples)
    names = list(dict.fromkeys(key for sample in listed for key in sample))
    table = pa.table({name: pa.array([sample.get(name) for sample in listed]) for name in names})
    with writing(path) as part:
        pq.write_table(table, str(part))


def read_samples(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, or of the ``samples.parquet`` in a run's folder. Raises FileNotFoundError; ValueError if damaged."""
    import pyarrow.parquet as pq

    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"no per-sample rows in {str(path)!r}")
    return pq.read_table(str(file)).to_pylist()  # pa.ArrowInvalid is a ValueError
