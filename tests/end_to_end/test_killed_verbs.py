"""Every command that writes, killed (SIGKILL) at a random moment and given again, ends as an undisturbed one: file by file."""

import random
import shutil

import pytest

from tests.end_to_end.damaged_runs import MORE, SIZE, FinishedRun
from tests.end_to_end.folder_contents import contents
from tests.end_to_end.killed import call_any, kill_at, measure

RUN = [*SIZE, "metrics=[clip_accuracy_top1]", "outputs.dir=new"]
BASE = "base=BASE"
COMMANDS = {
    "run": RUN,
    "edit": ["edit", *SIZE, "out=new/edit"],
    "score": ["score", "RUN", MORE],
    "export": ["export", "RUN", "out=new/lora"],
    "sweep": ["-m", *SIZE, "metrics=none", "outputs.dir=new", "seed=0,1"],
    "report": ["report", "RUN"],
    "verify": ["verify", "RUN", "model=miniature", "write=true"],
    "python": ["python", "save_half", "RUN/edit", "new"],
    "edit over another": ["edit", *SIZE, "out=RUN/edit", "force=true", "concepts.pairs=[[elephant,mushroom]]"],
    "run more": [*SIZE, MORE],
    "kohya": ["export", "RUN", "format=kohya", "out=new/kohya.safetensors"],
    "diffusers": ["export", "RUN", "format=diffusers", "out=new/folder", BASE],
    "single_file": ["export", "RUN", "format=single_file", "out=new/file.safetensors", BASE],
    "sweep over metrics": ["-m", *SIZE, "outputs.dir=new", "metrics=[clip_accuracy_top1],[fd_miniature]"],
}
THERE = ("holds an edit already", "exists already: nothing is overwritten")
"""What `edit` and `export` say the second time; killed after their last file, they have nothing left to do."""


class Whole:
    """A finished run, and each command of `COMMANDS` undisturbed in a copy of it: what it leaves, how long it takes."""

    def __init__(self, folder):
        self.run = FinishedRun(folder)
        self._undisturbed = {}

    def words(self, name):
        from erasepro.models.load import MINIATURE

        run = f"outputs/{self.run.run}"
        return [word.replace("RUN", run).replace("BASE", str(MINIATURE)) for word in COMMANDS[name]]

    def undisturbed(self, name):
        if name not in self._undisturbed:
            place = self.run.copied()
            seconds, count = measure(self.words(name), place)
            self._undisturbed[name] = contents(place), seconds, count
            shutil.rmtree(place.parent)
        return self._undisturbed[name]

    def kill(self, name, seed):
        """Kills a command in a copy and gives it again. Returns what is wrong then."""
        wanted, seconds, count = self.undisturbed(name)
        place, words = self.run.copied(), self.words(name)
        when = kill_at(words, place, random.Random(seed), seconds, count)
        status, text = call_any(words, place)
        left = contents(place)
        shutil.rmtree(place.parent)
        wrong = []
        if "Traceback" in text or (status != 0 and not (status == 2 and any(line in text for line in THERE))):
            wrong.append(f"status {status}: {text[-500:]}")
        wrong += [f"left behind: {path}" for path in sorted(left.keys() - wanted.keys())]
        wrong += [f"missing: {path}" for path in sorted(wanted.keys() - left.keys())]
        wrong += [f"differs: {path}" for path in sorted(wanted.keys() & left.keys()) if wanted[path] != left[path]]
        return [f"{name} (seed {seed}), killed {when}: {line}" for line in wrong]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return Whole(tmp_path_factory.mktemp("killed"))


def draws(first, number):
    names = list(COMMANDS)
    return [(names[seed % len(names)], seed) for seed in range(first, first + number)]


@pytest.mark.parametrize(("name", "seed"), draws(0, 5))
def test_a_killed_command_given_again_ends_as_an_undisturbed_one(whole, name, seed):
    assert whole.kill(name, seed) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seed"), draws(5, 95))
def test_a_hundred_killed_commands_end_as_undisturbed_ones(whole, name, seed):
    assert whole.kill(name, seed) == []
