"""Tests keep nothing in the user's cache folder, and find nothing there."""

import os
import shutil
import signal
import sys
import tempfile
import threading

import pytest

from erasepro.registry import ENTERED
from tests.installed_wheel import bin_dir, dist, installed, wheel  # noqa: F401 - fixtures

_KEPT = "ERASEPRO_TEST_CACHE"


def pytest_configure(config):
    """One cache for a session, shared by its worker processes. Ctrl-C works in the background too."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit that it is ignored
    if _KEPT not in os.environ:
        os.environ[_KEPT] = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="erasepro-test-cache-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(_KEPT), ignore_errors=True))


@pytest.fixture(autouse=True)
def _names_of_a_test_end_with_it():
    """A class that a test gives, as a notebook would, is known to its registry; the next test must not find it there."""
    modules = ("erasepro.solvers.registry", "SOLVERS"), ("erasepro.metrics.registry", "METRICS")
    before = {module: set(getattr(sys.modules[module], name)._entries) for module, name in modules if module in sys.modules}
    yield
    for module, name in modules:
        if module not in sys.modules:
            continue
        registry = getattr(sys.modules[module], name)
        for entry in set(registry._entries) - before.get(module, set()) - set(registry._places):
            del registry._entries[entry]
            ENTERED[registry._package].discard(entry)
            registry._configs.pop(entry, None)
