"""Tests keep nothing in the user's cache folder, and find nothing there."""

import os
import shutil
import tempfile

_KEPT = "ERASEPRO_TEST_CACHE"


def pytest_configure(config):
    """One cache for a session, shared by its worker processes."""
    if _KEPT not in os.environ:
        os.environ[_KEPT] = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="erasepro-test-cache-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(_KEPT), ignore_errors=True))
