"""``erasepro work FOLDER``: one more process that makes the runs of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from erasepro.cli.notes import own_options
from erasepro.cli.study import print_line, read_flag
from erasepro.errors import UserError
from erasepro.runtime.progress import stage

KEYS = ("fail_fast", "wait")


def command(words: Sequence[str]) -> int:
    """``erasepro work FOLDER [fail_fast=true] [wait=false]``: make runs of a study until none is left.

    Any number of processes may do so, on this machine and on others that share the disk; each may be killed at any time.
    ``wait=false``: end when others are at all that is left, in place of taking over what a dead one leaves.

    Returns 0; 2 where runs failed.
    """
    own = own_options(words, KEYS)
    folders = [word for word in words if word.partition("=")[0] not in KEYS]
    if len(folders) != 1:
        raise UserError("work takes one study's folder: erasepro work outputs/STUDY.")
    fail_fast, wait = read_flag(own, "fail_fast"), read_flag({"wait": own.get("wait", "true")}, "wait")
    from erasepro.study.study_folder import StudyFolder

    folder = StudyFolder(Path(folders[0]).expanduser().absolute())
    folder.enter()
    with stage("Loading libraries", announced=False):
        from erasepro.study.workers import Worker
    worker = Worker(folder, fail_fast, print_line)
    worker.work(wait)
    print(f"{worker.made:,} of {len(folder.plan.cells):,} runs made here.")
    return 2 if folder.failures() else 0
