"""Per-sample rows as Parquet: a column a fact, whichever rows have it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from erasepro.results.read_version_2 import translate_sample
from erasepro.runtime.files import replacing
from erasepro.runtime.json_text import parse_json

FILE = "samples.parquet"
MADE_OF = "erasepro.scores"


def write_samples(path: Path, samples: Iterable[Mapping[str, Any]], made_of: Sequence[str] = ()) -> None:
    """Writes one row a sample, whole or not at all; the columns are the union of their keys, empty where one has none.

    ``made_of``: names of the scores that the columns come from, for `samples_made_of`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    listed = list(samples)
    names = list(dict.fromkeys(key for sample in listed for key in sample))
    table = pa.table({name: pa.array([sample.get(name) for sample in listed]) for name in names})
    table = table.replace_schema_metadata({MADE_OF: json.dumps(list(made_of))})
    with replacing(path) as part:
        pq.write_table(table, str(part))


def read_samples(path: Path) -> list[dict[str, Any]]:
    """The rows of a file, or of the ``samples.parquet`` in a run's folder; an older run's under today's column names.

    Raises FileNotFoundError; ValueError if damaged.
    """
    import pyarrow.parquet as pq

    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"no per-sample rows in {str(path)!r}")
    return [translate_sample(sample) for sample in pq.read_table(str(file)).to_pylist()]  # ArrowInvalid is a ValueError


def samples_made_of(path: Path) -> list[str] | None:
    """What `write_samples` was told; None for a file that is missing or damaged."""
    import pyarrow.parquet as pq

    if not path.is_file():  # a pipe would be waited for
        return None
    try:
        metadata = pq.read_table(str(path), columns=["id"]).schema.metadata or {}
        return list(parse_json(metadata.get(MADE_OF.encode(), b"[]")))
    except (OSError, ValueError, KeyError):
        return None


def count_unreadable(path: Path) -> int | None:
    """How many rows of a file are images that could not be read; None for a file that is missing or damaged."""
    import pyarrow.parquet as pq

    if not path.is_file():
        return None
    try:
        errors = pq.read_table(str(path), columns=["error"]).column("error").to_pylist()
    except (OSError, ValueError, KeyError):
        return None
    return sum((error or "").startswith("unreadable") for error in errors)
