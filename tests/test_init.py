"""The package's front: every public name resolves to the object of its own module, and importing it loads no torch."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import erasepro


@pytest.mark.parametrize("name", erasepro.__all__)
def test_every_public_name_resolves(name):
    thing = getattr(erasepro, name)
    assert thing.__name__ == name
    assert thing.__doc__
    assert name in dir(erasepro)


def test_the_tables_of_names_agree():
    assert sorted(erasepro.__all__) == sorted(erasepro._HOMES)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(AttributeError, match="has no attribute 'erease'; it has ConceptPair, ConceptSet, Edit"):
        _ = erasepro.erease


def test_onnx_runtime_is_told_to_send_nothing_before_any_library_imports_it():
    """diffusers' from_pretrained does; an id that lasts would be kept in the user's cache folder."""
    code = "import os, erasepro; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


def test_importing_the_package_loads_no_torch():
    code = "import sys, erasepro; print(sorted({'torch', 'diffusers', 'omegaconf'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
