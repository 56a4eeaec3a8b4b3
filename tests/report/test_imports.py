"""The tables of a finished run are printed without the libraries that a run needs: they take seconds to import."""

import subprocess
import sys

HEAVY = {"torch", "diffusers", "transformers", "hydra", "pyarrow"}


def test_a_report_imports_nothing_heavy():
    code = (
        "import sys, erasepro.cli.main, erasepro.cli.ls, erasepro.report.show, erasepro.results.results_json\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
