"""The wheel, installed into a fresh environment, works from any folder: configs and experiments are inside."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent


def sh(*words: str | Path, cwd: Path, ok: int = 0) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == ok, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def bin_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; its dependencies are borrowed from the one that runs the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    sh(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("erasepro-*.whl")
    sh(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    sh(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    site = sh(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    # a plain path: the .pth files in there, an editable erasepro's among them, are not followed
    Path(site, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = sh(python, "-c", "import erasepro; print(erasepro.__file__)", cwd=folder).strip()
    assert where.startswith(site)
    return folder / "venv" / "bin"


def test_commands_work_from_another_folder(bin_dir, tmp_path):
    erasepro = bin_dir / "erasepro"
    assert "uce" in sh(erasepro, "ls", "solvers", cwd=tmp_path)
    assert "demo" in sh(erasepro, "ls", "experiments", cwd=tmp_path)
    assert "max_retain: 24" in sh(erasepro, "--cfg", "experiments=demo", cwd=tmp_path)
    assert "Did you mean experiments=demo?" in sh(erasepro, "experiments=demoo", cwd=tmp_path, ok=2)
    assert list(tmp_path.iterdir()) == []


def test_the_whole_job_runs(bin_dir, tmp_path):
    sh(bin_dir / "erasepro", "debug=tiny", cwd=tmp_path)
    assert len(list(tmp_path.glob("outputs/*/results.json"))) == 1


def test_the_python_api_without_pytest_or_checkout(bin_dir, tmp_path):
    code = (
        "import erasepro; m = erasepro.load_model('tiny'); "
        "e = erasepro.erase(m, [('dog', 'cat')]); e.apply(m.pipe); e.revert(m.pipe); print('sites:', len(e.updates))"
    )
    assert "sites: " in sh(bin_dir / "python", "-c", code, cwd=tmp_path)
