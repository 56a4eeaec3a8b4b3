"""A class of a session counts by its code and by what it reads; one of a file by the file."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from erasepro.metrics import METRICS
from erasepro.metrics.engine.code import METRIC_CODE
from erasepro.runtime.entry_digest import entry_digest
from erasepro.runtime.source_digest import source_digest

CELL = '''
from erasepro.results.score import Score

FACTOR = 1.0

def add_factor(x):
    return x + FACTOR

class Base:
    def shift(self):
        return 0.5

class Mine(Base):
    """A docstring."""
    kept = {"a": (1, 2)}

    def value(self, x, y=3):
        return [add_factor(x) + self.shift() for _ in range(y)]

    def score(self):
        return Score
'''


def digest_of(cell: str) -> str:
    """Of a class of a module without a file, as a notebook's is."""
    module = ModuleType("session")
    exec(compile(cell, "<cell>", "exec"), vars(module))
    return entry_digest(vars(module)["Mine"], METRIC_CODE)


def test_the_same_cell_is_the_same_code():
    assert digest_of(CELL) == digest_of(CELL)
    assert digest_of("\n\n# a comment\n" + CELL.replace("A docstring", "Another")) == digest_of(CELL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FACTOR = 1.0", "FACTOR = 2.0"),
        ("return x +", "return x -"),
        ("return 0.5", "return 0.25"),
        ("(1, 2)", "(1, 3)"),
        ("y=3", "y=4"),
        ("range(y)", "range(y + 1)"),
        ("self.shift()", "1"),
        ("import Score", "import restore_score as Score"),
    ],
)
def test_whatever_a_number_hangs_on_counts(old, new):
    assert old in CELL
    assert digest_of(CELL.replace(old, new)) != digest_of(CELL)


def test_what_cannot_be_hashed_counts_in_this_session_alone():
    cell = CELL.replace("FACTOR = 1.0", "FACTOR = object()")
    assert digest_of(cell) != digest_of(cell)


def test_of_a_file_it_is_the_files():
    entry = METRICS.get("kid")
    assert entry_digest(entry, METRIC_CODE) == source_digest(entry.__module__, METRIC_CODE)


def test_two_sessions_agree():
    code = f"{CELL}\nfrom erasepro.runtime.entry_digest import entry_digest\nprint(entry_digest(Mine, ()))"
    root = str(Path(__file__).resolve().parents[2])
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root, timeout=60).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


def test_a_module_beside_the_notebook_counts(tmp_path, monkeypatch):
    (tmp_path / "beside_notebook.py").write_text("def shift():\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    cell = "import beside_notebook\nclass Mine:\n    def value(self):\n        return beside_notebook.shift()\n"
    before = digest_of(cell)
    source_digest.cache_clear()
    (tmp_path / "beside_notebook.py").write_text("def shift():\n    return 2\n")
    assert digest_of(cell) != before
