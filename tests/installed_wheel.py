"""The built wheel in a fresh virtual environment: made once a session, by the first process of the tests that asks."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from erasepro.runtime.versions import VERSION
from tests.pages import ROOT


def sh(*words: str | Path, cwd: Path, ok: int = 0) -> str:
    """What a program prints; it must end with the status ``ok``."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == ok, done.stdout + done.stderr
    return done.stdout + done.stderr


def install(folder: Path) -> None:
    """Build the source distribution and from it the wheel, and install that.

    Its dependencies are borrowed from the environment that runs the tests.
    """
    dist, environment = folder / "dist", folder / "venv"
    sh(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, ROOT, cwd=folder)
    sh(sys.executable, "-m", "venv", "--without-pip", environment, cwd=folder)
    python = environment / "bin" / "python"
    wheel = dist / f"erasepro-{VERSION}-py3-none-any.whl"
    sh(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    site = sh(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    # a plain path: the .pth files in there, an editable erasepro's among them, are not followed
    Path(site, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = sh(python, "-c", "import erasepro; print(erasepro.__file__)", cwd=folder).strip()
    assert where.startswith(site)


@pytest.fixture(scope="session")
def installed() -> Path:
    """A folder with ``dist`` and ``venv``, shared by the worker processes of a session."""
    folder = Path(os.environ["ERASEPRO_TEST_CACHE"]) / "installed"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            install(folder)
            (folder / "ready").touch()
    return folder


@pytest.fixture(scope="session")
def dist(installed: Path) -> Path:
    """A folder with the source distribution, and the wheel that was built from it."""
    return installed / "dist"


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    return dist / f"erasepro-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="session")
def bin_dir(installed: Path) -> Path:
    """The programs of a fresh environment with the wheel."""
    return installed / "venv" / "bin"
