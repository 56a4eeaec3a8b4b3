"""A finished run, copied and damaged, and every command that reads it: ``python -m tests.end_to_end.damaged_runs 500``."""

import random
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.damages import damage, damageable
from tests.end_to_end.folder_contents import answers, shown

SIZE = [
    "solver=uce", "generation=quick", "generation.steps=2",
    "prompts.templates.phrasings=[plain]", "generation.target_prompts=null", "generation.max_retain=2",
    "generation.neighbors=0", "generation.batch_size=8", "templates.count=2", "templates.preserve_count=1",
    "tracker=none", "outputs.progress=false",
]  # fmt: skip
METRICS = "metrics=[clip_accuracy_top1,fd_miniature]"
MORE = "metrics=[clip_accuracy_top1,fd_miniature,clip_probability]"
COMMANDS = {
    "report": ["report", "RUN"],
    "score": ["score", "RUN"],
    "score more": ["score", "RUN", MORE],
    "run": [*SIZE, METRICS],
    "run more": [*SIZE, MORE],
    "verify": ["verify", "RUN", "model=miniature"],
    "export": ["export", "RUN", "out=lora"],
}
"""RUN stands for the run's folder."""
PATHS = {
    "report first": ((), ("report", "score", "verify", "export", "run")),
    "run first": ((), ("run", "report", "export", "verify")),
    "score more": ((), ("score more", "report", "run")),
    "run more": ((), ("run more", "report")),
    "results lost": (("results.json",), ("run", "report", "verify")),
    "scores lost": (("results.json", "scores"), ("run", "report")),
    "pictures lost": (("results.json", "scores", "images/edited", ".stages/images.json"), ("run", "report", "export")),
    "run lost": (("",), ("run", "report")),
}
"""What else is gone from the run, and the commands that follow one another."""
OFTEN = {"results.json": 4, "edit/edit.json": 3, "scores/*.json": 3, "scores/*.parquet": 2, "samples.parquet": 2}
"""Kinds of files that hold many numbers are drawn more often."""


@dataclass(frozen=True)
class Draw:
    """One damage and what was asked for after it; ``problems`` says what went through unseen."""

    seed: int
    kind: str
    words: str
    path: str
    problems: tuple

    def __str__(self):
        return f"draw {self.seed}: {self.kind}: {self.words} | {self.path}\n  " + "\n  ".join(self.problems)


class FinishedRun:
    """A finished run and another one beside it, of which each draw gets a copy.

    Args:
        folder: where it is made; nothing else may lie there.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.whole = self.folder / "whole"
        self.whole.mkdir()
        self._make([*SIZE, METRICS, "concepts.pairs=[[elephant,mushroom]]"])
        (self.other,) = self._runs()
        self._make(COMMANDS["run"])
        (self.run,) = self._runs() - {self.other}
        self._make([*self.words("verify"), "write=true"])
        self.kinds = damageable(self.whole / "outputs", self.run)
        self._undisturbed = {}

    def _make(self, words):
        ((answer, _),) = answers([words], self.whole)
        assert answer.status == 0, answer.err

    def _runs(self):
        return {p.name for p in self.whole.glob("outputs/*") if not p.name.startswith(".")}

    def words(self, command):
        """A command of `COMMANDS`."""
        return [word.replace("RUN", f"outputs/{self.run}") for word in COMMANDS[command]]

    def copied(self, folder=None):
        """A copy of the whole, or of another folder, hard links kept."""
        place = Path(tempfile.mkdtemp(dir=self.folder)) / "copy"
        subprocess.run(["cp", "-a", str(folder or self.whole), str(place)], check=True)
        return place

    def lose(self, place, names):
        """Takes parts of a run away."""
        for name in names:
            path = place / "outputs" / self.run / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def undisturbed(self, lost, commands):
        """What the last of some commands says where nothing is damaged, and what all files say behind it."""
        if (lost, commands) not in self._undisturbed:
            place = self.copied()
            self.lose(place, lost)
            for number, step in enumerate(answers([self.words(name) for name in commands], place, every_file=True), 1):
                self._undisturbed[lost, commands[:number]] = step
            shutil.rmtree(place.parent)
        return self._undisturbed[lost, commands]

    def draw(self, seed, paths=tuple(PATHS)):
        """Damages one file of a copy, follows a path, and compares; every choice hangs on the seed."""
        rng = random.Random(seed)
        kinds = sorted(self.kinds)
        kind = rng.choices(kinds, [OFTEN.get(kind, 1) for kind in kinds])[0]
        file = rng.choice(self.kinds[kind])
        inside = file.partition("/")[2] if file.startswith(self.run) else None
        fitting = [path for path in paths if inside is None or not _is_lost(inside, PATHS[path][0])]
        path = rng.choice(fitting)
        place = self.copied()
        try:
            words, harmless = damage(rng, place / "outputs", file, self.other)
            problems = self._compare(place, path, harmless)
        finally:
            shutil.rmtree(place.parent)
        return Draw(seed, kind, f"{words}{' (harmless)' if harmless else ''}", path, tuple(problems))

    def _compare(self, place, path, harmless):
        lost, commands = PATHS[path]
        self.undisturbed(lost, commands)
        self.lose(place, lost)
        problems, done = [], ()
        for command, (answer, wrote) in zip(
            commands, answers([self.words(name) for name in commands], place), strict=True
        ):
            usual, left = self.undisturbed(lost, (*done, command))
            if usual.status:  # there is nothing to report on where the run before it was refused
                continue
            told = [line for line in answer.lines if line not in usual.lines]
            if "Traceback" in answer.err or answer.status not in (0, 1, 2):
                problems.append(f"{command}: status {answer.status}: {answer.err.strip().splitlines()[-1:]}")
            elif answer.status and not told:
                problems.append(f"{command}: status {answer.status} without a line")
            elif answer.status and harmless:
                problems.append(f"{command}: refused though all it says is as before: {told[0]}")
            if answer.status:  # it may have done nothing, and what follows does not build on it
                continue
            done += (command,)
            if told:
                continue
            if shown(answer.out) != shown(usual.out):
                problems.append(f"{command}: prints without a word {_difference(shown(usual.out), shown(answer.out))}")
            problems += [
                f"{command}: writes without a word {name}: {_difference(left[name], value)}"
                for name, value in sorted(wrote.items())
                if name in left and value != left[name]
            ]
        return problems


def _is_lost(inside, names):
    return any(not name or inside == name or inside.startswith(f"{name}/") for name in names)


def _difference(wanted, got, at=""):
    """The first place where two values differ."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        keys = [key for key in {**wanted, **got} if wanted.get(key, ...) != got.get(key, ...)]
        return _difference(wanted.get(keys[0], "nothing"), got.get(keys[0], "nothing"), f"{at}.{keys[0]}")
    if isinstance(wanted, list | tuple) and isinstance(got, list | tuple) and len(wanted) == len(got):
        place = next(i for i, pair in enumerate(zip(wanted, got, strict=True)) if pair[0] != pair[1])
        return _difference(wanted[place], got[place], f"{at}[{place}]")
    if isinstance(wanted, str) and isinstance(got, str):
        lines = wanted.splitlines(), got.splitlines()
        rows = [pair for pair in zip(*lines, strict=False) if pair[0] != pair[1]]
        got, wanted = (row.strip() for row in rows[0][::-1]) if rows else (f"{len(lines[1])} lines", f"{len(lines[0])}")
        return f"{at} {got!r} for {wanted!r}"
    if isinstance(wanted, bytes) or isinstance(got, bytes):
        return f"{at} other bytes"
    return f"{at} {str(got)[:80]!r} for {str(wanted)[:80]!r}"


def summary(draws):
    """The failing draws, those that fail alike once with their number."""
    alike = {}
    for draw in draws:
        if draw.problems:
            key = draw.kind, re.sub(r"\d+", "#", draw.words.partition(":")[0]), draw.problems[0].partition(":")[0]
            alike.setdefault(key, []).append(draw)
    return "\n".join(f"{len(group)} × {group[0]}" for group in alike.values())


if __name__ == "__main__":
    number, first = int(sys.argv[1]), int((sys.argv[2:] or ["0"])[0])
    with tempfile.TemporaryDirectory() as folder:
        run, draws = FinishedRun(folder), []
        for seed in range(first, first + number):
            draws.append(run.draw(seed))
            print(draws[-1] if draws[-1].problems else f"draw {seed}: {draws[-1].kind}", flush=True)
        failing = sum(bool(draw.problems) for draw in draws)
        print(f"\n{failing} of {number} draws failed\n{summary(draws)}")
