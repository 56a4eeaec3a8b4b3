"""Whole commands in processes of their own that can be killed; what they import is imported once, by a fork server."""

import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

from erasepro.results.samples import read_samples

JOB = [
    "solver=uce", "generation=quick", "generation.steps=6", "generation.seeds=[0,1]",
    "prompts.templates.phrasings=[plain,complex]", "generation.target_prompts=null",
    "generation.max_retain=4", "generation.batch_size=4", "metrics=[clip_accuracy_top1,fd_miniature,kid,nudenet]",
    "tracker=none", "outputs.progress=false",
]  # fmt: skip
"""Two dozen images of the miniature a model, four networks to look at them: some seconds of work."""

TIMES = ("seconds", "stages", "peak_mib", "machine", "digest")  # the last is of all of them


def command(words, folder, log):
    """In the child: the command as from a shell in `folder`."""
    from erasepro.cli.main import main

    os.chdir(folder)
    file = open(log, "a", encoding="utf-8", buffering=1)  # noqa: SIM115 - it lives as long as the process
    sys.stdout = sys.stderr = file
    status = main(words)
    file.flush()
    os._exit(status)


def start(words, folder, log="log.txt", target=command):
    """The command as a process, started in `folder`; what it prints goes to `folder`/`log`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.end_to_end.preload"])
    process = context.Process(target=target, args=(words, str(folder), str(Path(folder) / log)), daemon=True)
    process.start()
    return process


def finish(words, folder, log="log.txt"):
    """Runs the command to its end; what it printed."""
    process = start(words, folder, log)
    process.join(300)
    told = (Path(folder) / log).read_text(encoding="utf-8")
    assert process.exitcode == 0, told
    return told


def wait_for(condition, process, seconds=120):
    """Waits until something holds; False where the process ended before."""
    for _ in range(int(seconds / 0.01)):
        if condition():
            return True
        if not process.is_alive():
            return False
        time.sleep(0.01)
    raise TimeoutError("it did not come about")


def run_folder(folder):
    (run,) = (p for p in Path(folder, "outputs").iterdir() if not p.name.startswith("."))
    return run


def outcome(folder):
    """Everything a run leaves that must not hang on kills: images by name, samples, results without times, edit."""
    run = run_folder(folder)
    images = {p.relative_to(run).as_posix(): p.read_bytes() for p in run.rglob("*.png")}
    edit = {p.name: p.read_bytes() for p in (run / "edit").glob("*.safetensors")}
    samples = read_samples(run) if (run / "samples.parquet").exists() else []
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    return {"images": images, "edit": edit, "samples": samples, "results": timeless(results)}


def timeless(node):
    if isinstance(node, dict):
        return {key: timeless(value) for key, value in node.items() if key not in TIMES and "seconds" not in key}
    return [timeless(value) for value in node] if isinstance(node, list) else node


def strays(folder):
    """Temporary files that nobody cleaned up (in the feature cache, which others may be writing to, they may stay a while)."""
    found = [p for p in Path(folder, "outputs").rglob("*") if p.name.endswith(".tmp") or ".partial" in p.name]
    return [p.name for p in found if ".feature_cache" not in p.parts]
