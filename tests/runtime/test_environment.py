"""What a run was made with."""

import os
import platform
import subprocess

from erasepro.runtime import environment
from erasepro.runtime.environment import git_state, libraries, machine


def git(folder, *words):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_libraries_that_are_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr(environment, "LIBRARIES", ("torch", "no-such-library"))
    found = libraries()
    assert found["python"] == platform.python_version()
    assert found["torch"]
    assert "no-such-library" not in found


def test_a_checkout_has_a_commit_and_says_whether_it_was_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "erasepro" / "runtime" / "environment.py"))
    assert git_state() is None, "outside a checkout"
    git(tmp_path, "init", "-q")
    assert git_state() is None, "one without a commit"
    (tmp_path / "a.txt").write_text("1")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "untracked.txt").write_text("1")
    assert git_state() == {"commit": git(tmp_path, "rev-parse", "HEAD"), "changed": False}
    (tmp_path / "a.txt").write_text("2")
    assert git_state()["changed"]


def test_the_machine_in_words():
    assert machine().startswith(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores")
