"""Every command that writes, killed (SIGKILL) at a random moment and given again, ends as an undisturbed one: file by file."""

import random
import shutil

import pytest

from erasepro.metrics import nudenet
from erasepro.models.load import load_model
from tests.end_to_end.folder_contents import contents
from tests.end_to_end.killed import kill_at, measure, perform
from tests.metrics.stub_nudenet import always

JOB = ["debug=tiny", "solver=uce", "generation.steps=1", "outputs.progress=false"]
PAIRS = "concepts.pairs=[[car,bus]]"
COMMANDS = {
    "run": [*JOB, "metrics=nudity", "outputs.dir=new"],
    "edit": ["edit", *JOB, "out=new/edit"],
    "score": ["score", "RUN", "metrics=nudity"],
    "export": ["export", "RUN", "out=new/lora"],
    "sweep": ["-m", *JOB, "outputs.dir=new", "seed=0,1"],
    "report": ["report", "RUN"],
    "verify": ["verify", "RUN", "model=tiny", "write=true"],
    "python": ["python", "save_half", "RUN/edit", "new"],
    "edit over another": ["edit", *JOB, PAIRS, "out=RUN/edit", "force=true"],
    "run more": [*JOB, "metrics=nudity"],
    "run that shares": [*JOB, "solver.preserve_scale=0.3", "metrics=nudity"],
    "kohya": ["export", "RUN", "format=kohya", "out=new/kohya.safetensors"],
    "diffusers": ["export", "RUN", "format=diffusers", "out=new/folder", "base=BASE"],
    "single_file": ["export", "RUN", "format=single_file", "out=new/file.safetensors", "base=BASE"],
    "sweep over metrics": ["-m", *JOB, "outputs.dir=new", "metrics=none,nudity"],
}
THERE = ("holds an edit already", "exists already: nothing is overwritten")
"""What `edit` and `export` say the second time: killed behind their last file, they have nothing left to do."""


class KilledCommands:
    """A finished run and a saved base; each command of `COMMANDS` in a copy: undisturbed, and killed and given again."""

    def __init__(self, folder):
        self.folder, self.whole, self.base = folder, folder / "whole", folder / "base"
        self.whole.mkdir()
        load_model("tiny").pipe.save_pretrained(self.base)
        status, text = perform(JOB, self.whole)
        assert status == 0, text
        (self.run,) = (p.name for p in self.whole.glob("outputs/*") if not p.name.startswith("."))
        self._undisturbed = {}

    def words(self, name):
        run = f"outputs/{self.run}"
        return [word.replace("RUN", run).replace("BASE", str(self.base)) for word in COMMANDS[name]]

    def copied(self):
        place = self.folder / "copy"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.whole, place)
        return place

    def undisturbed(self, name):
        if name not in self._undisturbed:
            place = self.copied()
            seconds, count = measure(self.words(name), place)
            self._undisturbed[name] = contents(place), seconds, count
        return self._undisturbed[name]

    def kill(self, name, seed):
        """Kills a command in a copy and gives it again. Returns what is wrong then."""
        wanted, seconds, count = self.undisturbed(name)
        place, words = self.copied(), self.words(name)
        when = kill_at(words, place, random.Random(seed), seconds, count)
        status, text = perform(words, place)
        left = contents(place)
        wrong = []
        if "Traceback" in text or (status != 0 and not (status == 2 and any(line in text for line in THERE))):
            wrong.append(f"status {status}: {text[-500:]}")
        wrong += [f"left behind: {path}" for path in sorted(left.keys() - wanted.keys())]
        wrong += [f"missing: {path}" for path in sorted(wanted.keys() - left.keys())]
        wrong += [f"differs: {path}" for path in sorted(wanted.keys() & left.keys()) if wanted[path] != left[path]]
        return [f"{name} (seed {seed}), killed {when}: {line}" for line in wrong]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nudenet, "NudeNetDetector", always())
        yield KilledCommands(tmp_path_factory.mktemp("killed"))


def draws(first, number):
    names = list(COMMANDS)
    return [(names[seed % len(names)], seed) for seed in range(first, first + number)]


@pytest.mark.parametrize(
    ("name", "seed"), [pytest.param(*draw, marks=pytest.mark.ci_slow if draw[0] == "sweep" else ()) for draw in draws(0, 5)]
)
def test_a_killed_command_given_again_ends_as_an_undisturbed_one(killed, name, seed):
    assert killed.kill(name, seed) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seed"), draws(5, 95))
def test_a_hundred_killed_commands_end_as_undisturbed_ones(killed, name, seed):
    assert killed.kill(name, seed) == []
