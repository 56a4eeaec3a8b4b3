"""A thousand concepts in one edit: memory grows with the sentences, not with their square."""

import subprocess
import sys

import pytest

PEAK = 3 * 2**30
"""Bytes; an n × n matrix of the 190,000 columns would take 270 GiB."""
LIMITED = """
import resource, sys
from erasepro.cli.main import main
status = main(sys.argv[1:])
print("peak KiB:", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
raise SystemExit(status)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
def test_a_thousand_concepts_take_less_than_three_gigabytes(tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("target,anchor\n" + "".join(f"t{i},cat\n" for i in range(1000)), encoding="utf-8")
    words = ["edit", "debug=tiny", f"concepts.file={pairs}", f"out={tmp_path / 'edit'}"]
    done = subprocess.run([sys.executable, "-c", LIMITED, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "t0 → cat" in done.stdout
    peak = int(done.stdout.rpartition("peak KiB: ")[2]) * 1024
    assert 2**28 < peak < PEAK
    assert (tmp_path / "edit" / "edit.safetensors").is_file()
