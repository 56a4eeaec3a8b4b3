"""``erasepro study`` and ``erasepro work``."""

import pytest
import yaml

from erasepro.cli.main import main
from erasepro.study.study_folder import StudyFolder

STUDY = {
    "debug": "tiny",
    "generation": {"steps": 1, "max_retain": 0},
    "outputs.progress": False,
    "study": {"axes": {"solver": ["uce", "oce"], "ridge": {"small": {"solver.ridge": 0.01}, "large": {"solver.ridge": 1.0}}}},
}


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    return tmp_path / "own.yaml"


def test_a_study_is_made_once_and_printed_again(file, capsys):
    assert main(["study", "own.yaml", "plan=true"]) == 0
    plan = capsys.readouterr().out
    assert plan.startswith("Study own\n  solver: uce, oce; ridge: small, large\n")
    assert "[4 of 4] solver=oce, ridge=large\n  new, " in plan
    assert "Together: 4 runs, 0 of them finished" in plan
    assert sorted(path.name for path in file.parent.iterdir()) == ["own.yaml"]
    assert main(["study", "own.yaml"]) == 0
    first = capsys.readouterr().out
    assert "Study own: 4 runs, 4 to make → outputs/own-" in first
    assert "[3 of 4] solver=oce, ridge=small: " in first
    assert main(["study", "own.yaml"]) == 0
    again = capsys.readouterr().out
    assert "4 runs, 0 to make" in again
    assert again.partition("\n\n")[2] == first.partition("\n\n")[2]
    rows = [line.split()[:2] for line in again.splitlines() if line.strip().startswith(("uce ", "oce "))]
    assert rows == [["uce", "small"], ["uce", "large"], ["oce", "small"], ["oce", "large"]]
    (folder,) = file.parent.glob("outputs/own-*")
    assert {path.suffix for path in (folder / "tables").iterdir()} == {".txt", ".md", ".html", ".tex", ".csv"}
    assert main(["work", str(folder)]) == 0
    assert "0 of 4 runs made here." in capsys.readouterr().out
    assert main(["study", "own.yaml", "solver=uce", "ridge=small"]) == 0  # a part of it: the runs are there
    part = capsys.readouterr().out
    assert "Study own: 1 run, 1 to make" in part
    (other,) = set(file.parent.glob("outputs/own-*")) - {folder}
    assert StudyFolder(folder).plan.command == "erasepro study own.yaml"
    assert StudyFolder(other).plan.command == "erasepro study own.yaml solver=uce ridge=small"


def test_workers_beside_a_launcher_that_starts_them_itself_are_noted(file, capsys, monkeypatch):
    monkeypatch.setattr("erasepro.study.hydra_jobs.check_launcher", lambda name: None)  # whatever is installed here
    for words, noted in ((["launcher=joblib", "workers=2"], True), (["launcher=joblib"], False), (["workers=2"], False)):
        assert main(["study", "own.yaml", "plan=true", *words]) == 0
        assert ("erasepro: note: workers= has no effect with launcher=joblib" in capsys.readouterr().err) == noted


def test_what_failed_is_told_and_tried_again(file, capsys):
    assert main(["study", "own.yaml", "solver=uce,nonsense"]) == 2
    err = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("erasepro: failed: solver=nonsense") for line in err) == 2
    assert main(["study", "own.yaml", "solver=uce,nonsense"]) == 2
    out = capsys.readouterr().out
    assert "4 runs, 2 to make" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "study takes the name of one, or its yaml file: erasepro study "),
        (["workers=2"], "study takes the name of one"),
        (["residul"], "Unknown study 'residul'. Did you mean 'residual'?"),
        (["residual", "workers=0"], "Bad value for 'workers': got '0'"),
        (["residual", "plan=yes"], "Bad value for 'plan': got 'yes', allowed: true, false"),
        (["residual", "schedule"], "'schedule' is neither key=value nor the study's name"),
        (["residual", "solver.text_fit.mu=2"], "would overwrite what the study varies"),
        (["residual", "generation.stps=2", "plan=true"], "generation.stps"),
    ],
)
def test_mistakes_are_one_line(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["study", *words]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_section_is_not_given_on_the_command(capsys):
    assert main(["--cfg", "study.sort=kept"]) == 2
    assert "a study stands in its file" in capsys.readouterr().err
