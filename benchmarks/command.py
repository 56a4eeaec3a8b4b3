"""Seconds that a short command takes: results that are printed again, mistakes, configs and lists.

    python benchmarks/command.py [--repeats 5] [--write]

Every row is a process of its own, as from a shell, one thread, in an empty folder with a cache of its own; the first of a
command that is repeated is not counted. Medians: of the wall time, and of the processor's time, which other work on the machine
hardly changes. The table is printed; --write puts it into benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from closed_form import write as write_table

QUICK = ["generation=quick", "metrics=[clip_accuracy_top1]", "tracker=none", "outputs.progress=false"]
TINY = ["debug=tiny", "outputs.progress=false"]
WRONG = {
    "unknown key": ["generation.stpes=3"],
    "value of a wrong type": ["generation.steps=abc"],
    "value out of range": ["generation.steps=0"],
    "unknown solver": ["solver=nope"],
    "unknown metric": ["metrics=[nope]"],
    "unknown concept": ["concepts.pairs=[[dogg,cat]]"],
    "half a pair": ["concepts.pairs=[[dog]]"],
    "no such file of pairs": ["concepts.file=missing.csv"],
    "no such file of prompts": ["prompts.templates.kind=file", "prompts.templates.file=missing.csv"],
    "no such model folder": ["model=sd14", "model.source=/missing"],
    "unknown verb": ["lst"],
    "key of a solver": ["solver=uce", "solver.ridge=x"],
}
LISTS = ("solvers", "metrics", "models", "concepts", "prompts", "protocols")


def rows() -> list[tuple[str, list[str], int, float | None]]:
    """(what, words, exit status, limit in seconds)."""
    listed: list[tuple[str, list[str], int, float | None]] = [
        ("a finished run again, `generation=quick`", QUICK, 0, 1.0),
        ("a finished run again, `debug=tiny`", TINY, 0, 1.0),
    ]
    listed += [(f"mistake: {what}", words, 2, None if "of a solver" in what else 1.0) for what, words in WRONG.items()]
    listed += [("`--cfg debug=tiny`, given before", ["--cfg", "debug=tiny"], 0, 1.5)]
    listed += [("`--cfg debug=tiny`, for the first time", ["--cfg", "debug=tiny"], 0, 1.5)]
    listed += [(f"`ls {kind}`", ["ls", kind], 0, 0.5) for kind in LISTS]
    return [*listed, ("`--help`", ["--help"], 0, 0.5)]


def seconds(words: list[str], folder: Path, status: int, cache: Path) -> tuple[float, float]:
    """(wall time, processor's time) of the command; its exit status is checked."""
    env = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": str(cache)}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "erasepro", *words], cwd=folder, env=env, capture_output=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != status:
        sys.exit(f"erasepro {' '.join(words)} left with {done.returncode}: {done.stderr.decode()[-300:]}")
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(what: str, words: list[str], status: int, repeats: int, folder: Path) -> tuple[float, float]:
    """The medians of a row, in a folder in which the command is given for the first time unless ``what`` says otherwise."""
    cache = folder / "user"
    if "again" in what or "before" in what:
        seconds(words, folder, status, cache)
    taken = []
    for repeat in range(repeats):
        own = folder / f"user-{repeat}" if "first" in what else cache
        taken.append(seconds(words, folder, status, own))
    wall, processor = (statistics.median(column) for column in zip(*taken, strict=True))
    print(f"{wall:6.2f} s  {processor:6.2f} s  {what}", file=sys.stderr, flush=True)
    return wall, processor


def table(measured: list[tuple[str, float | None, tuple[float, float]]], repeats: int) -> str:
    lines = ["| command | wall s | processor s | limit s |", "|:--|--:|--:|--:|"]
    for what, limit, (wall, processor) in measured:
        lines.append(f"| {what} | {wall:.2f} | {processor:.2f} | {f'≤ {limit:g}' if limit else '–'} |")
    about = f"1 thread, Python {platform.python_version()}, torch {version('torch').split('+')[0]}, medians of {repeats}."
    return "\n".join([*lines, "", about])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = [
            (what, limit, measure(what, words, status, a.repeats, Path(folder))) for what, words, status, limit in rows()
        ]
    print(table(measured, a.repeats))
    if a.write:
        write_table("command", table(measured, a.repeats))
        print("Written into benchmarks/README.md.")


if __name__ == "__main__":
    main()
