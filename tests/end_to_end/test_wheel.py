"""The source distribution and the wheel: built, complete, and the wheel works from any folder of a fresh environment."""

from __future__ import annotations

import tarfile
import zipfile
from email.parser import HeaderParser

import pytest

from erasepro.runtime.versions import VERSION
from tests.installed_wheel import sh
from tests.pages import ROOT

pytestmark = pytest.mark.ci_slow


def test_the_source_distribution_has_everything_in_git(dist):
    with tarfile.open(dist / f"erasepro-{VERSION}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("erasepro", "conf", "experiments", "tests", "docs", "benchmarks"):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert {str(path.relative_to(ROOT)) for path in files} <= names
    assert {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "Makefile"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("outputs/mini", ".venv", "dist"))]


def test_the_wheel_has_the_package_with_its_configs_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        about = HeaderParser().parsestr(archive.read(f"erasepro-{VERSION}.dist-info/METADATA").decode())
    assert {name.partition("/")[0] for name in names} == {"erasepro", f"erasepro-{VERSION}.dist-info"}
    assert len(names) == len(set(names))
    for folder in ("conf", "experiments"):
        files = {f"erasepro/{path.relative_to(ROOT)}" for path in (ROOT / folder).rglob("*.yaml")}
        assert files <= set(names)
    assert {"erasepro/py.typed", "erasepro/models/miniature/weights/judge.safetensors"} <= set(names)
    assert about["Version"] == VERSION
    assert about["Author"] == "The erasepro authors"
    assert about["License-Expression"] == "Apache-2.0"
    assert set(about.get_all("Provides-Extra", [])) == {"train", "tune", "cluster", "docs", "dev"}


def test_commands_work_from_another_folder(bin_dir, tmp_path):
    command = bin_dir / "erasepro"
    assert sh(command, "--version", cwd=tmp_path) == f"erasepro {VERSION}\n"
    assert "uce" in sh(command, "ls", "solvers", cwd=tmp_path)
    assert "demo" in sh(command, "ls", "experiments", cwd=tmp_path)
    assert "max_retain: 24" in sh(command, "--cfg", "experiments=demo", cwd=tmp_path)
    assert "Did you mean experiments=demo?" in sh(command, "experiments=demoo", cwd=tmp_path, ok=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_whole_job_runs(bin_dir, tmp_path):
    sh(bin_dir / "erasepro", "debug=tiny", cwd=tmp_path)
    assert len(list(tmp_path.glob("outputs/*/results.json"))) == 1


@pytest.mark.slow
def test_the_python_api_without_pytest_or_checkout(bin_dir, tmp_path):
    code = (
        "import erasepro; m = erasepro.load_model('tiny'); "
        "e = erasepro.erase(m, [('dog', 'cat')]); e.apply(m.pipe); e.revert(m.pipe); print('sites:', len(e.updates))"
    )
    assert "sites: " in sh(bin_dir / "python", "-c", code, cwd=tmp_path)
