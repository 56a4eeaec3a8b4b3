"""Typed rows that become a pandas DataFrame or a pyarrow Table in one call."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterable
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from erasepro.errors import UserError

R = TypeVar("R")

FURTHER = "values"
"""The field of a row that holds further columns by name, where its dataclass has one."""


class Rows(list[R], Generic[R]):
    """A list of rows of one dataclass. ``rows.pandas()`` and ``rows.arrow()`` make a table of it, a column a field."""

    def __init__(self, kind: type[R], rows: Iterable[R] = ()) -> None:
        """``kind``: the rows' dataclass, whose fields are the columns though there be no row."""
        super().__init__(rows)
        self.kind = kind

    def columns(self) -> dict[str, list[Any]]:
        """The values of each column. What a row holds in ``values`` has columns of its own, None in rows without it."""
        fixed = [name for name in _hints(self.kind) if name != FURTHER]
        columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in self] for name in fixed}
        further = [getattr(row, FURTHER, {}) for row in self]
        for name in dict.fromkeys(key for values in further for key in values):
            columns.setdefault(name, [values.get(name) for values in further])
        return columns

    def pandas(self) -> Any:
        """A ``pandas.DataFrame``. Raises UserError where pandas is not installed."""
        return _library("pandas").DataFrame(self.columns())

    def arrow(self) -> Any:
        """A ``pyarrow.Table``, whose columns have the types of the fields. Raises UserError where pyarrow is not installed."""
        pa = _library("pyarrow")
        hints, arrays = _hints(self.kind), {}
        for name, column in self.columns().items():
            if name in hints:
                arrays[name] = pa.array(column, type=_arrow_type(pa, hints[name]))
                continue
            try:
                arrays[name] = pa.array(column)
            except (pa.ArrowInvalid, pa.ArrowTypeError):  # numbers of one metric, words of another of its name
                arrays[name] = pa.array([None if value is None else str(value) for value in column])
        return pa.table(arrays)

    def __repr__(self) -> str:
        return f"Rows({len(self)} × {self.kind.__name__}: {', '.join(self.columns())})"


def _hints(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _arrow_type(pa: Any, hint: Any) -> Any:
    """The type of a column: of text, whole numbers, numbers, truth values, lists of these; each may hold None."""
    if get_origin(hint) is tuple:
        return pa.list_(_arrow_type(pa, get_args(hint)[0]))
    kinds = [kind for kind in get_args(hint) if kind is not type(None)] or [hint]
    return {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}[kinds[0]]


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(f"{name} is not installed: pip install {name}") from error
