"""The examples in docstrings run as they stand."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.test_floors import modules

WITH_EXAMPLES = sorted(name for name, path in modules().items() if ">>> " in path.read_text(encoding="utf-8"))
WHOLE_EDITS = {"erasepro": pytest.mark.ci_slow}
"""Modules whose example edits the miniature with nothing left out."""


@pytest.mark.parametrize("name", [pytest.param(n, marks=WHOLE_EDITS.get(n, ())) for n in WITH_EXAMPLES])
def test_the_examples_of_a_module_give_what_they_say(name: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0
    assert list(tmp_path.iterdir()) == [], "an example leaves nothing behind"
