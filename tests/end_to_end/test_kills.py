"""A run that is killed (SIGKILL) at a random moment and started again ends as if nothing had happened."""

import random
import time

import pytest

from tests.end_to_end.processes import JOB, finish, outcome, run_folder, start, strays, wait_for


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What the job leaves, and the seconds it works once its folder is there."""
    folder = tmp_path_factory.mktemp("whole")
    process = start(JOB, folder)
    wait_for(lambda: list(folder.glob("outputs/*/status.json")), process)
    began = time.perf_counter()
    process.join(300)
    assert process.exitcode == 0, (folder / "log.txt").read_text()
    return outcome(folder), time.perf_counter() - began


def killed_and_resumed(folder, undisturbed, seed):
    wanted, seconds = undisturbed
    process = start(JOB, folder)
    assert wait_for(lambda: list(folder.glob("outputs/*/status.json")), process)
    time.sleep(random.Random(seed).uniform(0, seconds))
    process.kill()
    process.join()
    told = finish(JOB, folder, "second.txt")
    found = outcome(folder)
    assert found["images"] == wanted["images"]
    assert found["edit"] == wanted["edit"]
    assert found["samples"] == wanted["samples"]
    assert found["results"] == wanted["results"]
    assert not strays(folder), "temporary files are cleaned up"
    assert "Traceback" not in told


@pytest.mark.ci_slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_a_killed_run_ends_as_an_undisturbed_one(tmp_path, undisturbed, seed):
    killed_and_resumed(tmp_path, undisturbed, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 30))
def test_thirty_killed_runs_end_as_an_undisturbed_one(tmp_path, undisturbed, seed):
    killed_and_resumed(tmp_path, undisturbed, seed)


@pytest.mark.slow
def test_a_run_killed_again_and_again_comes_to_its_end(tmp_path, undisturbed):
    wanted, seconds = undisturbed
    for turn in range(6):
        process = start(JOB, tmp_path)
        wait_for(lambda: list(tmp_path.glob("outputs/*/lock.json")), process)
        time.sleep(seconds * random.Random(100 + turn).uniform(0.1, 0.4))
        process.kill()
        process.join()
    finish(JOB, tmp_path, "last.txt")
    assert outcome(tmp_path)["results"] == wanted["results"]
    assert outcome(tmp_path)["images"] == wanted["images"]


@pytest.mark.ci_slow
def test_a_second_run_on_the_folder_says_who_holds_it(tmp_path, undisturbed):
    first = start(JOB, tmp_path)
    assert wait_for(lambda: list(tmp_path.glob("outputs/*/lock.json")), first)
    second = start(JOB, tmp_path, "second.txt")
    second.join(120)
    told = (tmp_path / "second.txt").read_text()
    assert second.exitcode == 2, told
    assert f"is held by process {first.pid} on " in told
    assert "Wait for it, stop it, or delete" in told
    assert "Traceback" not in told
    first.join(300)
    assert first.exitcode == 0
    assert outcome(tmp_path)["results"] == undisturbed[0]["results"]
    assert run_folder(tmp_path).name
