"""``erasepro edit …``: an edit only, from a checkpoint's text encoders and edited layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from erasepro.cli.notes import own_options, tell_without_effect
from erasepro.errors import UserError
from erasepro.runs.shared_groups import check_command
from erasepro.runtime.progress import stage
from erasepro.runtime.temporaries import remove_abandoned, temporary_neighbour

KEYS = ("out", "force")
"""What the verb takes beside the config's keys."""


def command(words: Sequence[str]) -> int:
    """``erasepro edit [group=option] [key=value] … [out=FOLDER] [force=true]``: solve, save, print what was done."""
    own = own_options(words, KEYS)
    if own.get("force", "false") not in ("true", "false"):
        raise UserError(f"Bad value for 'force': got {own['force']!r}, allowed: true, false.")
    if "out" in own and not own["out"].strip():
        raise UserError("out= is empty: name a folder, or out=. for the one you are in.")
    overrides = [word for word in words if word.split("=", 1)[0] not in KEYS]
    check_command(overrides, inputs=True)
    with stage("Loading libraries", announced=False):  # of models: seconds
        from erasepro.edit.own_files import FACTS, check_target, is_foreign
        from erasepro.runs.edit_only import make_edit
        from erasepro.runs.resolve import resolve

    spec = resolve(overrides)
    tell_without_effect(overrides, spec.stored)
    folder = Path(own["out"]).expanduser() if own.get("out") else Path(spec.outputs.dir) / f"{spec.name}-edit"
    force = own.get("force") == "true"
    if (folder / FACTS).exists() and not force and not is_foreign(folder / FACTS):
        raise UserError(
            f"{str(folder)!r} holds an edit already: choose another out=FOLDER, or add force=true to replace it."
        )
    _writable(folder)
    check_target(folder, force)
    make_edit(spec, folder, force)
    return 0


def _writable(folder: Path) -> None:
    """Raise now what saving would raise after the work: a file in the folder's place, or no right to write."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]  # deepest first
    folder.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder / "write-test")
    probe = temporary_neighbour(folder / "write-test")
    probe.write_bytes(b"")
    probe.unlink()
    for path in made:  # nothing is left behind by a mistake that shows later
        path.rmdir()
