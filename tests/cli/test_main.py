"""The command: verbs, help, and one clear line for whatever goes wrong."""

from __future__ import annotations

import errno
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from erasepro.cli import main as cli
from erasepro.errors import OutOfSpace, UserError
from erasepro.runs import run as runner


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = cli.main(list(words))
    out = capsys.readouterr()
    return status, out.out, out.err


def test_help_shows_the_groups(capsys):
    status, out, _ = said(capsys, "--help")
    assert status == 0
    for word in ("solver", "uce", "experiments", "erasepro ls", "-m"):
        assert word in out
    assert max(len(line) for line in out.splitlines()) <= 120


def test_version(capsys):
    import erasepro

    assert said(capsys, "--version")[:2] == (0, f"erasepro {erasepro.__version__}\n")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("solvers", "uce"),
        ("solvers", "uce_published"),
        ("concepts", "mini/instance_1"),
        ("models", "sd14"),
        ("metrics", "clip_accuracy_top1"),
        ("prompts", "i2p_nudity"),
        ("schedules", "progressive"),
        ("experiments", "demo"),
        ("trackers", "wandb"),
    ],
)
def test_ls(capsys, kind, name):
    status, out, _ = said(capsys, "ls", kind)
    assert status == 0
    row = next(line for line in out.splitlines() if line.split()[:1] == [name])
    assert len(row.split()) > 2, "every name comes with a line about it"


def test_light_verbs_import_no_torch_and_no_solver(tmp_path):
    """A list, a status, the tables of a finished run: nobody waits for libraries of models."""
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "one" / "status.json").write_text('{"state": "done"}')
    shutil.copy(Path(__file__).parents[1] / "results" / "version_2.json", tmp_path / "runs" / "one" / "results.json")
    code = (
        "import sys\nfrom erasepro.cli.main import main\nfrom erasepro.cli.ls import LISTINGS\n"
        "verbs = [['--help'], ['help'], ['status', 'runs'], ['report', 'runs/one'], *(['ls', kind] for kind in LISTINGS)]\n"
        "assert not any(main(words) for words in verbs)\n"
        "heavy = {'torch', 'diffusers', 'erasepro.solvers.closed_form.uce', 'erasepro.metrics.kid'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_ls_alone_says_what_can_be_listed(capsys):
    status, out, _ = said(capsys, "ls")
    assert status == 0
    assert {"erasepro ls solvers", "erasepro ls protocols"} <= set(out.splitlines())


def test_a_verb_has_a_help_of_its_own(capsys):
    status, out, _ = said(capsys, "score", "--help")
    assert status == 0
    assert out.startswith("erasepro score DIR [metrics=")
    assert "export" not in out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["lss"],
            "Unknown verb 'lss'. Did you mean 'ls'? Known: completion, edit, export, grid, help, ls, page, report, rerun, "
            "score, status, study, tune, verify, work.",
        ),
        (["ls", "solver"], "Did you mean 'solvers'?"),
        (["ls", "solvers", "models"], "ls takes one word"),
        (["report"], "report takes run folders"),
        (["report", "nowhere"], "No folder 'nowhere'"),
        (["nope", "--help"], "Unknown verb 'nope'."),
        (["-m", "debug=tiny", "concepts=glob(zzz*)"], "gives no value, so there is no job to run"),
        (["-m", "debug=tiny", "seed=range(3,1)"], "gives no value, so there is no job to run"),
        (["-m", "debug=tiny", "seed=range(0,1,1e-9)"], "The sweep has 1,000,000,000 jobs"),
        (["-m", "debug=tiny", "hydra.sweeper.max_batch_size=0"], "has no effect here"),
        (["--frobnicate"], "Unknown option '--frobnicate'."),
        (["seed=1", "uce"], "'uce' is neither key=value nor a leading verb"),
        (["concepts.pairs=[[dog,Dog]]", "model=tiny"], "own anchor"),
        (["model=sd15", "model.source=./no/such/folder"], "No such model folder"),
        (["model=tiny", "concepts.file=nope.csv"], "nope.csv"),
        (["debug=tiny", "metrics.names=[kidd]"], "Unknown metric 'kidd'. Did you mean 'kid'?"),
        (["debug=tiny", "tracker=wandb", "tracker.mode=of"], "Bad value for 'tracker.mode': got 'of'"),
        (["debug=tiny", "outputs.dir="], "outputs.dir is empty: name a folder"),
        (["debug=tiny", "generation.split=tst"], "Bad value for 'generation.split': got 'tst', allowed: test, validation."),
    ],
)
def test_a_mistake_is_one_line_and_status_2(capsys, tmp_path, monkeypatch, words, line):
    monkeypatch.chdir(tmp_path)
    status, out, err = said(capsys, *words)
    assert (status, out) == (2, "")
    assert err.startswith("erasepro: error: "), err
    assert line in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (KeyboardInterrupt(), 130, "erasepro: stopped; the same command resumes where it was."),
        (OSError(errno.ENOSPC, "No space left on device", "a.png"), 1, "the disk is full (writing a.png)"),
        (OSError(errno.EROFS, "Read-only file system", "o/x"), 2, "cannot use 'o/x': Read-only file system."),
        (OSError(errno.EIO, "Input/output error"), 2, "failed: Input/output error."),
        (OutOfSpace("The disk is full."), 1, "erasepro: error: The disk is full."),
        (MemoryError(), 1, "erasepro: error: the memory is full (MemoryError): give this process more"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), 1, "the memory is full ([Errno 12] Cannot allocate memory)"),
        (ImportError("libarrow.so: failed to map segment from shared object"), 1, "the memory is full (libarrow.so: "),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"), 1, "the memory is full ("),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "o"), 2, "delete or move it, or choose another outputs.dir."),
        (UserError("two\nlines"), 2, "erasepro: error: two lines"),
    ],
)
def test_what_stops_a_run_is_one_line(capsys, monkeypatch, error, status, line):
    def fail(cfg):
        raise error

    monkeypatch.setattr(runner, "run", fail)
    found, _, err = said(capsys, "debug=tiny")
    assert found == status
    assert line in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "other"),
    [
        (["edit", "debug=tiny", "out=file/x"], "name another folder, out=FOLDER."),
        (["debug=tiny", "outputs.dir=file/x"], "choose another outputs.dir."),
    ],
)
def test_a_hint_names_what_the_command_takes(capsys, tmp_path, monkeypatch, words, other):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    status, _, err = said(capsys, *words)
    assert status == 2
    assert err.endswith(f"or {other}\n")


def test_a_reader_that_leaves_is_no_failure():
    many = "import sys; sys.argv = ['erasepro', 'ls', 'concepts']; from erasepro.cli.main import main; sys.exit(main())"
    left = subprocess.Popen([sys.executable, "-c", many], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert left.stdout is not None
    assert left.stderr is not None
    left.stdout.close()
    assert (left.stderr.read(), left.wait()) == (b"", 0)


def test_other_errors_keep_their_traceback(monkeypatch):
    def fail(cfg):
        raise ZeroDivisionError

    monkeypatch.setattr(runner, "run", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["debug=tiny"])


def test_cfg_prints_and_runs_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, _ = said(capsys, "--cfg", "debug=tiny", "seed=4")
    assert status == 0
    assert "seed: 4\n" in out
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_libraries_cannot_read_is_refused(capsys, monkeypatch):
    def overflow():
        raise OverflowError

    for clock in (lambda: -3600.0, overflow):
        monkeypatch.setattr(time, "time", clock)
        status, _, err = said(capsys, "--version")
        assert status == 2
        assert err.startswith("erasepro: error: This machine's clock stands before 1970 or beyond 2262")
        assert err.count("\n") == 1


def test_cfg_refuses_what_a_run_would(capsys):
    assert cli.main(["--cfg", "metrics=[nope]"]) == 2
    assert "'nope'" in capsys.readouterr().err


def test_importing_the_package_is_cheap():
    code = "import sys, erasepro; print([m for m in ('torch', 'hydra', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_public_names_are_there():
    import erasepro

    for name in erasepro.__all__:
        assert getattr(erasepro, name)
    with pytest.raises(AttributeError, match=r"it has .*erase"):
        _ = erasepro.erasee


POSIX = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LATIN, ASCII = {"PYTHONIOENCODING": "latin-1"}, {"PYTHONIOENCODING": "ascii"}
REST = ((ASCII, "ascii"), (POSIX, "POSIX"))
CAFE = 'concepts.pairs=[["café","猫"]]'


def in_locale(folder: Path, environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, where the terminal's encoding is another."""
    paths = os.pathsep.join([str(Path(cli.__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths, **environment}
    line = [os.fsencode(word) for word in (sys.executable, "-m", "erasepro", *words)]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    "environment",
    [pytest.param(LATIN, id="latin-1"), *(pytest.param(e, id=n, marks=pytest.mark.ci_slow) for e, n in REST)],
)
def test_what_a_terminal_cannot_show_becomes_a_question_mark(tmp_path, environment):
    done = in_locale(tmp_path, environment, "--cfg", "debug=tiny", CAFE)
    assert done.returncode == 0, done.stderr
    shown = "café".encode("latin-1") if environment is LATIN else b"caf?"
    assert shown in done.stdout
    done = in_locale(tmp_path, environment, "solver=猫")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.ci_slow
def test_a_run_in_a_locale_without_utf8_keeps_its_words(tmp_path):
    from erasepro import Edit

    done = in_locale(tmp_path, POSIX, "edit", "debug=tiny", CAFE, "out=E")
    assert done.returncode == 0, done.stderr
    assert b"caf? ? ?" in done.stdout  # café → 猫
    assert Edit.load(tmp_path / "E").meta["concepts"]["pairs"] == [["café", "猫"]]


def test_words_and_names_that_a_locale_cannot_hold_are_one_line(tmp_path):
    done = in_locale(tmp_path, POSIX, "edit", "debug=tiny", "out=é")
    assert done.returncode == 2
    assert b"cannot be in a file's name where the locale is ascii: set a UTF-8 locale" in done.stderr
    done = in_locale(tmp_path, POSIX, "solver=\udcff")
    assert done.returncode == 2
    assert b"on the command line is not UTF-8" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["erasepro-0123", "uce-solver.ridge=3-0123", "a run"])
def test_a_folder_of_runs_is_answered_with_the_verbs_that_read_it(capsys, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "outputs" / name
    run.mkdir(parents=True)
    (run / "status.json").write_text("{}")
    word = shlex.quote(f"outputs/{name}")
    for words in ([f"outputs/{name}"], [f"outputs/{name}", "seed=1"]):
        status, _, err = said(capsys, *words)
        assert status == 2
        assert f"it is a run's folder. Its results are shown by `erasepro report {word}`" in err
        assert f"`erasepro rerun {word}` runs it again." in err
    assert "`erasepro status outputs` lists them." in said(capsys, "outputs")[2]
    assert "Unknown verb 'nothing'" in said(capsys, "nothing")[2]
