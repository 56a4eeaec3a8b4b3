"""Filters on rows: typed comparisons of a cell with a value. Nothing is evaluated as code."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from erasepro.config.prompt_sets import Filter
from erasepro.errors import UserError, unknown
from erasepro.prompts.sets.cells import name_of, number_of
from erasepro.prompts.sets.read import Record

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPS = (*ORDER, "in", "has")


def check_filter(rule: Filter, key: str) -> None:
    """Raise UserError for an operator that does not exist, or a value that it cannot work with."""
    if rule.op not in OPS:
        raise unknown(f"op of {key}", rule.op, OPS)
    values = rule.value if rule.op == "in" else [rule.value]
    if not isinstance(values, list) or not values or not all(_is_value(value) for value in values):
        wanted = "a list of numbers or texts" if rule.op == "in" else "a number or a text"
        raise UserError(f"{key}.value is {rule.value!r}: {rule.op!r} takes {wanted}.")
    if rule.op == "has" and not isinstance(rule.value, str):
        raise UserError(f"{key}.value is {rule.value!r}: 'has' takes a text.")


def meets(record: Record, rules: Sequence[Filter]) -> bool:
    """Whether a row meets all the filters. Raises ValueError for a cell of the wrong type, naming the column."""
    return all(_meets(record.cells.get(rule.column), rule) for rule in rules)


def _meets(cell: Any, rule: Filter) -> bool:
    if rule.op == "in":
        return any(_compare(cell, value, operator.eq, rule.column) for value in rule.value)
    if rule.op == "has":
        listed = cell if isinstance(cell, list) else str(cell or "").split(",")
        return rule.value.strip().casefold() in {str(part).strip().casefold() for part in listed}
    return _compare(cell, rule.value, ORDER[rule.op], rule.column)


def _compare(cell: Any, value: Any, compare: Callable[[Any, Any], bool], column: str) -> bool:
    try:
        found: float | str | None = name_of(cell) if isinstance(value, str) else number_of(cell)
    except ValueError as error:
        raise ValueError(f"{column} is {cell!r}, {error}") from None
    return found is not None and compare(found, value)


def _is_value(value: Any) -> bool:
    return isinstance(value, (int, float, str)) and not isinstance(value, bool)
