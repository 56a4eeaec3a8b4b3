"""What commands leave in a folder and print, without what differs from one time to the next: seconds, memory, process ids."""

import contextlib
import io
import json
import re
import traceback
from dataclasses import dataclass
from pathlib import Path

import yaml

from erasepro.cli.main import main
from erasepro.generation.picture_record import PictureRecord
from erasepro.results.samples import read_samples, samples_made_of
from tests.end_to_end.processes import timeless

GUARD = ".lock.guard"
"""Stays in every folder that was locked once: removing it could let two processes in."""

CLOCK_LINES = re.compile(r"^Seconds: |^Done before; |\bpeak MiB\b")
CLOCK = ("updated", "since", "pid", "started", "peak_gpu_mib", "created", "git", "cwd", "digest")
"""Keys of JSON that hang on when and where; digests cover them."""


@dataclass(frozen=True)
class Answer:
    """What a command said: exit status, output, complaints."""

    status: int
    out: str
    err: str

    @property
    def lines(self):
        """The complaints, a line each; a failed certificate complains in its output."""
        own = [line for line in self.err.splitlines() if line.startswith("erasepro:")]
        return own + [
            line for line in self.out.splitlines() if "does not hold" in line or "there is no certificate" in line
        ]


def answers(commands, folder, every_file=False):
    """Runs commands one after the other in a folder.

    Yields an `Answer` each, and what each wrote there (with `every_file`: what all files say behind it), by their paths.
    """
    for words in commands:
        before, out, err = stamps(folder), io.StringIO(), io.StringIO()
        with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(words)
            except Exception:  # a command's own failure is what is looked for
                status = 1
                traceback.print_exc()
        wrote = {name for name, stamp in stamps(folder).items() if every_file or before.get(name) != stamp}
        yield Answer(status, out.getvalue(), err.getvalue()), {name: content(Path(folder, name)) for name in wrote}


def stamps(folder):
    """When and as which file each path was written last."""
    return {name: (p.stat().st_mtime_ns, p.stat().st_ino, p.stat().st_size) for name, p in files_of(folder).items()}


def shown(text):
    """What was printed, without the table of stages, seconds and memory, and without where the grid lies: it is no number."""
    lines, inside = [], False
    for line in text.splitlines():
        inside = inside or bool(re.match(r"\W*Stages \(", line))
        if not inside and not CLOCK_LINES.search(line) and not line.startswith("Grid: "):
            lines.append(line.rstrip())
        inside = inside and "peak MiB: memory" not in line
    return "\n".join(lines)


def files_of(folder):
    """Every file under a folder, by its path from there."""
    return {p.relative_to(folder).as_posix(): p for p in sorted(Path(folder).rglob("*")) if p.is_file()}


def contents(folder):
    """What each file under a folder says."""
    return {name: content(path) for name, path in files_of(folder).items()}


def content(path):
    """What a file says; of a damaged one its bytes."""
    try:
        return (READERS.get(path.name) or READERS.get(path.suffix, Path.read_bytes))(path)
    except (ValueError, OSError, KeyError, TypeError, AttributeError, RecursionError, yaml.YAMLError):
        return path.read_bytes()


def _json(path):
    tree = _clockless(timeless(json.loads(path.read_text(encoding="utf-8"))))
    if path.name == "results.json":  # in the order of keys in scores/*.json, which says nothing
        tree["values"].sort(key=json.dumps)
    return tree


def _clockless(node):
    if isinstance(node, dict):
        return {key: _clockless(value) for key, value in node.items() if key not in CLOCK}
    return [_clockless(value) for value in node] if isinstance(node, list) else node


def _rows(path):
    return read_samples(path), samples_made_of(path)


def _lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _text(path):
    return shown(path.read_text(encoding="utf-8"))


def _yaml(path):
    return _clockless(yaml.safe_load(path.read_text(encoding="utf-8")))


def _record(path):
    record = PictureRecord(path)  # what was appended, and what was written anew
    return record.rows(), record.digests()


READERS = {
    "rows.jsonl": _record,
    ".json": _json,
    ".jsonl": _lines,
    ".parquet": _rows,
    ".txt": _text,
    ".md": _text,
    ".yaml": _yaml,
}
"""How a file is read, by its name or suffix."""
