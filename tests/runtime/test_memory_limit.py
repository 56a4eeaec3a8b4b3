"""What a process may use: never more than the machine has, and less where a limit is set."""

import resource

import pytest

from erasepro.runtime import memory_limit as limits

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def free(monkeypatch, tmp_path):
    """A machine of 8 GiB without limits; a container's limit can be written to the path."""
    path = tmp_path / "memory.max"
    monkeypatch.setattr(limits, "CGROUP_LIMITS", (str(path), str(tmp_path / "none")))
    monkeypatch.setattr(limits.os, "sysconf", {"SC_PHYS_PAGES": 2**21, "SC_PAGE_SIZE": 4096}.__getitem__)
    monkeypatch.setattr(limits.resource, "getrlimit", lambda kind: UNLIMITED)
    return path


def test_without_limits_it_is_the_machine(free):
    free.write_text("max\n")
    assert limits.memory_limit() == 8 * 2**30


@pytest.mark.parametrize("kind", [resource.RLIMIT_AS, resource.RLIMIT_DATA])
def test_a_limit_of_the_process_counts(free, monkeypatch, kind):
    monkeypatch.setattr(
        limits.resource, "getrlimit", lambda one: (4 * 2**30, resource.RLIM_INFINITY) if one == kind else UNLIMITED
    )
    assert limits.memory_limit() == 4 * 2**30


def test_a_limit_of_the_container_counts(free):
    free.write_text(f"{3 * 2**30}\n")
    assert limits.memory_limit() == 3 * 2**30


def test_a_system_that_does_not_say(free, monkeypatch):
    def unknown(name):
        raise ValueError(name)

    monkeypatch.setattr(limits.os, "sysconf", unknown)
    assert limits.memory_limit() is None


def test_this_machine_says_something():
    assert limits.memory_limit() > 2**20
