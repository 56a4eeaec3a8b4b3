"""A run again from its folder: the same, with changes, from a config that lies elsewhere, and from a hostile one."""

import json
import shlex
import shutil

import pytest
import yaml

from erasepro.cli.main import main
from erasepro.runs.command_line import COMMAND, CommandLine, other_version, write_command
from erasepro.runs.rerun import rerun_spec
from erasepro.runs.resolve import resolve
from erasepro.runtime.versions import VERSION

WORDS = ["debug=tiny", "solver=uce", "templates.preserve_count=20", "outputs.progress=false"]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    """The line that says by which command a run was made is one line."""
    monkeypatch.setenv("COLUMNS", "1000")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run that has ended; no test changes it."""
    place = tmp_path_factory.mktemp("rerun") / "o"
    pairs = place.parent / "pairs.csv"
    pairs.write_text("target,anchor\ndog,cat\n", encoding="utf-8")
    assert main([*WORDS, f"concepts.file={pairs}", f"outputs.dir={place}"]) == 0
    pairs.unlink()
    (folder,) = [path for path in place.iterdir() if (path / "config.yaml").is_file()]
    return folder


@pytest.fixture
def copy(run, tmp_path):
    return shutil.copytree(run, tmp_path / "o" / run.name)


def test_the_command_line_is_stored_to_be_pasted(run):
    record = json.loads((run / COMMAND).read_text(encoding="utf-8"))
    assert record["erasepro"] == VERSION
    assert record["command"].startswith("erasepro debug=tiny solver=uce ")
    assert CommandLine.read(run).words[:2] == ["debug=tiny", "solver=uce"]


def test_a_finished_run_prints_its_results_again_though_its_pairs_file_is_gone(run, capsys):
    assert main(["rerun", str(run)]) == 0
    out, err = capsys.readouterr()
    assert "Done before; these are its results." in out
    assert err.startswith("erasepro: made by: erasepro debug=tiny solver=uce ")
    assert main(["--config", str(run / "config.yaml")]) == 0
    assert "Done before" in capsys.readouterr().out
    assert [path.name for path in run.parent.iterdir() if (path / "config.yaml").is_file()] == [run.name]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_command_is_wrapped_and_can_still_be_pasted(copy, capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    command = f"erasepro debug=tiny solver=uce {'seed=1 ' * 12}'concepts.pairs=[[teddy bear,hot air balloon]]' name=a"
    record = json.loads((copy / COMMAND).read_text(encoding="utf-8"))
    (copy / COMMAND).write_text(json.dumps(record | {"command": command}), encoding="utf-8")
    assert main(["rerun", str(copy), "--cfg"]) == 0
    told = capsys.readouterr().err
    assert max(map(len, told.splitlines())) <= width
    assert len(told.splitlines()) > 1
    assert shlex.split(told.removeprefix("erasepro: made by: ").replace("\\\n", "")) == shlex.split(command)


def test_an_override_makes_another_run_beside_it(copy, capsys):
    assert main(["rerun", str(copy), "seed=1"]) == 0
    capsys.readouterr()
    runs = {path.name: path for path in copy.parent.iterdir() if (path / "config.yaml").is_file()}
    assert len(runs) == 2
    (other,) = [path for name, path in runs.items() if name != copy.name]
    assert yaml.safe_load((other / "config.yaml").read_text(encoding="utf-8"))["seed"] == 1
    line = CommandLine.read(other).line
    assert line.startswith("erasepro debug=tiny solver=uce ")
    assert line.endswith(" seed=1")


def test_a_group_takes_the_place_of_the_whole_group(run):
    before = rerun_spec(run / "config.yaml").stored
    assert before.values == resolve([]).stored.values | dict(before.values), "the same groups and keys"
    after = rerun_spec(run / "config.yaml", ["solver=oce", "generation.steps=3", "metrics=[fid]"]).stored
    assert after.at("solver") == resolve(["solver=oce"]).stored.at("solver")
    assert after.at("name") == before.at("name").replace("uce", "oce")
    assert (after.at("generation.steps"), after.at("metrics.names")) == (3, ["fid"])
    assert after.at("concepts.pairs") == [["dog", "cat"]]
    assert after.at("model") == before.at("model")


def test_a_schedule_follows_into_the_solver(run):
    with_own = rerun_spec(run / "config.yaml", ["solver=erasepro", "schedule=interpolate"]).stored
    assert with_own.at("solver.schedule.name") == with_own.at("schedule.name") == "interpolate"
    changed = rerun_spec(run / "config.yaml", ["solver=erasepro", "schedule.at=output"]).stored
    assert changed.at("solver.schedule.at") == changed.at("schedule.at") == "output"


def test_a_schedule_takes_the_place_of_that_which_a_stored_solver_has(tmp_path):
    progressive, interpolate = (resolve(["debug=tiny", *words]).stored for words in ([], ["schedule=interpolate"]))
    for stored, words in ((progressive, ["schedule=interpolate"]), (interpolate, ["solver=erasepro"])):
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(dict(stored.values)), encoding="utf-8")
        after = rerun_spec(tmp_path / "config.yaml", words).stored
        assert after.at("solver.schedule.name") == after.at("schedule.name") == "interpolate"
        assert after.at("solver") == interpolate.at("solver")
        assert after.at("name") == interpolate.at("name")


def test_a_run_stored_before_a_key_does_what_it_did(tmp_path):
    values = json.loads(json.dumps(dict(resolve(["debug=tiny"]).stored.values)))
    del values["solver"]["text_fit"]["hold"], values["solver"]["cross_attention_fit"]["hold"]
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    stored = rerun_spec(tmp_path / "config.yaml").stored
    assert stored.at("solver.text_fit.hold") == stored.at("solver.cross_attention_fit.hold") == "columns"
    chosen = rerun_spec(tmp_path / "config.yaml", ["solver=erasepro"]).stored
    assert chosen.at("solver.text_fit.hold") == "names"


def test_a_protocol_sets_what_was_not_chosen(run):
    stored = rerun_spec(run / "config.yaml", ["protocol=ace", "generation.steps=7"]).stored
    assert (stored.at("generation.steps"), stored.at("generation.scheduler")) == (7, "ddim")
    assert stored.at("protocol.name") == "ace"
    assert not stored.at("prompts").keys() - {"templates"}, "settings of a set that is not drawn"


def test_other_pairs_have_a_name_of_their_own(run):
    stored = rerun_spec(run / "config.yaml", ["concepts.pairs=[[apple,pear]]"]).stored
    assert (stored.at("concepts.name"), stored.at("concepts.pairs")) == ("apple", [["apple", "pear"]])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "rerun takes one run's folder first"),
        (["solver=uce"], "rerun takes one run's folder first"),
        (["nowhere"], "No folder 'nowhere'"),
        (["."], "is no run's folder: it holds no config.yaml"),
        (["RUN", "solver=uce,oce"], "gives several values"),
        (["RUN", "~seed"], "nothing can be deleted"),
        (["RUN", "debug=tiny"], "changes a whole config"),
        (["RUN", "solver.ridg=1"], "Did you mean 'solver.ridge'?"),
        (["RUN", "solver=uec"], "Did you mean solver=uce?"),
        (["RUN", "solver=null"], "solver=null: choose"),
        (["RUN", "generation.stps=1"], "Write generation.steps=1."),
        (["RUN", "-m"], "leave --config and -m out"),
        (["RUN", "tracker.project=${oc.env:HOME}"], "may not read the environment"),
    ],
)
def test_a_mistake_is_one_line(run, words, line, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["rerun", *(str(run) if word == "RUN" else word for word in words)]) == 2
    err = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("erasepro: made by")]
    assert len(err) == 1
    assert line in err[0]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("name", "${oc.env:HOME}", "neither other keys nor the environment"),
        ("solver.name", "os.system", "Unknown solver 'os.system'"),
        ("model.kind", "os.system", "Bad value for 'model.kind'"),
        ("metrics.names", ["os.system"], "Unknown metric 'os.system'"),
        ("hydra", {"job_logging": {}}, "Unknown key 'hydra'"),
        ("solver._target_", "os.system", "Unknown key 'solver._target_'"),
        ("name", "\x1b[31mred", "which cannot be read|control character|is damaged"),
    ],
)
def test_a_hostile_config_is_one_clear_line_and_runs_nothing(copy, key, value, line, capsys):
    config = yaml.safe_load((copy / "config.yaml").read_text(encoding="utf-8"))
    node = config
    *groups, last = key.split(".")
    for group in groups:
        node = node[group]
    node[last] = value
    (copy / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    before = sorted(copy.parent.rglob("*"))
    assert main(["rerun", str(copy)]) == 2
    (err,) = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("erasepro: made by")]
    assert any(part in err for part in line.split("|"))
    assert sorted(copy.parent.rglob("*")) == before


def test_a_damaged_command_is_no_harm_and_no_terminal_code(copy, capsys):
    (copy / COMMAND).write_text('{"command": "erasepro \\u001b[31m \'", "erasepro": 7}', encoding="utf-8")
    assert main(["rerun", str(copy)]) == 0
    assert "\x1b" not in capsys.readouterr().err
    assert CommandLine.read(copy).words == []
    (copy / COMMAND).write_text("{", encoding="utf-8")
    assert CommandLine.read(copy) == CommandLine("", "")


def test_another_version_says_so_in_one_line(copy, capsys):
    record = json.loads((copy / COMMAND).read_text(encoding="utf-8"))
    (copy / COMMAND).write_text(json.dumps(record | {"erasepro": "0.0.9"}), encoding="utf-8")
    assert main(["rerun", str(copy)]) == 0
    (note,) = [line for line in capsys.readouterr().err.splitlines() if "note" in line]
    assert f"was made by erasepro 0.0.9, and this is {VERSION}" in note


def test_the_version_in_the_results_tells_of_runs_without_a_command(tmp_path):
    assert other_version(tmp_path) == ""
    (tmp_path / "results.json").write_text('{"libraries": {"erasepro": "0.0.1"}}', encoding="utf-8")
    assert "0.0.1" in other_version(tmp_path)
    write_command(tmp_path, ["seed=1"])
    assert other_version(tmp_path) == ""
