"""Fields of dataclasses, read from source files."""

import sys

import pytest

from erasepro.runtime.source_fields import dotted_fields, field_names, registered_config

SOURCE = """
from dataclasses import dataclass, field
from erasepro_other_nowhere import Lost

@dataclass
class Inner:
    rank: int = 1

@dataclass
class Base:
    name: str = "a"
    fit: Inner = field(default_factory=Inner)

@dataclass
class Config(Base, Lost):
    name: str = "b"
    sizes: list[int] | None = None

@REGISTRY.register("a", Config)
class Named: ...

@REGISTRY.register("b", config=Config)
class Keyword(Named): ...

@REGISTRY.register("c")
class Bare: ...
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "some_source_of_fields.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "some_broken_source.py").write_text("class Config(:", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "some_source_of_fields"
    assert "some_source_of_fields" not in sys.modules, "nothing is imported"


def test_the_fields_of_bases_come_first(module):
    assert field_names(module, "Config") == {"name": "str", "fit": "Inner", "sizes": "list[int] | None"}
    assert dotted_fields(module, "Config") == ["name", "fit.rank", "sizes"]


def test_the_config_that_a_class_is_registered_with(module):
    assert [registered_config(module, name) for name in ("Named", "Keyword", "Bare", "Nowhere")] == ["Config", "Config", "", ""]


def test_what_cannot_be_seen_has_no_fields(module):
    assert field_names(module, "Nowhere") == field_names("no_such_module_anywhere", "Config") == {}
    assert dotted_fields("some_broken_source", "Config") == []
