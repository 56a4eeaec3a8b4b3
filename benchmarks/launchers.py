"""One study of 40 runs by each way of making it: equal results, and what a way costs beside the runs' own time.

    python benchmarks/launchers.py [--runs 40] [--kills 10] [--only workers joblib …] [--commands 4] [--folder DIR] [--write]

The runs are of random weights (debug=tiny), a second or two each, so that what a way costs shows at its largest. Ways: one
worker, two workers, two workers of which one is killed (SIGKILL) and replaced again and again, and Hydra's joblib,
submitit_local and Ray; they run one after the other on the whole machine. Results are compared as they stand in
`results.json`, times apart, and the pictures by their digests. *commands*: so many of the runs as commands of their own, each
of which starts Python and loads the model anew.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from closed_form import write as write_table

from erasepro.generation.picture_record import PictureRecord
from erasepro.results.results_json import Results
from erasepro.study.study_folder import StudyFolder

SOLVERS = ("uce", "oce", "emcid", "mace_cfr")
BASE = {
    "debug": "tiny",
    "generation": {"steps": 1, "max_retain": 0},
    "outputs": {"progress": False, "grid": False},
}
KILLED = "killed workers"
WAYS: dict[str, tuple[str, ...]] = {
    "one worker": ("workers=1",),
    "two workers": ("workers=2",),
    KILLED: (),
    "joblib": ("launcher=joblib", "hydra.launcher.n_jobs=2"),
    "submitit_local": ("launcher=submitit_local",),
    "ray": ("launcher=ray", "+hydra.launcher.ray.init.num_cpus=2"),
}
PATIENCE = 1800.0
"""Seconds that a way may take."""


def study_file(place: Path, runs: int) -> Path:
    """The study's yaml: four solvers, as many seeds as make so many runs."""
    axes = {"solver": list(SOLVERS), "seed": list(range(runs // len(SOLVERS)))}
    path = place / "forty.yaml"
    path.write_text("# @package _global_\n" + yaml.safe_dump(BASE | {"study": {"axes": axes}}), encoding="utf-8")
    return path


def make(way: str, place: Path, file: Path, kills: int) -> tuple[float, int]:
    """Make the study in a folder of this way's own; seconds, and how many workers were killed."""
    name = way.replace(" ", "_")
    words = ["study", str(file), f"out={place / name}", f"outputs.dir={place / f'runs_{name}'}"]
    start = time.perf_counter()
    if way == KILLED:
        return _with_kills(place, words, kills, start)
    command = _command([*words, *WAYS[way]])
    done = subprocess.run(command, cwd=place, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way}: {done.stderr[-2000:]}")
    return time.perf_counter() - start, 0


def _with_kills(place: Path, words: list[str], kills: int, start: float) -> tuple[float, int]:
    """Two workers on one folder, of which one is killed at a random moment and another started, so many times."""
    folder = Path(words[2].partition("=")[2])
    draw, killed = random.Random(7), 0
    with (place / "killed.log").open("w", encoding="utf-8") as log:

        def begin(*more: str) -> subprocess.Popen[bytes]:
            return subprocess.Popen(_command([*more]), cwd=place, env=_environment(), stdout=log, stderr=subprocess.STDOUT)

        workers = [begin(*words)]
        while not (folder / "study.json").is_file():
            time.sleep(0.1)
        workers.append(begin("work", str(folder)))
        while any(worker.poll() is None for worker in workers):
            time.sleep(draw.uniform(1.5, 3.5))
            number = draw.randrange(len(workers))
            if killed < kills and workers[number].poll() is None:
                workers[number].send_signal(signal.SIGKILL)
                workers[number].wait()
                workers[number] = begin("work", str(folder))
                killed += 1
            if time.perf_counter() - start > PATIENCE:
                raise SystemExit(f"{KILLED}: not done after {PATIENCE:.0f} s")
        if any(worker.returncode for worker in workers):
            raise SystemExit(f"{KILLED}: a worker ended with an error, see {place / 'killed.log'}")
    return time.perf_counter() - start, killed


def _command(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "erasepro", *words]


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parent.parent)
    own = {"PYTHONPATH": root, "OMP_NUM_THREADS": "1", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "WANDB_MODE": "offline"}
    return {**os.environ, **own}


def facts(folder: StudyFolder) -> dict[str, Any]:
    """What each run found: numbers, hashes, and the digests of its pictures."""
    found = {}
    for cell, path in folder.finished():
        results = Results.load(path / "results.json")
        digests = {str(rows.parent.relative_to(path)): PictureRecord(rows).digests() for rows in path.rglob("rows.jsonl")}
        values = sorted(json.dumps(value, default=str, sort_keys=True) for value in json.loads(_values(path)))
        found[cell.shown] = (results.hashes, results.residuals, results.signature, values, digests)
    return found


def _values(path: Path) -> str:
    return json.dumps(json.loads((path / "results.json").read_text(encoding="utf-8"))["values"])


def commands(place: Path, folder: StudyFolder, number: int) -> float:
    """Seconds a run of the first so many as commands of their own."""
    start = time.perf_counter()
    for cell in folder.plan.cells[:number]:
        words = [*cell.words, f"outputs.dir={place / 'commands'}"]
        subprocess.run(_command(words), cwd=place, env=_environment(), check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) / number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--only", nargs="+", choices=list(WAYS), default=list(WAYS), metavar="WAY")
    parser.add_argument("--commands", type=int, default=4)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="erasepro-launchers-") as temporary:
        place = (a.folder or Path(temporary)).resolve()
        place.mkdir(parents=True, exist_ok=True)
        file = study_file(place, a.runs)
        rows, first = [], None
        for way in a.only:
            seconds, killed = make(way, place, file, a.kills)
            folder = StudyFolder(place / way.replace(" ", "_"))
            found = facts(folder)
            assert len(found) == len(folder.plan.cells), f"{way}: {len(found)} of {len(folder.plan.cells)} runs"
            assert not list((folder.path / "claims").iterdir()), f"{way}: claims were left"
            first = first or found
            own = sum(outcome.seconds for cell in folder.plan.cells if (outcome := folder.outcome(cell)) is not None)
            equal = "yes" if found == first else "NO"
            name = f"{way} ({killed})" if killed else way
            rows.append(f"| {name} | {len(found)} | {seconds:.0f} | {own:.0f} | {seconds / len(found):.1f} | {equal} |")
            print(rows[-1], flush=True)
        head = ["| way | runs | seconds | the runs' own | seconds a run | equal |", "|---|---:|---:|---:|---:|---|"]
        each = commands(place, folder, a.commands)
        rows.append(f"| a command each | {a.commands} | {each * a.commands:.0f} | – | {each:.1f} | – |")
        table = "\n".join([*head, *rows])
        print(table)
        if a.write:
            write_table("launchers", table)


if __name__ == "__main__":
    main()
