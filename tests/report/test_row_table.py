"""Rows become tables of the types that their fields have, and a library that is missing is one line."""

import dataclasses
import sys
from types import SimpleNamespace

import pyarrow as pa
import pytest

from erasepro.errors import UserError
from erasepro.report.row_table import Rows


@dataclasses.dataclass
class Fact:
    name: str
    count: int | None
    size: float | None
    good: bool | None
    seeds: tuple[int, ...]
    values: dict[str, object] = dataclasses.field(default_factory=dict)


FACTS = Rows(
    Fact, [Fact("a", 1, 0.5, True, (0, 1), {"top1": 1}), Fact("b", None, None, None, (), {"top1": 0.5, "seen": "dog"})]
)


def test_a_column_a_field_and_a_column_a_further_value():
    assert FACTS.columns() == {
        "name": ["a", "b"], "count": [1, None], "size": [0.5, None], "good": [True, None], "seeds": [(0, 1), ()],
        "top1": [1, 0.5], "seen": [None, "dog"],
    }  # fmt: skip
    assert FACTS[0].name == "a"
    assert repr(FACTS) == "Rows(2 × Fact: name, count, size, good, seeds, top1, seen)"


def test_an_arrow_table_has_the_fields_types_though_all_be_empty():
    types = dict(zip(FACTS.arrow().schema.names, FACTS.arrow().schema.types, strict=True))
    assert types == {
        "name": pa.string(), "count": pa.int64(), "size": pa.float64(), "good": pa.bool_(), "seeds": pa.list_(pa.int64()),
        "top1": pa.float64(), "seen": pa.string(),
    }  # fmt: skip
    empty = Rows(Fact).arrow()
    assert (empty.num_rows, empty.schema.names) == (0, ["name", "count", "size", "good", "seeds"])
    assert empty.schema.field("size").type == pa.float64()


def test_words_of_one_run_and_numbers_of_another_are_text():
    mixed = Rows(Fact, [Fact("a", 1, 1.0, True, (), {"x": 1}), Fact("a", 1, 1.0, True, (), {"x": "none"})])
    assert mixed.arrow().column("x").to_pylist() == ["1", "none"]


def test_pandas_is_given_the_columns(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=dict))
    assert FACTS.pandas() == FACTS.columns()


@pytest.mark.parametrize(("library", "method"), [("pandas", "pandas"), ("pyarrow", "arrow")])
def test_a_missing_library_is_one_line_with_its_pip_command(monkeypatch, library, method):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UserError, match=rf"^{library} is not installed: pip install {library}$"):
        getattr(FACTS, method)()
