"""A solver and a metric of another distribution, without yaml: listed, chosen, set, and run anew when their code changes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOLVER = '''
from dataclasses import dataclass

from erasepro.linalg import Cost, soft_input_map
from erasepro.solvers.engine.cross_attention import CrossAttentionConfig, CrossAttentionSolver
from erasepro.solvers.engine.cross_attention_pass import by_input_map
from erasepro.solvers.registry import SOLVERS


@dataclass
class ToyConfig(CrossAttentionConfig):
    name: str = "toy_mean"
    strength: float = 1.0


@SOLVERS.register("toy_mean", ToyConfig)
class Toy(CrossAttentionSolver[ToyConfig]):
    """A toy.

    W = W_o.
    """

    def solve_sites(self, features):
        cost = Cost.from_gram(features.moment(), 0.5)
        return by_input_map(soft_input_map(features.X, features.Y, cost, FACTOR * self.config.strength)), {}


FACTOR = 1.0
'''

METRIC = '''
from dataclasses import dataclass

from erasepro.metrics.engine.base import Metric, PromptMeans
from erasepro.metrics.registry import METRICS


@dataclass
class BrightnessConfig:
    role: str = "target"


@METRICS.register("brightness", BrightnessConfig)
class Brightness(Metric):
    """Mean of all pixels."""

    higher_is_better = True
    needs_judge = False

    def __init__(self, config):
        self.config, self._means = config, PromptMeans()

    def update(self, batch, reference=False):
        values = batch.images.double().mean((1, 2, 3)).tolist()
        for row, value in zip(batch.rows, values):
            self._means.add(row, OFFSET + value)
        return [{"brightness": value} for value in values]

    def compute(self):
        return self._means.score(self.name, self.config.role, True)


OFFSET = 0.0
'''

CHILD = '''
from erasepro.solvers.closed_form.uce import UCE
from erasepro.solvers.registry import SOLVERS


@SOLVERS.register("toy_child")
class Child(UCE):
    """UCE under another name, with its keys."""
'''

PLAIN = '''
from dataclasses import dataclass

from erasepro.solvers import make_solver
from erasepro.solvers.base import Solver
from erasepro.solvers.registry import SOLVERS


@dataclass
class PlainConfig:
    ridge: float = 0.5


@SOLVERS.register("toy_plain", PlainConfig)
class Plain(Solver[PlainConfig]):
    """UCE inside a solver whose config has no name."""

    def solve(self, model, prompts):
        return make_solver("uce", {"ridge": self.config.ridge}).solve(model, prompts)
'''

CHILD_METRIC = '''
from erasepro.metrics.clip_accuracy_top1 import ClipAccuracyTop1
from erasepro.metrics.registry import METRICS


@METRICS.register("own_top1")
class Own(ClipAccuracyTop1):
    """Top-1 accuracy under another name, with its keys."""
'''

POINTS = """[erasepro.solvers]
toy_mean = toy_erasure.solver
toy_broken = toy_erasure.broken
toy_gone = toy_erasure.gone
toy_lost = toy_erasure.lost
toy_child = toy_erasure.child
toy_plain = toy_erasure.plain

[erasepro.metrics]
brightness = toy_erasure.metric
own_top1 = toy_erasure.child_metric
"""


MORE = {"lost": f"import not_there_at_all\n{SOLVER}".replace("toy_mean", "toy_lost"), "child": CHILD, "plain": PLAIN,
        "child_metric": CHILD_METRIC}  # fmt: skip


@pytest.fixture
def plug_in(tmp_path: Path) -> Path:
    info = tmp_path / "site" / "toy_erasure-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-erasure\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    code = tmp_path / "site" / "toy_erasure"
    code.mkdir()
    for name, text in {"__init__": "", "solver": SOLVER, "metric": METRIC, "broken": "1 / 0\n", **MORE}.items():
        (code / f"{name}.py").write_text(text)
    return code


def erasepro(plug_in: Path, *words: str, status: int = 0) -> str:
    """What the command prints, both streams."""
    path = os.pathsep.join([str(plug_in.parent), str(Path(__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, "-m", "erasepro.cli.main", *words],
        cwd=plug_in.parents[1],
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.ci_slow
def test_they_are_listed_and_checked_as_ours_are(plug_in):
    lines = erasepro(plug_in, "ls", "solvers").splitlines()
    assert any(line.split() == ["toy_mean", "A", "toy."] for line in lines)
    assert any("uce " in line for line in lines)
    listed = erasepro(plug_in, "ls", "metrics").splitlines()
    assert any(line.split("  ")[-1].strip() == "Mean of all pixels. Needs no judge." for line in listed)
    told = erasepro(plug_in, "--cfg", "solver=toy_mean", "solver.strenght=2", status=2)
    assert "Did you mean 'solver.strength'? Known under 'solver': anchor_source, batch_size" in told
    assert "toy_mean" in erasepro(plug_in, "--cfg", "solver=toy_men", status=2)
    told = erasepro(plug_in, "--cfg", "solver=toy_broken", status=2)
    assert "'toy_broken' cannot be loaded: the plug-in toy-erasure (toy_erasure.broken) does not import: Zero" in told
    assert "Traceback" not in told
    assert "metrics=[brightness]" in erasepro(plug_in, "--cfg", "metrics=brightness", status=2)


@pytest.mark.ci_slow
def test_only_what_can_be_run_is_listed_and_why_not_is_told(plug_in):
    told = erasepro(plug_in, "ls", "solvers")
    lines = told.splitlines()
    names = {line.split()[0] for line in lines if line.strip()}
    assert not {"toy_lost", "toy_gone"} & names
    assert "erasepro: not listed: toy_lost cannot be run: the plug-in toy-erasure (toy_erasure.lost) needs" in told
    assert "'not_there_at_all', which is not installed" in told
    assert "not listed: toy_gone cannot be run: " in told
    assert {"toy_mean", "toy_child", "toy_plain", "uce"} <= names


@pytest.mark.ci_slow
def test_inherited_keys_are_accepted(plug_in):
    for words, key in (
        (("solver=toy_child", "solver.preserve_scale=0.125"), "preserve_scale: 0.125"),
        (("solver=toy_plain", "solver.ridge=0.125"), "ridge: 0.125"),
        (("solver=toy_mean", "solver.token_policy=all"), "token_policy: all"),
    ):
        told = erasepro(plug_in, "--cfg", *words)
        assert f"\n  {key}\n" in told
        assert f"\n  name: {words[0].removeprefix('solver=')}\n" in told
    told = erasepro(plug_in, "--cfg", "metrics=[own_top1]", "metrics.params.own_top1.role=retain")
    assert "role: retain" in told
    told = erasepro(plug_in, "--cfg", "solver=toy_child", "solver.perserve_scale=1", status=2)
    assert "Did you mean 'solver.preserve_scale'" in told
    for solver in ("toy_child", "toy_plain"):
        words = ("debug=tiny", f"solver={solver}", "solver.ridge=0.25", "metrics=[]", "outputs.progress=false", "tracker=none")
        assert f"· {solver} ridge=0.25 ·" in erasepro(plug_in, *words)


@pytest.mark.ci_slow
def test_they_run_and_changed_code_never_shows_an_older_result(plug_in):
    words = [
        "debug=tiny",
        "solver=toy_mean",
        "solver.token_policy=all",
        "metrics=[brightness]",
        "outputs.progress=false",
    ]
    outputs = plug_in.parents[1] / "outputs"

    def results() -> dict[str, dict]:
        found = {path.parent.name: json.loads(path.read_text()) for path in outputs.glob("*/results.json")}
        return dict(sorted(found.items(), key=lambda item: (outputs / item[0] / "config.yaml").stat().st_mtime))

    def brightness(result: dict) -> float:
        return result["scores"][0]["edited"]["value"]

    assert "· toy_mean token_policy=all ·" in erasepro(plug_in, *words), (
        "the heading tells only what differs from the defaults"
    )
    assert "Done before" in erasepro(plug_in, *words)
    (first,) = results().values()
    assert first["config"]["solver"]["token_policy"] == "all"
    assert first["config"]["solver"]["strength"] == 1.0

    (plug_in / "metric.py").write_text(METRIC.replace("OFFSET = 0.0", "OFFSET = 1000.0"))
    assert "Done before" not in erasepro(plug_in, *words)
    (second,) = results().values()
    assert brightness(second) == pytest.approx(brightness(first) + 1000)
    assert second["signature"] == first["signature"]
    assert second["hashes"]["edit"] == first["hashes"]["edit"]

    (plug_in / "solver.py").write_text(SOLVER.replace("FACTOR = 1.0", "FACTOR = 3.0"))
    assert "Done before" not in erasepro(plug_in, *words)
    _, third = results().values()
    assert third["hashes"]["edit"] != first["hashes"]["edit"]
    changed = {key for key in first["hashes"] if first["hashes"][key] != third["hashes"][key]}
    assert changed == {"edit", "images", "solver_source"}
