"""Every command of the pages is run or has its reason, can be pasted into any shell, and help and lists answer at once."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from erasepro.cli.verbs import VERBS
from tests.first_hour.not_run import NEED_WEIGHTS, NOT_RUN, why_not
from tests.first_hour.shown import shown, unquoted
from tests.first_hour.smaller import verb_of
from tests.first_hour.user import WIDTH, User

AT_ONCE = [
    command
    for command in shown()
    if verb_of(shlex.split(command)[1:]) in ("help", "ls", "completion") or command.startswith("eval ")
]


def test_the_pages_show_commands_of_every_kind():
    assert len(shown()) > 100
    assert {"erasepro", "make", "pip", "python", "torchrun", "wandb", "eval"} == {line.split()[0] for line in shown()}


@pytest.mark.parametrize("pattern", [*NOT_RUN, *NEED_WEIGHTS])
def test_an_exception_is_about_a_command_that_is_shown(pattern):
    assert [command for command in shown() if re.fullmatch(pattern, command)], "no page shows such a command any more"


def test_a_command_that_is_run_is_erasepros():
    others = [line for line in shown() if not line.startswith("erasepro") and not why_not(line) and line not in AT_ONCE]
    assert others == [], "give the reason in NOT_RUN"


def test_commands_can_be_pasted_into_any_shell():
    bare = {command: unquoted(command) for command in shown() if command.startswith("erasepro")}
    assert {command: words for command, words in bare.items() if words} == {}


def test_help_and_lists_answer_at_once_and_write_nothing(bin_dir, tmp_path: Path):
    user = User(bin_dir, tmp_path)
    assert len(AT_ONCE) > 10
    faults = {}
    more = [*(f"erasepro {verb} --help" for verb in VERBS), "erasepro completion zsh", "erasepro completion fish"]
    for command in [*AT_ONCE, *more]:
        answer = user.types(["bash", "-c", command])
        lines = [] if "completion" in command else answer.out.splitlines()
        wide = [line for line in lines if len(line) > WIDTH and len(line.split()) > 1]  # a long word stays whole
        faults[command] = answer.faults() + wide + ([answer.err] if answer.err else [])
    assert {command: wrong for command, wrong in faults.items() if wrong} == {}
    assert list(user.folder.iterdir()) == []
    assert list(user.home.iterdir()) == []
