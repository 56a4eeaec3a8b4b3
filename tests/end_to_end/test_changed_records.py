"""Records of a run that were changed since, or are another run's: never believed; made again, with a line, or refused."""

import json
import os
import shutil
from pathlib import Path

import pytest

from erasepro.cli.main import main
from erasepro.results.results_json import Results
from erasepro.runtime.sealed_json import check_seal, write_sealed
from tests.end_to_end.processes import timeless
from tests.runs.test_rescoring import stub_networks

TINY = ["debug=tiny", "tracker=none", "outputs.dir=o", "outputs.progress=false", "metrics=[clip_accuracy_top1]"]
OTHER = [*TINY, "concepts.pairs=[[car,bus]]"]


def slow(*values):
    """One more case of what another case tests already: it is run with the slow tests."""
    return pytest.param(*values, marks=pytest.mark.ci_slow)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder in which two runs were made, dog → cat and car → bus; not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        stub_networks(patch)
        assert main(TINY) == main(OTHER) == 0
    return folder


@pytest.fixture
def runs(finished, tmp_path, monkeypatch, capsys):
    """A copy of the two runs: the folder of the first and of the other."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    stub_networks(monkeypatch)
    capsys.readouterr()
    (other,) = Path("o").glob("*car*")
    (run,) = set(Path("o").glob("*-*")) - {other}
    return run, other


def change(path, *keys, value):
    """Another value at a key of a JSON file, well formed."""
    record = node = json.loads(path.read_text())
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    path.write_text(json.dumps(record))


def drop_digest(path):
    record = json.loads(path.read_text())
    assert record.pop("digest")
    path.write_text(json.dumps(record))


def outcome(run):
    """What a run leaves that must not hang on what happened to it: numbers without times, the edit, pictures."""
    files = [*run.glob("images/*/*.png"), *run.glob("edit/*.safetensors")]
    results = timeless(json.loads((run / "results.json").read_text()))
    return results | {"files": {path.relative_to(run).as_posix(): path.read_bytes() for path in files}}


def again(capsys, words=TINY, status=0):
    """What the command prints, and what it tells on the side, a line each."""
    assert main(words) == status
    told = capsys.readouterr()
    return told.out, told.err.splitlines()


def put_edit(other, run):
    for file in (other / "edit").iterdir():
        shutil.copy(file, run / "edit")


@pytest.mark.parametrize("lost", [slow("nothing"), slow("results.json"), "pictures and scores"])
def test_another_runs_edit_is_solved_again_and_gives_no_number(runs, capsys, lost):
    run, other = runs
    wanted = outcome(run)
    put_edit(other, run)
    if lost != "nothing":
        (run / "results.json").unlink()
    if lost == "pictures and scores":
        for folder in ("images/edited", "scores"):
            shutil.rmtree(run / folder)
        (run / ".stages" / "images.json").unlink()
    lines = again(capsys)[1]
    assert len(lines) == 1
    assert "edit' is not the one that this run solved for: it was replaced or changed since. Solving for it again." in lines[0]
    assert outcome(run) == wanted
    assert again(capsys)[1] == []


def test_the_marker_keeps_the_edits_hash_and_the_digest_of_its_facts(runs):
    run, _ = runs
    kept = json.loads((run / ".stages" / "edit.json").read_text())["facts"]["edit"]
    stated = json.loads((run / "edit" / "edit.json").read_text())
    assert kept == {"hash": stated["hash"], "digest": stated["digest"]}
    assert json.loads((run / "results.json").read_text())["hashes"]["edit"] == kept["hash"]


def test_an_edit_whose_facts_were_sealed_anew_is_solved_again(runs, capsys):
    """The factors are this run's, the residuals are not, and the digest fits."""
    run, _ = runs
    wanted = outcome(run)
    facts = json.loads((run / "edit" / "edit.json").read_text())
    facts["residuals"]["all"] = 0.001
    text = json.dumps(facts)
    write_sealed(run / "edit" / "edit.json", json.loads(text))
    (run / "results.json").unlink()
    assert "not the one that this run solved for" in again(capsys)[1][0]
    assert outcome(run) == wanted


def test_pictures_of_another_edit_are_never_counted(runs, capsys):
    run, other = runs
    wanted = outcome(run)
    shutil.rmtree(run / "images" / "edited")
    shutil.copytree(other / "images" / "edited", run / "images" / "edited")
    shutil.rmtree(run / "scores")
    out, lines = again(capsys, ["score", str(run), "metrics=[nudenet]"], 2)
    assert "Metrics" not in out
    assert len(lines) == 1
    assert "not recorded as those that its results were counted on" in lines[0]
    assert "not of this model and edit: drawn again" in again(capsys)[1][0]
    assert outcome(run) == wanted


@pytest.mark.parametrize("value", ["x", slow({"residual": 0.01, "before": 1.0}), slow(None)])
def test_a_changed_test_residual_is_measured_again(runs, capsys, value):
    run, _ = runs
    wanted = outcome(run)
    change(run / ".stages" / "edit.json", "facts", "test_residual", value=value)
    (run / "results.json").unlink()
    lines = again(capsys)[1]
    assert len(lines) == 1
    assert ".stages/edit.json' is damaged or was changed by hand" in lines[0]
    assert lines[0].endswith("the stage is done again.")
    assert outcome(run) == wanted


@pytest.mark.parametrize("stage", [slow("edit"), slow("originals"), slow("images"), "scores"])
def test_a_changed_or_older_marker_is_made_again_with_a_line(runs, capsys, stage):
    run, _ = runs
    wanted = outcome(run)
    change(run / ".stages" / f"{stage}.json", "seconds", value=1e9)
    assert "was changed by hand" in "".join(again(capsys)[1])
    assert json.loads((run / "results.json").read_text())["stages"][stage]["seconds"] < 1e8
    drop_digest(run / ".stages" / f"{stage}.json")
    assert "has no digest (an older erasepro wrote it, or it was changed by hand)" in "".join(again(capsys)[1])
    assert outcome(run) == wanted


CHANGES = [
    (("values", 0, "value"), 0.123),
    slow(("recognition", 0, "concept_shown", "value"), 0.123),
    slow(("residuals", "all"), 0.123),
    slow(("config", "concepts", "pairs"), [["pig", "cow"]]),
    slow(("protocol",), "mace/1"),
    slow(("hashes", "edit"), "0" * 16),
]


@pytest.mark.parametrize(("keys", "value"), CHANGES)
def test_changed_results_are_refused_and_recorded_again(runs, capsys, keys, value):
    run, _ = runs
    wanted = outcome(run)
    change(run / "results.json", *keys, value=value)
    for words in (["report", str(run)], ["score", str(run), "metrics=[nudenet]"]):
        out, lines = again(capsys, words, 2)
        assert out == ""
        assert len(lines) == 1
        assert "results.json' is damaged or was changed by hand (its content does not give its digest)" in lines[0]
        assert "the run's own command records it again" in lines[0]
    out, lines = again(capsys)
    assert "Done before" not in out
    assert len(lines) == 1
    assert lines[0].endswith("recorded again, with this command's metrics.")
    assert outcome(run) == wanted
    assert "Done before" in again(capsys)[0]


def test_a_report_of_several_leaves_out_what_was_changed(runs, capsys):
    change(runs[0] / "results.json", "values", 0, "value", value=0.123)
    out, lines = again(capsys, ["report", *map(str, runs)])
    assert "Over all runs" in out
    assert len(lines) == 1
    assert lines[0].startswith("erasepro: left out: ")
    assert "was changed by hand" in lines[0]


def test_results_of_before_there_were_digests_say_so_in_every_table(runs, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # the heading on one line
    run, other = runs
    drop_digest(run / "results.json")
    out, lines = again(capsys, ["report", str(run)])
    assert lines == []
    assert out.splitlines()[0].endswith(" · no digest")
    tables = (run / "tables.md").read_text().split("\n**")[1:]
    assert len(tables) > 4
    assert all("No digest: nothing tells whether these numbers were changed" in table for table in tables)
    assert "No digest: 1 of 2 runs has none" in " ".join(again(capsys, ["report", str(run), str(other)])[0].split())
    assert "No digest" not in again(capsys, ["report", str(other)])[0]


def test_results_without_digest_get_none_from_score_and_one_from_their_own_command(runs, capsys):
    run, _ = runs
    drop_digest(run / "results.json")
    assert "no digest" in again(capsys, ["score", str(run), "metrics=[nudenet]"])[0].casefold()
    assert Results.load(run / "results.json").digest == ""
    assert "has no digest" in again(capsys)[1][0]
    assert Results.load(run / "results.json").digest == check_seal(json.loads((run / "results.json").read_text())) != ""


def change_scores(run):
    (file,) = run.glob("scores/clip_accuracy_top1-*.json")
    change(file, "edited", "value", value=0.123)


def flip_a_bit(run):
    (file,) = run.glob("scores/clip_accuracy_top1-*.parquet")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def put_a_pipe(run):
    (file,) = run.glob("scores/clip_accuracy_top1-*.parquet")
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("harm", [change_scores, flip_a_bit, put_a_pipe])
@pytest.mark.parametrize("verb", [slow("run"), "score"])
def test_changed_scores_are_counted_again(runs, capsys, harm, verb):
    run, _ = runs
    wanted = Results.load(run / "results.json").values
    harm(run)
    lines = again(capsys, TINY if verb == "run" else ["score", str(run)])[1]
    assert len(lines) == 1
    assert "changed by hand" in lines[0]
    assert lines[0].endswith("counted again.")
    assert Results.load(run / "results.json").values == wanted


def test_a_protocol_changed_in_config_yaml_labels_nothing(runs, capsys):
    run, _ = runs
    text = (run / "config.yaml").read_text()
    (run / "config.yaml").write_text(text.replace("  version: 2\n", "  version: 9\n"))
    assert (run / "config.yaml").read_text() != text
    lines = again(capsys, ["score", str(run), "metrics=[nudenet]"])[1]
    assert len(lines) == 1
    assert "config.yaml is not what results.json was recorded with (protocol.version): the recorded settings count." in lines[0]
    assert {score.protocol for score in Results.load(run / "results.json").scores} == {"erasepro/2"}


def test_a_status_of_another_run_is_refused_by_score(runs, capsys):
    run, other = runs
    shutil.copy(other / "status.json", run / "status.json")
    lines = again(capsys, ["score", str(run), "metrics=[nudenet]"], 2)[1]
    assert len(lines) == 1
    assert "is of another run than results.json" in lines[0]


def test_a_changed_edit_is_refused_by_whoever_reads_it(runs, capsys):
    run, _ = runs
    change(run / "edit" / "edit.json", "residuals", "all", value=0.001)
    line = "is damaged or was changed by hand (of edit.json: its content does not give its digest)"
    out, lines = again(capsys, ["verify", str(run), "model=tiny"], 1)
    assert out.startswith("does not hold: ")
    assert line in out
    _, lines = again(capsys, ["export", str(run), "out=x.safetensors"], 2)
    assert line in lines[0]
    assert not Path("x.safetensors").exists()


@pytest.mark.parametrize("name", ["edit.safetensors", "edit.json"])
def test_a_pipe_in_the_place_of_an_edits_file_is_not_waited_for(runs, capsys, name):
    run, _ = runs
    (run / "edit" / name).unlink()
    os.mkfifo(run / "edit" / name)
    for words in (["verify", str(run / "edit"), "model=tiny"], ["export", str(run / "edit"), "out=x"]):
        assert main(words) in (1, 2)
        told = capsys.readouterr()
        assert (told.out + told.err).count("\n") == 1
