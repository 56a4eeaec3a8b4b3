"""The words of a run's command, sorted into options and overrides."""

from pathlib import Path

import pytest

from erasepro.cli.options import FLAGS, read_options
from erasepro.errors import UserError


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {"overrides": [], "multirun": False, "shown": "", "dry": False, "config": None}),
        (["--cfg", "solver=uce"], {"shown": "job", "overrides": ["solver=uce"]}),
        (["--cfg", "hydra", "seed=1"], {"shown": "hydra", "overrides": ["seed=1"]}),
        (["-c", "all"], {"shown": "all"}),
        (["--cfg=job"], {"shown": "job"}),
        (["seed=1,2", "-m", "--cfg"], {"multirun": True, "shown": "job", "overrides": ["seed=1,2"]}),
        (["--multirun", "--dry-run"], {"multirun": True, "dry": True}),
        (["--config", "a/config.yaml", "seed=1"], {"config": Path("a/config.yaml"), "overrides": ["seed=1"]}),
        (["--config=b=c.yaml"], {"config": Path("b=c.yaml")}),
    ],
)
def test_options_and_overrides_are_told_apart(words, expected):
    options = read_options(words)
    assert {name: getattr(options, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--dry-rum"], "Did you mean '--dry-run'?"),
        (["--dry-run=yes"], "Unknown option '--dry-run'"),
        (["--cfg=jobs"], "allowed: job, hydra, all"),
        (["--cfg", "job", "--cfg", "hydra"], "--cfg is given twice"),
        (["--cfg", "--dry-run"], "give one of them"),
        (["--config"], "erasepro --config outputs/RUN/config.yaml"),
        (["--config", "--cfg"], "erasepro --config outputs/RUN/config.yaml"),
        (["--config", "x", "-m"], "leave one of them out"),
    ],
)
def test_a_mistake_is_told(words, line):
    with pytest.raises(UserError, match=line.replace("?", r"\?")):
        read_options(words)


def test_every_flag_is_known():
    assert tuple(sorted(FLAGS)) == FLAGS
