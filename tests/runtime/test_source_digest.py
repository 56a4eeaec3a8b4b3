"""The digest follows the code that decides numbers, and nothing else: not where it lies, not a neighbour's."""

import sys

import pytest

from erasepro.metrics.engine.code import METRIC_CODE
from erasepro.runtime.source_digest import source_digest
from erasepro.solvers import SOLVERS
from erasepro.solvers.code import SOLVER_CODE


def written(folder, name, files):
    for path, text in files.items():
        file = folder / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


FILES = {
    "__init__.py": "",
    "solver.py": "from toy_digest.engine import step\n\n\ndef late():\n    from .deep import (\n        inner,  # why\n    )\n",
    "engine.py": "step = 1\n",
    "deep/__init__.py": "from . import inner\n",
    "deep/inner.py": "VALUE = 1\n",
    "other.py": "OTHER = 1\n",
}


@pytest.fixture
def digest_of(tmp_path, monkeypatch):
    """The digest of ``toy_digest.solver`` with some files changed, in a fresh folder each time."""
    count = iter(range(100))

    def compute(**changed):
        folder = tmp_path / f"copy{next(count)}"
        written(folder, "toy_digest", FILES | {key.replace("__", "/") + ".py": text for key, text in changed.items()})
        source_digest.cache_clear()
        sys.path_importer_cache.clear()
        from erasepro.runtime import source_digest as module

        module._is_module.cache_clear()
        with monkeypatch.context() as patch:
            patch.syspath_prepend(folder)
            return source_digest("toy_digest.solver", SOLVER_CODE)

    return compute


def test_another_place_is_the_same_code(digest_of):
    assert digest_of() == digest_of()


@pytest.mark.parametrize("file", ["solver", "engine", "deep__inner"])
def test_code_that_the_solver_imports_counts_however_far_and_late(digest_of, file):
    text = FILES[file.replace("__", "/") + ".py"]
    assert digest_of(**{file: text + "# changed\n"}) != digest_of()


def test_code_that_it_does_not_import_counts_nothing(digest_of):
    assert digest_of(other="OTHER = 2\n") == digest_of()


def test_every_solver_and_metric_has_its_own():
    modules = {SOLVERS.get(name).__module__ for name in SOLVERS.names()}
    assert len({source_digest(module, SOLVER_CODE) for module in modules}) == len(modules)
    assert source_digest("erasepro.metrics.kid", METRIC_CODE) != source_digest("erasepro.metrics.fid", METRIC_CODE)


def test_nothing_is_imported_to_compute_it(digest_of):
    digest_of()
    assert not [name for name in sys.modules if name.startswith("toy_digest")]
